import { describe, expect, it } from 'vitest';
import { fetchHubspotEnrichment } from '../../../src/sources/enrichment/hubspot.ts';
import { defaultBudget, type EnrichmentAccess, noCache } from '../../../src/sources/enrichment/port.ts';
import { enrichmentKey } from '../../../src/sources/source.ts';

const need = { kind: 'record', id: 'company/7?name,phone', account: '62515' };
const answering = (
  status: number,
  body: string,
  sent: { url: string; authorization: string | undefined }[] = [],
): EnrichmentAccess => ({
  apiUrl: 'https://api.hubapi.com',
  apiKey: 'pat-1',
  http: {
    async send({ url, headers }) {
      sent.push({ url, authorization: headers.authorization });
      return { kind: 'answer', status, body, retryAfterMs: null };
    },
  },
  cache: noCache,
  budget: defaultBudget,
});

describe("HubSpot's records", () => {
  it('are read with the properties the books keep', async () => {
    const sent: { url: string; authorization: string | undefined }[] = [];
    const record = { id: '7', properties: { name: 'ACME', phone: null } };
    const outcome = await fetchHubspotEnrichment([need], answering(200, JSON.stringify(record), sent));
    expect(outcome).toEqual({ outcome: 'fetched', enrichment: new Map([[enrichmentKey(need), record]]) });
    expect(sent).toEqual([
      {
        url: 'https://api.hubapi.com/crm/v3/objects/companies/7?properties=name%2Cphone',
        authorization: 'Bearer pat-1',
      },
    ]);
  });

  it('are null where there is none or it may not be read, and asked again where that may pass', async () => {
    for (const status of [403, 404]) {
      const outcome = await fetchHubspotEnrichment([need], answering(status, '{}'));
      expect(outcome).toEqual({ outcome: 'fetched', enrichment: new Map([[enrichmentKey(need), null]]) });
    }
    const another = '{"id":"8","properties":{}}';
    for (const [status, body] of [
      [401, '{}'],
      [429, '{}'],
      [500, ''],
      [200, '{'],
      [200, another],
      [200, 'x'.repeat(defaultBudget.maxAnswerLength + 1)],
    ] as const) {
      expect((await fetchHubspotEnrichment([need], answering(status, body))).outcome).toBe('retry');
    }
  });

  it('are asked for with a token only, and only as the source asks', async () => {
    const outcome = await fetchHubspotEnrichment([need], { ...answering(200, '{}'), apiKey: null });
    expect(outcome).toEqual({ outcome: 'fetched', enrichment: new Map([[enrichmentKey(need), null]]) });
    await expect(
      fetchHubspotEnrichment([{ ...need, id: 'company/../owners?x' }], answering(200, '{}')),
    ).rejects.toThrow(RangeError);
  });
});
