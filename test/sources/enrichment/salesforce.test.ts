import { describe, expect, it } from 'vitest';
import { salesforceApi } from '../../../sandbox/salesforce/api.ts';
import { err } from '../../../src/canonical/result.ts';
import {
  defaultBudget,
  type EnrichmentAccess,
  type EnrichmentHttp,
  MAX_NEEDS,
  noCache,
} from '../../../src/sources/enrichment/port.ts';
import { fetchSalesforceEnrichment } from '../../../src/sources/enrichment/salesforce.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { salesforceSource } from '../../../src/sources/salesforce/index.ts';
import { type EnrichmentNeed, enrichmentKey } from '../../../src/sources/source.ts';
import { KeySets } from '../../../src/verification/jwks.ts';
import { configured, factsOf } from '../../conformance/interpreting.ts';
import { httpOf } from './http-of.ts';

const ACCOUNT = '0015g00000AccouAAB';
const need = (id = `Account/${ACCOUNT}`, kind = 'record'): EnrichmentNeed => ({ kind, id, account: null });
let orgs = 0;

/** An org of its own, so that no test has another's token. */
function org() {
  const api = salesforceApi();
  const sent: string[] = [];
  const instanceUrl = `https://org-${++orgs}.my.salesforce.test`;
  const credential = { instanceUrl, clientId: api.clientId, clientSecret: api.clientSecret };
  const access = (overrides: Partial<EnrichmentAccess> = {}): EnrichmentAccess => ({
    apiUrl: null,
    apiKey: JSON.stringify(credential),
    http: httpOf(api.app, sent),
    cache: noCache,
    budget: defaultBudget,
    ...overrides,
  });
  return { api, sent, instanceUrl, credential, access };
}

describe('Salesforce’s API gives the record a change event leaves out', () => {
  it('completes a gap event, amounts by their digits', async () => {
    const { api, access } = org();
    const deal = '0065g0000000001AAA';
    api.show('Opportunity', deal, {
      AccountId: ACCOUNT,
      Name: 'Renewal',
      StageName: 'Closed Won',
      Amount: 12500.5,
      CurrencyIsoCode: 'EUR',
    });
    const source = configured(registerSource(salesforceSource(new KeySets(async () => err('unavailable')))), {
      channel: 'callout',
      auth: 'standard-webhooks',
    });
    const header = {
      entityName: 'Opportunity',
      recordIds: [deal],
      changeType: 'GAP_UPDATE',
      transactionKey: 't',
      sequenceNumber: 1,
      commitTimestamp: 1_778_192_987_000,
    };
    const { enrichment } = await fetchSalesforceEnrichment([need(`Opportunity/${deal}`)], access());
    expect(factsOf(source, { payload: { ChangeEventHeader: header } }, enrichment)).toMatchObject([
      { kind: 'deal.won', name: 'Renewal', amount: 1_250_050, customer: `salesforce:customer:${ACCOUNT}` },
    ]);
  });

  it('asks for one token and uses it until the session is over', async () => {
    const { api, sent, instanceUrl, access } = org();
    api.show('Account', ACCOUNT, { Name: 'ACME' });
    const ask = async () => (await fetchSalesforceEnrichment([need()], access())).enrichment.get(enrichmentKey(need()));
    expect(await ask()).toMatchObject({ Name: 'ACME' });
    await ask();
    expect(api.tokensIssued()).toBe(1);
    api.endSessions();
    expect(await ask()).toMatchObject({ Name: 'ACME' });
    expect(api.tokensIssued()).toBe(2);
    expect(sent.every((url) => url.startsWith(`${instanceUrl}/`) && !url.includes('session'))).toBe(true);
  });

  it('gives nobody another’s token', async () => {
    const { api, credential, access } = org();
    api.show('Account', ACCOUNT, { Name: 'ACME' });
    await fetchSalesforceEnrichment([need()], access());
    const guess = JSON.stringify({ ...credential, clientSecret: 'a guess' });
    expect(await fetchSalesforceEnrichment([need()], access({ apiKey: guess }))).toEqual({
      outcome: 'retry',
      enrichment: new Map(),
      retryAfterMs: null,
      message: 'Salesforce API: the token endpoint answered 400',
    });
  });

  it('answers null for a record that is gone or not to be read', async () => {
    const { api, access } = org();
    const nothing = { outcome: 'fetched', enrichment: new Map([[enrichmentKey(need()), null]]) };
    expect(await fetchSalesforceEnrichment([need()], access())).toEqual(nothing);
    api.failNext(403, 'INSUFFICIENT_ACCESS_OR_READONLY');
    expect(await fetchSalesforceEnrichment([need()], access())).toEqual(nothing);
  });

  it('waits where it may pass: the day’s calls are used up, an outage, a wrong secret, a broken connection', async () => {
    const { api, access } = org();
    const ask = (overrides: Partial<EnrichmentAccess> = {}) => fetchSalesforceEnrichment([need()], access(overrides));
    for (const [status, code] of [
      [403, 'REQUEST_LIMIT_EXCEEDED'],
      [500, 'UNKNOWN_EXCEPTION'],
      [429, 'TOO_MANY_REQUESTS'],
    ] as const) {
      api.failNext(status, code);
      expect(await ask()).toMatchObject({ outcome: 'retry' });
    }
    expect(await ask({ apiKey: 'not json' })).toMatchObject({
      outcome: 'retry',
      message: 'Salesforce API: the secret is not JSON with instanceUrl, clientId and clientSecret',
    });
    const broken: EnrichmentHttp = { send: async () => ({ kind: 'broken', message: 'timed out' }) };
    expect(await ask({ http: broken })).toMatchObject({ outcome: 'retry', message: 'Salesforce API: timed out' });
  });

  it('gives up on a session that no new token mends', async () => {
    const { access } = org();
    const http: EnrichmentHttp = {
      send: async ({ method }) => ({
        kind: 'answer',
        status: method === 'POST' ? 200 : 401,
        body: '{"access_token":"t"}',
        retryAfterMs: null,
      }),
    };
    expect(await fetchSalesforceEnrichment([need()], access({ http }))).toMatchObject({
      outcome: 'retry',
      message: 'Salesforce API: answered 401 to a new token',
    });
  });

  it('takes a caller’s mistake for one', async () => {
    const { access } = org();
    await expect(fetchSalesforceEnrichment([need('Account/../../x')], access())).rejects.toThrow(RangeError);
    await expect(fetchSalesforceEnrichment([need(undefined, 'moon_phase')], access())).rejects.toThrow(RangeError);
    const many = Array.from({ length: MAX_NEEDS + 1 }, (_, n) =>
      need(`Account/0015g00000${String(n).padStart(5, '0')}`),
    );
    await expect(fetchSalesforceEnrichment(many, access())).rejects.toThrow(RangeError);
  });
});
