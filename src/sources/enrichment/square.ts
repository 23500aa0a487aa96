/**
 * Square's API as far as its webhooks need it: the order behind an invoice, read only. The key is an access token with
 * ORDERS_READ; `apiUrl` is for Square's sandbox, https://connect.squareupsandbox.com.
 */
import { z } from 'zod';
import { parseJsonText } from '../json.ts';
import type { FetchEnrichment } from './port.ts';
import { type Answer, type Ask, fetchAll } from './run.ts';

/** Answers come in this version's shapes whatever the application's default is. */
export const SQUARE_API_VERSION = '2026-09-16';

const wrapped = z.object({ order: z.looseObject({ id: z.string().min(1) }) });

/** Kinds Square's enrichment knows; the source asks for no others. */
export const squareEnrichmentKinds: readonly string[] = ['order'];

const retry = (message: string, retryAfterMs: number | null = null): Answer => ({
  answer: 'retry',
  retryAfterMs,
  message: `Square API: ${message}`,
});

/** Not cached: an order gets tenders as it is paid. 403: the token may not read it. 401: a person mends it. */
const ask: Ask = async (need, access) => {
  if (!squareEnrichmentKinds.includes(need.kind)) {
    throw new RangeError(`Square has no enrichment of kind ${need.kind}`);
  }
  const answer = await access.http.send({
    method: 'GET',
    url: new URL(`/v2/orders/${encodeURIComponent(need.id)}`, access.apiUrl ?? 'https://connect.squareup.com').href,
    headers: {
      authorization: `Bearer ${access.apiKey}`,
      'square-version': SQUARE_API_VERSION,
      accept: 'application/json',
    },
    body: null,
    timeoutMs: access.budget.timeoutMs,
  });
  if (answer.kind !== 'answer') return retry(answer.message);
  if (answer.status === 404 || answer.status === 403) return { answer: 'none' };
  if (answer.status !== 200) return retry(`answered ${answer.status}`, answer.retryAfterMs);
  if (answer.body.length > access.budget.maxAnswerLength) return retry('answer too long');
  const json = parseJsonText(answer.body);
  const parsed = wrapped.safeParse(json.ok ? json.value : null);
  // An answer about something else than was asked for would prove nothing.
  if (!parsed.success || parsed.data.order.id !== need.id) return retry('order in an unknown shape');
  return { answer: 'found', value: parsed.data.order };
};

/** Fetches within the budget; what is missing or forbidden is null, what may pass is `retry`. Nothing is written. */
export const fetchSquareEnrichment: FetchEnrichment = (needs, access) => fetchAll(needs, access, ask);
