/** Recurly's API as far as its notifications need it: one object by its id, read only. */
import { parseJsonText } from '../json.ts';
import type { FetchEnrichment } from './port.ts';
import { type Answer, type Ask, fetchAll } from './run.ts';

/** Answers come in this version's shapes. */
const VERSION = 'application/vnd.recurly.v2021-02-25+json';

const paths: ReadonlyMap<string, string> = new Map([
  ['account', 'accounts'],
  ['subscription', 'subscriptions'],
  ['invoice', 'invoices'],
  ['transaction', 'transactions'],
]);

/** Kinds Recurly's enrichment knows; the source asks for no others. */
export const recurlyEnrichmentKinds: readonly string[] = [...paths.keys()];

const retry = (message: string, retryAfterMs: number | null = null): Answer => ({
  answer: 'retry',
  retryAfterMs,
  message: `Recurly API: ${message}`,
});

/** 403: the key may not read this, as the tenant chose. 401: the key is wrong, which a person mends. */
const ask: Ask = async (need, access) => {
  const path = paths.get(need.kind);
  if (path === undefined) throw new RangeError(`Recurly has no enrichment of kind ${need.kind}`);
  const answer = await access.http.send({
    method: 'GET',
    url: new URL(`/${path}/${encodeURIComponent(need.id)}`, access.apiUrl ?? 'https://v3.recurly.com').href,
    headers: { authorization: `Basic ${btoa(`${access.apiKey}:`)}`, accept: VERSION },
    body: null,
    timeoutMs: access.budget.timeoutMs,
  });
  if (answer.kind !== 'answer') return retry(answer.message);
  if (answer.status === 404 || answer.status === 403) return { answer: 'none' };
  if (answer.status !== 200) return retry(`answered ${answer.status}`, answer.retryAfterMs);
  if (answer.body.length > access.budget.maxAnswerLength) return retry('answer too long');
  const json = parseJsonText(answer.body);
  return json.ok ? { answer: 'found', value: json.value } : retry('answer is not JSON');
};

/** Fetches within the budget. Missing and forbidden are null; anything that may pass is `retry`. Nothing is kept. */
export const fetchRecurlyEnrichment: FetchEnrichment = (needs, access) => fetchAll(needs, access, ask);
