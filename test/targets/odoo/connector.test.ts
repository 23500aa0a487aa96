import { describe, expect, it } from 'vitest';
import type { TargetDocument } from '../../../src/canonical/documents.ts';
import { isoDate, postingKey } from '../../../src/canonical/ids.ts';
import { currency, minorUnits } from '../../../src/canonical/money.ts';
import type { HttpAnswer, TargetHttp } from '../../../src/targets/connector.ts';
import { embeddedGlConnector } from '../../../src/targets/embedded-gl/connector.ts';
import { odooConnector } from '../../../src/targets/odoo/connector.ts';
import { connectorFor } from '../../../src/targets/registry.ts';
import { creditNote, deadline, entry, invoice, now, partner, payment } from '../../conformance/connector-contract.ts';
import { apiKey, booked, config, engineHttp, newEngine } from './sandbox.ts';

const posting = (document: TargetDocument, uncertain = false) => ({ document, receipts: new Map(), uncertain });
const minor = minorUnits;

/** A sandbox with the customer in it, and the calls made to it. */
async function sandbox(fields: Parameters<typeof config>[0] = {}) {
  const engine = newEngine('19.0');
  const http = engineHttp(engine);
  const connector = odooConnector(config(fields), apiKey, http);
  const post = async (...documents: TargetDocument[]) =>
    connector.post(
      documents.map((document) => posting(document)),
      now,
      deadline,
    );
  await post(partner());
  return {
    engine,
    http,
    connector,
    post,
    moves: () => booked(engine).filter((each) => !each.key.startsWith('partner/')),
  };
}

describe('what Odoo does silently', () => {
  it('is listed when Odoo moves the date in spite of the lock dates read before', async () => {
    const { engine, post } = await sandbox();
    engine.faults.add({ match: { model: 'account.move', method: 'action_post' }, fault: 'silent_date_shift' });
    const [outcome] = await post(invoice('in_1'));
    expect(outcome).toMatchObject({
      outcome: 'applied',
      receipt: { differences: [{ field: 'date', sent: '2026-11-05', found: expect.any(String) }] },
    });
  });

  it('is noticed when a person posts a copy with the same reference', async () => {
    const { engine, connector, post } = await sandbox();
    await post(invoice('in_1'));
    const [id] = engine.models().get('account.move')?.ids() ?? [];
    const row = engine.books().moves.get(id ?? 0);
    if (row === undefined) throw new Error('not posted');
    engine.books().transaction(() => engine.books().moves.put({ ...row, id: 9_999, name: 'INV/2026/99999' }));
    const [outcome] = await connector.post([posting(invoice('in_1'), true)], now, deadline);
    expect(outcome).toMatchObject({
      outcome: 'applied',
      receipt: { differences: [{ field: 'copies', sent: '1', found: '2' }] },
    });
  });
});

describe('faults of Odoo’s own', () => {
  it.each([
    ['serialization_in_200', 'load', 'uncertain'],
    ['serialization_500', 'action_post', 'uncertain'],
    ['lock_error_409', 'load', 'uncertain'],
    ['html_502_after_commit', 'action_post', 'uncertain'],
    ['redirect_warning_500', 'action_post', 'rejected'],
    ['value_error_500', 'load', 'rejected'],
  ])('%s in %s leaves the posting %s, and the next attempt posts it once', async (fault, method, expected) => {
    const { engine, connector, post, moves } = await sandbox();
    engine.faults.add({ match: { model: 'account.move', method }, fault });
    const [first] = await post(invoice('in_1'));
    expect(first?.outcome).toBe(expected);
    const [second] = await connector.post([posting(invoice('in_1'), expected === 'uncertain')], now, deadline);
    expect(second).toMatchObject({ outcome: 'applied', receipt: { differences: [] } });
    expect(moves()).toHaveLength(1);
  });

  it('pauses the target when rights are missing', async () => {
    const { engine, post } = await sandbox();
    engine.faults.add({ match: { model: 'account.move', method: 'load' }, fault: 'access_denied' });
    expect(await post(invoice('in_1'))).toMatchObject([{ outcome: 'rejected', class: 'config', code: 'access_error' }]);
  });
});

describe('taxes', () => {
  it('are computed by Odoo where mapped, and compared', async () => {
    const { post } = await sandbox({ taxes: { 'US-15': 1 } });
    const [first] = invoice('in').lines;
    if (first === undefined) throw new Error('no line');
    const taxed = (id: string, tax: number) =>
      invoice(id, {
        lines: [{ ...first, taxes: [{ code: 'US-15', account: '251000', amount: minor(tax), percent: '15' }] }],
        untaxed: minor(10_000),
        tax: minor(tax),
        total: minor(10_000 + tax),
        baseTotal: minor(10_000 + tax),
      });
    expect(await post(taxed('in_1', 1_500))).toMatchObject([{ outcome: 'applied', receipt: { differences: [] } }]);
    expect(await post(taxed('in_2', 1_501))).toMatchObject([{ outcome: 'rejected', code: 'totals_differ' }]);
  });
});

describe('settlements', () => {
  it('match what they settle, in part and by a payment, until nothing is open', async () => {
    const { post, moves } = await sandbox();
    await post(invoice('in_1'));
    await post(creditNote('cn_1', invoice('in_1').key));
    const open = () => moves().find((each) => each.key === invoice('in_1').key)?.open;
    expect(open()).toBe(9_010);
    await post(payment('py_1', invoice('in_1').key));
    expect(open()).toBe(7_000);
    await post(entry('ch_1', invoice('in_1').key, 7_000));
    expect(open()).toBe(0);
  });

  it('warn when there is nothing left to settle', async () => {
    const { post } = await sandbox();
    await post(invoice('in_1'));
    await post(entry('ch_1', invoice('in_1').key));
    const [again] = await post(entry('ch_2', invoice('in_1').key));
    expect(again).toMatchObject({
      outcome: 'applied',
      receipt: { differences: [{ field: 'settlement', found: 'already settled' }] },
    });
    const [nothing] = await post(entry('ch_3', postingKey('invoice/unknown')));
    expect(nothing).toMatchObject({ receipt: { differences: [{ found: 'no receivable on this account' }] } });
  });

  it('leave realised exchange differences to Odoo, which books them when it matches', async () => {
    const { engine, post } = await sandbox();
    const eur = currency('EUR');
    const [first] = invoice('in').lines;
    if (first === undefined) throw new Error('no line');
    const issued = invoice('in_1', {
      currency: eur,
      lines: [{ ...first, net: minor(9_000), taxes: [] }],
      untaxed: minor(9_000),
      tax: minor(0),
      total: minor(9_000),
      baseTotal: minor(10_000),
    });
    await post(issued);
    const [bank, , receivable] = entry('ch_1', issued.key).lines;
    if (bank === undefined || receivable === undefined) throw new Error('no lines');
    const settled = {
      ...entry('ch_1', issued.key),
      lines: [
        { ...bank, amount: minor(11_250), base: minor(11_250) },
        { ...receivable, currency: eur, amount: minor(-9_000), base: minor(-11_250) },
        { ...receivable, currency: eur, amount: minor(0), base: minor(1_250), settles: null, exchangeDifference: true },
        { ...bank, account: '441000', amount: minor(-1_250), base: minor(-1_250), exchangeDifference: true },
      ],
    };
    expect(await post(settled)).toMatchObject([{ outcome: 'applied', receipt: { differences: [] } }]);
    const lines = engine.models().get('account.move.line');
    const gains = [...(lines?.ids() ?? [])].filter(
      (id) => lines?.value(id, 'name') === 'Currency exchange rate difference',
    );
    expect(gains.map((id) => lines?.value(id, 'credit'))).toHaveLength(2);
    expect(booked(engine).find((each) => each.key === issued.key)?.open).toBe(0);
  });
});

describe('customers', () => {
  it('are one record whatever the snapshot, and the newest of a batch wins', async () => {
    const { engine, post } = await sandbox();
    const later = (version: number) =>
      partner('cus_1', { key: postingKey(`${partner().key}/${version}`), version, name: `Name ${version}` });
    const outcomes = await post(later(3), later(2));
    expect(outcomes[0]).toEqual(outcomes[1]);
    const partners = engine.models().get('res.partner');
    const names = [...(partners?.ids() ?? [])].map((id) => partners?.value(id, 'name'));
    expect(names.filter((name) => String(name).startsWith('Name'))).toEqual(['Name 3']);
  });

  it('are kept without their tax id where Odoo refuses it, with a warning', async () => {
    const { http } = await sandbox();
    const strict: TargetHttp = {
      send: async (request) => {
        const refused = request.url.endsWith('/res.partner/load') && request.body?.includes('FR00') === true;
        const body =
          '{"ids":false,"messages":[{"type":"error","message":"The VAT number FR00 is not valid"}],"nextrow":0}';
        return refused
          ? { kind: 'answer', status: 200, contentType: 'application/json', body, retryAfterMs: null }
          : http.send(request);
      },
    };
    const connector = odooConnector(config(), apiKey, strict);
    const [outcome] = await connector.post([posting(partner('cus_2', { taxId: 'FR00' }))], now, deadline);
    expect(outcome).toMatchObject({ outcome: 'applied', receipt: { differences: [{ field: 'tax id' }] } });
    expect(JSON.stringify(outcome)).not.toContain('FR00');
  });
});

describe('configuration', () => {
  it('is to blame when the company keeps its books in another currency', async () => {
    const { post } = await sandbox();
    const eur = currency('EUR');
    const [outcome] = await post(invoice('in_1', { currency: eur, baseCurrency: eur }));
    expect(outcome).toMatchObject({ outcome: 'rejected', class: 'config', code: 'currency_differs' });
  });

  it('is to blame when JSON-RPC is told no login', async () => {
    const { login: _, ...anonymous } = config();
    const connector = odooConnector(anonymous, apiKey, engineHttp(newEngine('18.0')));
    expect(await connector.probe()).toMatchObject({ ok: false, message: expect.stringContaining('login') });
  });

  it.each([
    ['19.0', 'auto', true],
    ['18.0', 'auto', true],
    ['19.0', 'json-rpc', true],
    ['18.0', 'json-2', false],
    ['13.0', 'auto', false],
  ] as const)('of Odoo %s with protocol %s connects: %s', async (series, protocol, ok) => {
    const connector = odooConnector(config({ protocol }), apiKey, engineHttp(newEngine(series)));
    expect((await connector.probe()).ok).toBe(ok);
  });

  it('asks common.version where there is no /web/version', async () => {
    const http = engineHttp(newEngine('18.0'));
    const old: TargetHttp = {
      send: (request) => (request.method === 'GET' ? Promise.resolve(notFound) : http.send(request)),
    };
    expect(await odooConnector(config(), apiKey, old).probe()).toEqual({ ok: true, version: '18.0' });
  });
});

const notFound: HttpAnswer = {
  kind: 'answer',
  status: 404,
  contentType: 'text/html',
  body: '<h1>Not Found</h1>',
  retryAfterMs: null,
};

describe('bounds', () => {
  it('sends nothing after its deadline, and no request that outlasts it', async () => {
    const { http, moves } = await sandbox();
    let time = 0;
    const timeouts: number[] = [];
    const slow: TargetHttp = {
      send: (request) => {
        timeouts.push(request.timeoutMs);
        time += 20_000;
        return http.send(request);
      },
    };
    const connector = odooConnector(config(), apiKey, slow, () => time);
    const [outcome] = await connector.post([posting(invoice('in_1'))], now, now + 70_000);
    expect(timeouts).toEqual([60_000, 50_000, 30_000, 10_000]);
    expect(outcome).toEqual({ outcome: 'not_sent', message: 'out of time', retryAfterMs: null });
    expect(moves()).toEqual([]);
    time = 0;
    const [late] = await connector.post([posting(invoice('in_1'))], now, now + 70_000);
    expect(late).toMatchObject({ outcome: 'uncertain' });
    expect(moves()).toHaveLength(1);
    const [settled] = await connector.post([posting(invoice('in_1'), true)], now, now + 70_000);
    expect(settled).toMatchObject({ outcome: 'applied', receipt: { differences: [] } });
  });

  it('divides a refused batch only so often, and leaves the rest for another time', async () => {
    const { http, moves } = await sandbox({
      limits: { concurrency: 1, perSecond: 4, batch: 200, linesPerJournal: 500 },
    });
    let calls = 0;
    const connector = odooConnector(
      config({ limits: { concurrency: 1, perSecond: 4, batch: 200, linesPerJournal: 500 } }),
      apiKey,
      {
        send: (request) => {
          calls++;
          return http.send(request);
        },
      },
    );
    const bad = Array.from({ length: 200 }, (_, index) =>
      invoice(`in_${index}`, { partner: postingKey('partner/none') }),
    );
    const outcomes = await connector.post(
      bad.map((document) => posting(document)),
      now,
      deadline,
    );
    expect(calls).toBeLessThan(140);
    expect(new Set(outcomes.map((each) => each.outcome))).toEqual(new Set(['rejected', 'not_sent']));
    expect(moves()).toEqual([]);
  });

  it('reads lock dates again after a minute', async () => {
    const { engine, connector } = await sandbox();
    const at = async (id: string, later: number) => {
      const document = invoice(id, { date: isoDate('2026-11-05') });
      return (await connector.post([posting(document)], now + later, deadline + later))[0]?.outcome;
    };
    expect(await at('in_1', 0)).toBe('applied');
    engine.setLockDates({ fiscalyear_lock_date: '2026-11-30' });
    expect(await at('in_2', 60_000)).toBe('rejected');
  });
});

describe('lock dates', () => {
  it('are told as days, and as none where nothing is locked', async () => {
    const { engine, connector } = await sandbox();
    expect(await connector.locks?.(now)).toEqual({ ok: true, locks: { all: null, sales: null, taxes: null } });
    engine.setLockDates({ fiscalyear_lock_date: '2026-10-31', sale_lock_date: '2026-11-30' });
    expect(await connector.locks?.(now + 60_000)).toEqual({
      ok: true,
      locks: { all: '2026-10-31', sales: '2026-11-30', taxes: null },
    });
  });

  it('that cannot be had are said to be so, with no word of Odoo’s own', async () => {
    const silent: TargetHttp = { send: async () => ({ kind: 'refused', message: 'no connection: ECONNREFUSED' }) };
    const answer = await odooConnector(config(), apiKey, silent).locks?.(now);
    expect(answer).toMatchObject({ ok: false, message: expect.any(String) });
  });
});

describe('the registry', () => {
  it('makes a connector for every kind of target, resolving its credential', async () => {
    const asked: string[] = [];
    const credential = async (reference: string) => {
      asked.push(reference);
      return apiKey;
    };
    const http = engineHttp(newEngine('19.0'));
    expect((await connectorFor(config(), credential, http)).kind).toBe('odoo');
    expect((await connectorFor({ kind: 'embedded-gl' }, credential, http)).kind).toBe('embedded-gl');
    expect(asked).toEqual(['secret://odoo']);
  });

  it('has an embedded ledger that takes nothing', async () => {
    const connector = embeddedGlConnector();
    expect(connector.accepts(invoice('in_1'))).toBe(false);
    expect(await connector.post([posting(invoice('in_1'))], now, deadline)).toMatchObject([{ outcome: 'rejected' }]);
    expect(await connector.lookup(invoice('in_1'), now)).toEqual({ found: 'no' });
    expect(await connector.probe()).toMatchObject({ ok: true });
  });
});
