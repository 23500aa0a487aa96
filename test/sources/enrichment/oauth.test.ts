import { beforeEach, describe, expect, it } from 'vitest';
import type { TokenStore } from '../../../src/sources/enrichment/grant.ts';
import { CLAIM_MS, type GrantState } from '../../../src/sources/enrichment/grant.ts';
import { Disconnected, defaultBudget, noCache } from '../../../src/sources/enrichment/port.ts';
import { fetchQuickbooksEnrichment } from '../../../src/sources/enrichment/quickbooks.ts';
import { fetchXeroEnrichment } from '../../../src/sources/enrichment/xero.ts';
import { MemoryOAuthApi } from '../../support/memory-oauth-api.ts';

const ORGANISATION = 'aef86862-2015-4b6b-88bc-d89032cecc50';
const INVOICE = 'a03ffcd2-5d91-4c7e-b483-318584e9e439';
const need = (id = `Invoices/${INVOICE}`) => ({ kind: 'record', id, account: ORGANISATION });
const KEY = `record:Invoices/${INVOICE}`;
const MINUTE = 60_000;

let now: number;
let api: MemoryOAuthApi;
/** The last one written. */
let kept: { stamp: string; state: GrantState } | null;
const rows = new Map<string, { stamp: string; state: GrantState }>();

const store: TokenStore = {
  read: async (credential) => structuredClone(rows.get(credential) ?? null),
  async write(seen, state) {
    const row = rows.get(state.credential) ?? null;
    if ((row?.stamp ?? null) !== seen) return null;
    kept = { stamp: `${Number(row?.stamp ?? 0) + 1}`, state };
    rows.set(state.credential, kept);
    return kept.stamp;
  },
};
const access = (apiKey: string | null = api.credential) => ({
  ...{ apiUrl: null, apiKey, http: api.http, cache: noCache, budget: defaultBudget, tokens: store, now: () => now },
});
const read = () => fetchXeroEnrichment([need()], access());
const tokenCalls = () => api.asked.filter(({ url }) => url.endsWith('/connect/token')).length;

beforeEach(() => {
  rows.clear();
  now = 1_800_000_000_000;
  kept = null;
  api = new MemoryOAuthApi({
    tokenUrl: 'https://identity.xero.com/connect/token',
    now: () => now,
    graceMs: 30 * MINUTE,
    expiresIn: 1800,
    record: (path) =>
      path === `/api.xro/2.0/Invoices/${INVOICE}`
        ? `{"Invoices":[{"InvoiceID":"${INVOICE}","Total":148062.76,"Big":9007199254740993}]}`
        : null,
  });
});

describe('Xero’s API', () => {
  it('gives the record with its digits, for the organisation asked about', async () => {
    const { enrichment } = await read();
    expect(enrichment.get(KEY)).toEqual({ InvoiceID: INVOICE, Total: '148062.76', Big: '9007199254740993' });
    expect(api.asked.at(-1)).toEqual({
      url: `https://api.xero.com/api.xro/2.0/Invoices/${INVOICE}`,
      headers: { authorization: 'Bearer access-1', 'xero-tenant-id': ORGANISATION, accept: 'application/json' },
    });
  });

  it('is asked for tokens once for many records and for half an hour', async () => {
    const many = Array.from({ length: 12 }, (_, n) =>
      need(`Contacts/00000000-0000-0000-0000-${String(n).padStart(12, '0')}`),
    );
    await fetchXeroEnrichment(many, access());
    now += 25 * MINUTE;
    await read();
    expect(tokenCalls()).toBe(1);
    now += 10 * MINUTE;
    await read();
    expect(tokenCalls()).toBe(2);
    expect(kept?.state.refreshToken).toBe('refresh-2');
  });

  it('takes one new token when it says that the old one is over, and then goes on', async () => {
    await read();
    api.fault('session_over');
    expect((await read()).enrichment.get(KEY)).toMatchObject({ InvoiceID: INVOICE });
    expect(tokenCalls()).toBe(2);
  });

  it('is asked no more while it is throttled, and says for how long', async () => {
    api.fault('throttled');
    expect(await read()).toMatchObject({ outcome: 'retry', retryAfterMs: MINUTE });
  });

  it('says that nothing is to be had without a key, or with one that is no credential', async () => {
    expect((await fetchXeroEnrichment([need()], access(null))).enrichment.get(KEY)).toBeNull();
    expect(await fetchXeroEnrichment([need()], access('just text'))).toMatchObject({
      outcome: 'retry',
      message: 'Xero API: the secret is not JSON with clientId, clientSecret and refreshToken',
    });
  });

  it('refuses what the source never asks for', async () => {
    await expect(fetchXeroEnrichment([need('BankTransactions/1')], access())).rejects.toThrow(RangeError);
  });
});

describe('a rotated refresh token', () => {
  it('is refreshed by one of those who come at once; the others wait and find its token', async () => {
    const asked = Promise.withResolvers<void>();
    const mayAnswer = Promise.withResolvers<void>();
    const slow: typeof api.http.send = async (request) => {
      if (request.method === 'POST') {
        asked.resolve();
        await mayAnswer.promise;
      }
      return api.http.send(request);
    };
    const first = fetchXeroEnrichment([need()], { ...access(), http: { send: slow } });
    await asked.promise;
    const others = await Promise.all([read(), read()]);
    expect(others.map(({ outcome }) => outcome)).toEqual(['retry', 'retry']);
    mayAnswer.resolve();
    expect((await first).outcome).toBe('fetched');
    expect((await read()).outcome).toBe('fetched');
    expect(api.refreshes).toBe(1);
  });

  it('survives a lost answer: the old one is used again when the claim has run out', async () => {
    api.fault('lost_answer');
    expect(await read()).toMatchObject({
      outcome: 'retry',
      message: expect.stringContaining('no answer to a refresh'),
    });
    expect(await read()).toMatchObject({ outcome: 'retry', message: expect.stringContaining('another pass') });
    now += CLAIM_MS;
    expect((await read()).outcome).toBe('fetched');
    expect(kept?.state).toMatchObject({ refreshToken: 'refresh-2', unanswered: 0 });
  });

  it('is a matter for a person when the answer was lost and the old one is over', async () => {
    api.fault('lost_answer');
    await read();
    now += 31 * MINUTE;
    const told = (await read()).enrichment.get(KEY);
    expect(told).toBeInstanceOf(Disconnected);
    expect(told).toMatchObject({
      message: expect.stringContaining('an earlier answer with a new refresh token was lost'),
    });
  });

  it('is not used before it is stored: a write that fails is tried again, and then the answer counts as lost', async () => {
    await read();
    now += 29 * MINUTE;
    const before = kept;
    const { write } = store;
    let writes = 0;
    const flaky: TokenStore = {
      ...store,
      write: async (seen, state) => {
        writes += 1;
        if (writes > 1) throw new Error('D1 does not answer');
        return write(seen, state);
      },
    };
    const records = api.asked.length;
    expect((await fetchXeroEnrichment([need()], { ...access(), tokens: flaky })).outcome).toBe('retry');
    expect(writes).toBe(4);
    expect(api.asked.length - records).toBe(1);
    expect(kept?.state.refreshToken).toBe(before?.state.refreshToken);
    now += CLAIM_MS;
    expect((await read()).outcome).toBe('fetched');
  });

  it('is stored at the second try when the first fails', async () => {
    await read();
    now += 29 * MINUTE;
    const { write } = store;
    let writes = 0;
    const once: TokenStore = {
      ...store,
      write: async (seen, state) => {
        writes += 1;
        if (writes === 2) throw new Error('D1 does not answer');
        return write(seen, state);
      },
    };
    expect((await fetchXeroEnrichment([need()], { ...access(), tokens: once })).outcome).toBe('fetched');
    expect(kept?.state.refreshToken).toBe('refresh-2');
  });

  it('is not burnt by a token endpoint that is down', async () => {
    api.fault('token_down');
    expect(await read()).toMatchObject({ outcome: 'retry', message: 'Xero API: the token endpoint answered 503' });
    now += CLAIM_MS;
    expect((await read()).outcome).toBe('fetched');
  });

  it('that a new consent began is not lost to a pass that still has the credential of before', async () => {
    const before = access();
    await fetchXeroEnrichment([need()], before);
    const after = access(api.consentAgain());
    await fetchXeroEnrichment([need()], after);
    now += 29 * MINUTE;
    await fetchXeroEnrichment([need()], after);
    await fetchXeroEnrichment([need()], before);
    now += 31 * MINUTE;
    expect((await fetchXeroEnrichment([need()], after)).enrichment.get(KEY)).toMatchObject({ InvoiceID: INVOICE });
  });

  it('that was revoked stops all asking until a person gives another credential', async () => {
    await read();
    api.fault('revoked');
    now += 31 * MINUTE;
    expect((await read()).enrichment.get(KEY)).toMatchObject({
      message: 'Xero does not take the refresh token any more: invalid_grant',
    });
    const calls = tokenCalls();
    expect((await read()).enrichment.get(KEY)).toBeInstanceOf(Disconnected);
    expect(tokenCalls()).toBe(calls);
    const again = access(api.consentAgain());
    expect((await fetchXeroEnrichment([need()], again)).enrichment.get(KEY)).toMatchObject({ InvoiceID: INVOICE });
  });

  it('never shows in what operators are told', async () => {
    api.fault('lost_answer');
    const told = JSON.stringify([await read(), await read()]);
    expect(told).not.toMatch(/refresh-|access-|hush/);
  });
});

describe('QuickBooks’ API', () => {
  const REALM = '913035829570099';
  const wanted = (id: string) => ({ kind: 'record', id, account: REALM });
  const books = (body: string, status = 200) => {
    kept = null;
    rows.clear();
    const inner = new MemoryOAuthApi({
      tokenUrl: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer',
      now: () => now,
      graceMs: 24 * 60 * MINUTE,
      expiresIn: 3600,
      record: () => body,
    });
    const send: typeof inner.http.send = async (request) => {
      const answer = await inner.http.send(request);
      return answer.kind === 'answer' && answer.status === 200 && request.method === 'GET'
        ? { ...answer, status }
        : answer;
    };
    return { ...access(inner.credential), http: { send }, asked: inner.asked };
  };

  it('gives the record of the company asked about, in one minor version', async () => {
    const way = books('{"Invoice":{"Id":"130","TotalAmt":362.07},"time":"2015-07-24T10:48:27.082-07:00"}');
    const { enrichment } = await fetchQuickbooksEnrichment([wanted('invoice/130')], way);
    expect(enrichment.get('record:invoice/130')).toEqual({ Id: '130', TotalAmt: '362.07' });
    expect(way.asked.at(-1)?.url).toBe(
      `https://quickbooks.api.intuit.com/v3/company/${REALM}/invoice/130?minorversion=75`,
    );
  });

  it('says of a deleted record that there is none', async () => {
    const way = books(
      '{"Fault":{"Error":[{"Message":"Object Not Found","code":"610"}],"type":"ValidationFault"}}',
      400,
    );
    const { enrichment } = await fetchQuickbooksEnrichment([wanted('invoice/130')], way);
    expect(enrichment.get('record:invoice/130')).toBeNull();
  });

  it('waits a minute when it is throttled without saying for how long, and believes no other record', async () => {
    const throttled = books('', 429);
    expect(await fetchQuickbooksEnrichment([wanted('invoice/130')], throttled)).toMatchObject({ retryAfterMs: MINUTE });
    const other = books('{"Invoice":{"Id":"131"}}');
    expect((await fetchQuickbooksEnrichment([wanted('invoice/130')], other)).outcome).toBe('retry');
  });
});
