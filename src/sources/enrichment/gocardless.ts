/**
 * GoCardless' API as far as its thin events need it: one resource by its id. A read-only access token is enough;
 * `apiUrl` is for the sandbox, https://api-sandbox.gocardless.com.
 */
import { z } from 'zod';
import { parseJsonText } from '../json.ts';
import type { FetchEnrichment } from './port.ts';
import { type Answer, type Ask, fetchAll } from './run.ts';

/** Mandatory in every request; the only version there is (developer.gocardless.com/api-reference, versioning). */
const VERSION = '2015-07-06';

/** The collection is also the name of the member that wraps the resource in an answer. */
const collections: ReadonlyMap<string, string> = new Map([
  ['payment', 'payments'],
  ['refund', 'refunds'],
  ['payout', 'payouts'],
  ['customer', 'customers'],
]);

/** Kinds GoCardless' enrichment knows; the source asks for no others. */
export const gocardlessEnrichmentKinds: readonly string[] = [...collections.keys()];

const resource = z.looseObject({ id: z.string().min(1) });

const retry = (message: string, retryAfterMs: number | null = null): Answer => ({
  answer: 'retry',
  retryAfterMs,
  message: `GoCardless API: ${message}`,
});

/** Not there, not for this token, or there no more. */
const gone: readonly number[] = [403, 404, 410];

/** Not cached: payments and customers change. 401: the token is wrong, which a person mends. */
const ask: Ask = async (need, access) => {
  const collection = collections.get(need.kind);
  if (collection === undefined) throw new RangeError(`GoCardless has no enrichment of kind ${need.kind}`);
  const answer = await access.http.send({
    method: 'GET',
    url: new URL(`/${collection}/${encodeURIComponent(need.id)}`, access.apiUrl ?? 'https://api.gocardless.com').href,
    headers: {
      authorization: `Bearer ${access.apiKey}`,
      'gocardless-version': VERSION,
      accept: 'application/json',
    },
    body: null,
    timeoutMs: access.budget.timeoutMs,
  });
  if (answer.kind !== 'answer') return retry(answer.message);
  if (gone.includes(answer.status)) return { answer: 'none' };
  if (answer.status !== 200) return retry(`answered ${answer.status}`, answer.retryAfterMs);
  if (answer.body.length > access.budget.maxAnswerLength) return retry('answer too long');
  const json = parseJsonText(answer.body);
  const parsed = z.object({ [collection]: resource }).safeParse(json.ok ? json.value : null);
  const value = parsed.success ? parsed.data[collection] : undefined;
  // An answer about something else than was asked for would prove nothing.
  if (value === undefined || value.id !== need.id) return retry(`${need.kind} in an unknown shape`);
  return { answer: 'found', value };
};

/** Fetches within the budget; what is missing or forbidden is null, what may pass is `retry`. Nothing is written. */
export const fetchGocardlessEnrichment: FetchEnrichment = (needs, access) => fetchAll(needs, access, ask);
