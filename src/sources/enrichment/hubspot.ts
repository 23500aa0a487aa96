/**
 * HubSpot's CRM API as far as its thin webhooks need it: one record with the properties the books keep. The key is a
 * private app's access token with read access to companies, contacts and deals.
 */
import { z } from 'zod';
import { parseJsonText } from '../json.ts';
import type { EnrichmentNeed } from '../source.ts';
import type { EnrichmentAccess, FetchEnrichment } from './port.ts';
import { type Answer, fetchAll } from './run.ts';

const paths: ReadonlyMap<string, string> = new Map([
  ['company', 'companies'],
  ['contact', 'contacts'],
  ['deal', 'deals'],
]);

/** `company/7?name,phone`: type, id and properties. */
const needPattern = /^(company|contact|deal)\/(\d{1,20})\?([a-z0-9_,]{1,2000})$/;

const record = z.looseObject({ id: z.string(), properties: z.record(z.string(), z.unknown()) });

const retry = (message: string, retryAfterMs: number | null = null): Answer => ({
  answer: 'retry',
  retryAfterMs,
  message: `HubSpot API: ${message}`,
});

/** Not cached: a record changes. 403: the token may not read this, as the tenant chose. 401: a person mends it. */
async function ask(need: EnrichmentNeed, access: EnrichmentAccess & { readonly apiKey: string }): Promise<Answer> {
  const [, type = '', id = '', properties = ''] = needPattern.exec(need.id) ?? [];
  const path = paths.get(type);
  if (need.kind !== 'record' || path === undefined) {
    throw new RangeError(`HubSpot has no enrichment of kind ${need.kind} for ${type}`);
  }
  const url = new URL(`/crm/v3/objects/${path}/${id}`, access.apiUrl ?? 'https://api.hubapi.com');
  url.searchParams.set('properties', properties);
  const answer = await access.http.send({
    method: 'GET',
    url: url.href,
    headers: { authorization: `Bearer ${access.apiKey}`, accept: 'application/json' },
    body: null,
    timeoutMs: access.budget.timeoutMs,
  });
  if (answer.kind !== 'answer') return retry(answer.message);
  if (answer.status === 404 || answer.status === 403) return { answer: 'none' };
  if (answer.status !== 200) return retry(`answered ${answer.status}`, answer.retryAfterMs);
  if (answer.body.length > access.budget.maxAnswerLength) return retry('answer too long');
  const json = parseJsonText(answer.body);
  const parsed = record.safeParse(json.ok ? json.value : null);
  // An answer about something else than was asked for would prove nothing.
  if (!parsed.success || parsed.data.id !== id) return retry('record in an unknown shape');
  return { answer: 'found', value: parsed.data };
}

/** Kinds HubSpot's enrichment knows; the source asks for no others. */
export const hubspotEnrichmentKinds: readonly string[] = ['record'];

/** Fetches within the budget; what is missing or forbidden is null, what may pass is `retry`. Nothing is written. */
export const fetchHubspotEnrichment: FetchEnrichment = (needs, access) => fetchAll(needs, access, ask);
