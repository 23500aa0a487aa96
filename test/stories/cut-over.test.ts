import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { DAY, Gateway } from '../support/gateway.ts';
import { charged, closings, customer, INVOICE, invoice, line, move } from './billing.ts';

afterEach(() => void vi.useRealTimers());

/** A call that another connector makes to the same Odoo. */
function odoo(gateway: Gateway, model: string, method: string, args: object): unknown {
  const answer = gateway.odoo.call({
    method: 'POST',
    path: `/json/2/${model}/${method}`,
    headers: { authorization: 'bearer odoo-stories-key', 'content-type': 'application/json' },
    body: JSON.stringify(args),
  });
  if (answer.status !== 200) throw new Error(`${method}: ${answer.body}`);
  return JSON.parse(answer.body);
}

const ids = z.array(z.int());
const accountId = (gateway: Gateway, code: string): number => {
  const found = ids.parse(odoo(gateway, 'account.account', 'search', { domain: [['code', '=', code]] }));
  return found[0] ?? 0;
};

/** The invoice as the connector before us posted it: by its number, with nothing of ours. */
function postedBefore(gateway: Gateway, number: string, net: number): void {
  const [partner] = ids.parse(
    odoo(gateway, 'res.partner', 'create', { vals_list: [{ name: 'Ada', email: 'ada@example.com' }] }),
  );
  const item = (name: string, price: number, code: string) => [
    0,
    0,
    { name, quantity: 1, price_unit: price, account_id: accountId(gateway, code), tax_ids: [[6, 0, []]] },
  ];
  const [id] = ids.parse(
    odoo(gateway, 'account.move', 'create', {
      vals_list: [
        {
          move_type: 'out_invoice',
          partner_id: partner,
          invoice_date: '2026-01-05',
          ref: number,
          invoice_line_ids: [item('Pro plan', net, '400000'), item('VAT', 20, '251020')],
        },
      ],
    }),
  );
  odoo(gateway, 'account.move', 'action_post', { ids: [id] });
}

const report = z.object({
  items: z.array(
    z.object({
      key: z.string(),
      outcome: z.string(),
      differences: z.array(z.object({ field: z.string(), sent: z.string(), found: z.string() })),
      amount: z.object({ text: z.string() }).nullable(),
    }),
  ),
  totals: z.array(z.object({ kind: z.string(), same: z.int(), different: z.int(), absent: z.int() })),
});
const difference = async (gateway: Gateway) => report.parse(await gateway.call('GET', '/parallel-run?target=odoo'));
const movesIn = (gateway: Gateway): number => [...(gateway.odoo.models().get('account.move')?.ids() ?? [])].length;

describe('a history that is loaded', () => {
  const past = (type: string, object: object, id: string, created: number) => ({
    body: JSON.stringify({
      id,
      object: 'event',
      api_version: '2025-03-31.basil',
      created,
      livemode: false,
      type,
      data: { object },
    }),
  });

  it('is booked in its order, and what Odoo has already is adopted instead of posted', async () => {
    const gateway = await Gateway.open();
    postedBefore(gateway, 'ADA-0001', 100);
    const before = movesIn(gateway);
    const payment = charged(gateway);
    const events = [
      past('charge.succeeded', payment, 'evt_3', 1_767_607_200),
      past('invoice.finalized', invoice(), 'evt_2', 1_767_603_600),
      past('customer.created', customer('Ada Ltd', 1_767_600_000), 'evt_1', 1_767_600_000),
    ];
    expect(await gateway.call('POST', '/imports/stripe', { reason: 'cut-over', events })).toEqual({
      accepted: 3,
      duplicate: 0,
      conflict: 0,
    });
    await gateway.pass(DAY);
    expect(await closings(gateway)).toEqual({ '101510': 11_795, '627000': 205, '400000': -10_000, '251020': -2_000 });
    expect(movesIn(gateway)).toBe(before);
    const { totals, items } = await difference(gateway);
    expect(totals).toContainEqual({ kind: 'invoice', same: 1, different: 0, absent: 0 });
    expect(totals).toContainEqual({ kind: 'partner', same: 1, different: 0, absent: 0 });
    // The payment was never in Odoo: it is named, with its amount, and is nobody's exception.
    expect(items).toMatchObject([{ outcome: 'skipped', amount: { text: '120.00 EUR' } }]);
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('is the same event as its webhook, whichever comes first', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('customer.created', customer('Ada Ltd', 1_767_600_000), {
      id: 'evt_1',
      created: 1_767_600_000,
    });
    const body = {
      reason: 'cut-over',
      events: [past('customer.created', customer('Ada Ltd', 1_767_600_000), 'evt_1', 1_767_600_000)],
    };
    const counted = z.object({ accepted: z.int(), duplicate: z.int(), conflict: z.int() });
    const answer = counted.parse(await gateway.call('POST', '/imports/stripe', body));
    expect(answer.accepted).toBe(0);
    expect(answer.duplicate + answer.conflict).toBe(1);
  });

  it('is reversed in the books alone where the target never had it', async () => {
    const gateway = await Gateway.open();
    const events = [past('invoice.finalized', invoice(), 'evt_2', 1_767_603_600)];
    await gateway.call('POST', '/imports/stripe', { reason: 'cut-over', events });
    await gateway.pass(DAY);
    const before = movesIn(gateway);
    const entry = encodeURIComponent('stripe:cus_ada#1.0');
    const reason = { reason: 'it was never sent to the customer' };
    const [grace, joan] = [await gateway.person('Grace'), await gateway.person('Joan')];
    const path = `/ledger/entries/${entry}/reverse`;
    const asked = z.object({ id: z.string() }).parse(await gateway.call('POST', path, reason, grace));
    await gateway.call('POST', `/approvals/${encodeURIComponent(asked.id)}/approve`, reason, joan);
    await gateway.pass(DAY);
    expect(await closings(gateway)).toEqual({});
    expect(movesIn(gateway)).toBe(before);
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('is refused as a whole when one of it is no event of the source', async () => {
    const gateway = await Gateway.open();
    const events = [
      past('customer.created', customer('Ada Ltd', 1_767_600_000), 'evt_1', 1_767_600_000),
      { body: '{"no":"event"}' },
    ];
    await expect(gateway.call('POST', '/imports/stripe', { reason: 'cut-over', events })).rejects.toThrow(/events\.1/);
    await gateway.run();
    expect(gateway.lanes.size).toBe(0);
  });

  it('knows an adopted customer for every entity that shares the target', async () => {
    const france = { currency: 'EUR', timeZone: 'Europe/Paris' };
    const when = { path: 'data.object.metadata.entity', equals: 'fr' };
    const gateway = await Gateway.open({
      entities: { 'demo-fr': france },
      stripe: { entityRules: [{ when, entity: 'demo-fr' }] },
    });
    postedBefore(gateway, 'ADA-0001', 100);
    const events = [past('invoice.finalized', invoice(), 'evt_2', 1_767_603_600)];
    await gateway.call('POST', '/imports/stripe', { reason: 'cut-over', events });
    await gateway.pass(DAY);
    const french = invoice({ id: 'in_fr', number: 'FR-1', lines: [line({ id: 'il_fr' })] });
    await gateway.stripe('invoice.finalized', { ...french, metadata: { entity: 'fr' } });
    await gateway.pass(DAY);
    expect(move(gateway, 'invoice/stripe:invoice:in_fr')).toMatchObject({ total: 12_000 });
    const adas = odoo(gateway, 'res.partner', 'search', { domain: [['email', '=', 'ada@example.com']] });
    expect(ids.parse(adas)).toHaveLength(1);
  });

  it('is refused, and is no fault of the gateway, where its headers are none', async () => {
    const gateway = await Gateway.open();
    const events = [{ body: '{}', headers: { 'not a name': 'x' } }];
    const answer = await gateway.ask('POST', '/imports/stripe', { reason: 'cut-over', events });
    expect(answer).toMatchObject({ status: 400, json: { errors: [{ path: 'body.events.0.headers' }] } });
  });

  it('lets later webhooks be posted against what was adopted', async () => {
    const gateway = await Gateway.open();
    postedBefore(gateway, 'ADA-0001', 100);
    const events = [past('invoice.finalized', invoice(), 'evt_2', 1_767_603_600)];
    await gateway.call('POST', '/imports/stripe', { reason: 'cut-over', events });
    await gateway.pass(DAY);
    await gateway.stripe(
      'invoice.finalized',
      invoice({ id: 'in_2', number: 'ADA-0002', lines: [line({ id: 'il_2' })] }),
    );
    await gateway.pass(DAY);
    expect(move(gateway, INVOICE.replace('in_1', 'in_2'))).toMatchObject({ total: 12_000 });
    // Paid by webhook: the invoice that another connector posted is settled by our entry.
    await gateway.stripe('charge.succeeded', charged(gateway));
    await gateway.pass(DAY);
    expect(gateway.odoo.books().move(1)).toMatchObject({ paymentState: 'paid', residual: 0 });
    expect(await gateway.exceptions()).toEqual([]);
  });
});

describe('a parallel run', () => {
  it('decides everything, posts nothing, and names every difference with its amount', async () => {
    const gateway = await Gateway.open({ odoo: { mode: 'compare' } });
    postedBefore(gateway, 'ADA-0001', 99);
    const before = movesIn(gateway);
    await gateway.stripe('customer.created', customer('Ada Ltd', 1_767_600_000));
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.stripe(
      'invoice.finalized',
      invoice({ id: 'in_2', number: 'ADA-0002', lines: [line({ id: 'il_2' })] }),
    );
    await gateway.pass(DAY);
    expect(movesIn(gateway)).toBe(before);
    expect(await closings(gateway)).toEqual({ '121000': 24_000, '400000': -20_000, '251020': -4_000 });
    const { totals, items } = await difference(gateway);
    expect(totals).toContainEqual({ kind: 'invoice', same: 0, different: 1, absent: 1 });
    expect(items.map(({ key }) => key)).toContain('invoice/stripe:invoice:in_2');
    const wrong = items.find(({ key }) => key === 'invoice/stripe:invoice:in_1');
    expect(wrong).toMatchObject({ outcome: 'applied', amount: { text: '120.00 EUR' } });
    expect(wrong?.differences).toContainEqual({ field: 'total', sent: '120.00 EUR', found: '119.00 EUR' });
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('asks nobody to approve what it does not post, and looks for that at once', async () => {
    const approvals = [{ when: { event: 'invoice.*', over: '100.00 EUR' }, target: 'odoo', expiresAfterHours: 24 }];
    const gateway = await Gateway.open({ odoo: { mode: 'compare' }, approvals });
    postedBefore(gateway, 'ADA-0001', 100);
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.run();
    expect((await difference(gateway)).totals).toContainEqual({ kind: 'invoice', same: 1, different: 0, absent: 0 });
    await gateway.pass(2 * DAY);
    await gateway.clock();
    expect(await gateway.call('GET', '/approvals')).toMatchObject({ items: [] });
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('asks again when Odoo could not be asked', async () => {
    const gateway = await Gateway.open({ odoo: { mode: 'compare' } });
    postedBefore(gateway, 'ADA-0001', 100);
    gateway.odooDown = true;
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.pass(DAY / 24);
    expect((await difference(gateway)).totals).toEqual([]);
    gateway.odooDown = false;
    await gateway.pass(DAY);
    expect((await difference(gateway)).totals).toContainEqual({ kind: 'invoice', same: 1, different: 0, absent: 0 });
  });

  it('ends in a take-over that doubles nothing and leaves nothing out', async () => {
    const gateway = await Gateway.open({ odoo: { mode: 'compare' } });
    gateway.odooDown = true;
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.stripe(
      'invoice.finalized',
      invoice({ id: 'in_2', number: 'ADA-0002', lines: [line({ id: 'il_2' })] }),
    );
    await gateway.pass(DAY / 24);
    // While nothing got through the other connector still posted the first of them, and was switched off.
    gateway.odooDown = false;
    postedBefore(gateway, 'ADA-0001', 100);
    await gateway.publish({ odoo: { mode: 'takeover' } });
    await gateway.pass(DAY);
    expect(move(gateway, 'invoice/stripe:invoice:in_2')).toMatchObject({ total: 12_000 });
    expect([...gateway.odoo.books().moves.all()].map(({ total }) => total)).toEqual([12_000, 12_000]);
    expect(await gateway.exceptions()).toEqual([]);
  });
});

describe('opening balances', () => {
  const lines = [
    { account: '101510', currency: 'EUR', amount: 50_000 },
    { account: '121000', currency: 'EUR', amount: 12_000, customer: 'stripe:customer:cus_ada' },
    { account: '211000', currency: 'EUR', amount: -62_000 },
  ];
  const ask = { entity: 'demo-eu', date: '2025-12-31', lines, reason: 'cut-over' };
  const approve = (gateway: Gateway, token?: string) =>
    gateway.ask(
      'POST',
      '/approvals/opening%2Fdemo-eu%2F2025-12-31%2F1/approve',
      { reason: 'as the auditor signed' },
      token,
    );

  it('are asked for by one person, approved by another, booked once and posted nowhere', async () => {
    const gateway = await Gateway.open();
    const ben = await gateway.person('ben');
    await gateway.call('POST', '/ledger/openings', ask, ben);
    expect((await approve(gateway, ben)).status).toBe(409);
    const before = movesIn(gateway);
    const eve = await gateway.person('eve');
    for (let time = 0; time < 2; time++) expect((await approve(gateway, eve)).status).toBe(200);
    await gateway.pass(DAY);
    expect(await closings(gateway)).toEqual({ '101510': 50_000, '121000': 12_000, '211000': -62_000 });
    expect(movesIn(gateway)).toBe(before);
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('stand on the list when they are approved and not in the books yet', async () => {
    const gateway = await Gateway.open();
    const ben = await gateway.person('ben');
    await gateway.call('POST', '/ledger/openings', ask, ben);
    const eve = await gateway.person('eve');
    gateway.lanesDown = true;
    await approve(gateway, eve);
    expect((await gateway.exceptions()).map(({ cause, atStake }) => [cause, atStake?.text])).toEqual([
      ['approval_unfinished', '620.00 EUR'],
    ]);
    gateway.lanesDown = false;
    await approve(gateway, eve);
    await gateway.pass(DAY);
    expect(await gateway.exceptions()).toEqual([]);
    expect(await closings(gateway)).toMatchObject({ '101510': 50_000 });
  });

  it('are refused when they do not balance, name no account of the chart, or come twice', async () => {
    const gateway = await Gateway.open();
    const refused = async (changed: object) => {
      const { status, json } = await gateway.ask('POST', '/ledger/openings', { ...ask, ...changed });
      return [status, JSON.stringify(json)];
    };
    expect(await refused({ lines: lines.slice(0, 2) })).toEqual([409, expect.stringContaining('do not balance')]);
    const unknown = [{ account: '999999', currency: 'EUR', amount: 62_000 }, lines[2]];
    expect(await refused({ lines: unknown })).toEqual([409, expect.stringContaining('not in the chart')]);
    expect(await refused({ entity: 'demo-mars' })).toEqual([409, expect.stringContaining('no entity')]);
    await gateway.call('POST', '/ledger/openings', ask);
    expect(await refused({})).toEqual([409, expect.stringContaining('pending already')]);
  });
});
