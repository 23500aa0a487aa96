/**
 * Chargebee's API v2 as far as its webhooks need it: an event as Chargebee keeps it, and a payment with all its refunds.
 * A read-only API key is enough. The site is the tenant's (`apiUrl`: `https://<site>.chargebee.com`): there is no common
 * address, so without it nothing can be had.
 */
import { z } from 'zod';
import { parseJsonText } from '../json.ts';
import { type EnrichmentNeed, enrichmentKey } from '../source.ts';
import type { EnrichmentAccess, FetchEnrichment } from './port.ts';
import { type Answer, fetchAll } from './run.ts';

interface Endpoint {
  readonly path: string;
  /** Answers wrap the resource in a member of its name. */
  readonly member: string;
  /** Whether an answer can be kept: an event never changes, a payment is refunded. */
  readonly final: boolean;
}

const endpoints: ReadonlyMap<string, Endpoint> = new Map([
  ['event', { path: 'events', member: 'event', final: true }],
  ['transaction', { path: 'transactions', member: 'transaction', final: false }],
]);

const resource = z.looseObject({ id: z.string().min(1) });

const retry = (message: string, retryAfterMs: number | null = null): Answer => ({
  answer: 'retry',
  retryAfterMs,
  message: `Chargebee API: ${message}`,
});

/** 403: the key may not read this, as the tenant chose. 401: the key is wrong, which a person mends. */
async function ask(need: EnrichmentNeed, access: EnrichmentAccess & { readonly apiKey: string }): Promise<Answer> {
  const endpoint = endpoints.get(need.kind);
  if (endpoint === undefined) throw new RangeError(`Chargebee has no enrichment of kind ${need.kind}`);
  if (access.apiUrl === null) return { answer: 'none' };
  const key = `chargebee:${enrichmentKey(need)}`;
  const cached = endpoint.final ? await access.cache.get(key) : undefined;
  if (cached !== undefined) return { answer: 'found', value: cached };
  const answer = await access.http.send({
    method: 'GET',
    url: new URL(`/api/v2/${endpoint.path}/${encodeURIComponent(need.id)}`, access.apiUrl).href,
    headers: { authorization: `Basic ${btoa(`${access.apiKey}:`)}`, accept: 'application/json' },
    body: null,
    timeoutMs: access.budget.timeoutMs,
  });
  if (answer.kind !== 'answer') return retry(answer.message);
  if (answer.status === 404 || answer.status === 403) return { answer: 'none' };
  if (answer.status !== 200) return retry(`answered ${answer.status}`, answer.retryAfterMs);
  if (answer.body.length > access.budget.maxAnswerLength) return retry('answer too long');
  const json = parseJsonText(answer.body);
  if (!json.ok) return retry('answer is not JSON');
  const wrapped = z.object({ [endpoint.member]: resource }).safeParse(json.value);
  const value = wrapped.success ? wrapped.data[endpoint.member] : undefined;
  // An answer about something else than was asked for would prove nothing.
  if (value === undefined || value.id !== need.id) return retry(`${need.kind} in an unknown shape`);
  if (endpoint.final) await access.cache.put(key, value);
  return { answer: 'found', value };
}

/** Kinds Chargebee's enrichment knows; the source asks for no others. */
export const chargebeeEnrichmentKinds: readonly string[] = [...endpoints.keys()];

/** Fetches within the budget; what is missing or forbidden is null, what may pass is `retry`. Nothing is written. */
export const fetchChargebeeEnrichment: FetchEnrichment = (needs, access) => fetchAll(needs, access, ask);
