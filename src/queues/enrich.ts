/** Fetches what webhooks do not carry, from the provider's API, by the tenant's restricted key. */
import type { Bindings } from '../bindings.ts';
import { logWarning } from '../operations/log.ts';
import { defaultBudget, type EnrichmentCache, type FetchEnrichment, MAX_NEEDS } from '../sources/enrichment/port.ts';
import { fetchStripeEnrichment } from '../sources/enrichment/stripe.ts';
import { enrichmentKey } from '../sources/source.ts';
import { outsideHttp } from './connectors.ts';
import type { Enrich } from './read-events.ts';

interface Client {
  readonly fetch: FetchEnrichment;
  readonly apiUrl: string;
}

/** Providers whose API the gateway can ask. For the others every need is answered with "not to be had". */
const clients: ReadonlyMap<string, Client> = new Map([
  ['stripe', { fetch: fetchStripeEnrichment, apiUrl: 'https://api.stripe.com' }],
]);

const MAX_CACHED = 5_000;

/** Final answers of this isolate; a lost one costs one more call. Keys carry tenant and source, so nothing is shared. */
const answers = new Map<string, unknown>();

const cacheFor = (scope: string): EnrichmentCache => ({
  get: async (key) => answers.get(`${scope}/${key}`),
  put: async (key, value) => {
    if (answers.size >= MAX_CACHED) answers.clear();
    answers.set(`${scope}/${key}`, value);
  },
});

export function enrichFrom(env: Bindings): Enrich {
  const http = outsideHttp(env);
  return async (tenant, source, needs) => {
    const client = clients.get(source.source.provider);
    if (client === undefined) return new Map(needs.map((need) => [enrichmentKey(need), null]));
    const enrichment = new Map<string, unknown>();
    for (let start = 0; start < needs.length; start += MAX_NEEDS) {
      const outcome = await client.fetch(needs.slice(start, start + MAX_NEEDS), {
        apiUrl: source.apiUrl ?? client.apiUrl,
        apiKey: source.apiKey,
        http,
        cache: cacheFor(`${tenant.tenant}/${source.id}`),
        budget: defaultBudget,
      });
      for (const [key, value] of outcome.enrichment) enrichment.set(key, value);
      if (outcome.outcome === 'retry') {
        logWarning('enrichment_delayed', { tenant: tenant.tenant, source: source.id, reason: outcome.message });
      }
    }
    return enrichment;
  };
}
