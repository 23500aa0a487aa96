/**
 * QuickBooks Online's accounting API as far as its thin webhooks need it: one record, read only. The key is JSON
 * (`oauthCredential`) of an app whose consent has the scope com.intuit.quickbooks.accounting; `apiUrl` is for Intuit's
 * sandbox, https://sandbox-quickbooks.api.intuit.com.
 */
import { member } from '../json.ts';
import { readJsonText } from '../salesforce/json.ts';
import type { EnrichmentNeed } from '../source.ts';
import { OAuthSession } from './oauth.ts';
import type { EnrichmentAccess, FetchEnrichment } from './port.ts';
import { type Answer, fetchAll } from './run.ts';

const provider = { name: 'QuickBooks', tokenUrl: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer' } as const;

/** Since August 2025 the oldest that is served; answers keep its shapes. */
export const QUICKBOOKS_MINOR_VERSION = '75';

/** By the word in the address, the member of the answer that holds the record. */
const members: ReadonlyMap<string, string> = new Map([
  ['customer', 'Customer'],
  ['invoice', 'Invoice'],
  ['payment', 'Payment'],
  ['creditmemo', 'CreditMemo'],
  ['refundreceipt', 'RefundReceipt'],
]);

/** `invoice/130`: what the source asks for. */
const needPattern = /^([a-z]{1,20})\/(\d{1,24})$/;
const realmPattern = /^\d{1,24}$/;

/** Intuit names no time with a 429; its limits are per minute. */
const THROTTLED_MS = 60_000;

const retry = (message: string, retryAfterMs: number | null = null): Answer => ({
  answer: 'retry',
  retryAfterMs,
  message: `QuickBooks API: ${message}`,
});

/** Once more with a new token where Intuit says that the old one is over, and then no more. */
async function ask(
  need: EnrichmentNeed,
  access: EnrichmentAccess & { readonly apiKey: string },
  session: OAuthSession,
): Promise<Answer> {
  const [, entity = '', id = ''] = needPattern.exec(need.id) ?? [];
  const realm = need.account ?? '';
  if (need.kind !== 'record' || !members.has(entity) || !realmPattern.test(realm)) {
    throw new RangeError(`QuickBooks has no enrichment of kind ${need.kind} by that id`);
  }
  const url = new URL(`/v3/company/${realm}/${entity}/${id}`, access.apiUrl ?? 'https://quickbooks.api.intuit.com');
  url.searchParams.set('minorversion', QUICKBOOKS_MINOR_VERSION);
  let token = await session.token();
  for (let tries = 1; ; tries++) {
    if (token.answer !== 'token') return token;
    const answer = await access.http.send({
      method: 'GET',
      url: url.href,
      headers: { authorization: `Bearer ${token.token}`, accept: 'application/json' },
      body: null,
      timeoutMs: access.budget.timeoutMs,
    });
    if (answer.kind !== 'answer') return retry(answer.message);
    if (answer.status === 404 || answer.status === 403 || isGone(answer.status, answer.body)) return { answer: 'none' };
    if (answer.status === 401) {
      if (tries > 1) return retry('answered 401 to a new token');
      token = await session.token(token.token);
      continue;
    }
    if (answer.status === 429) return retry('answered 429', answer.retryAfterMs ?? THROTTLED_MS);
    if (answer.status !== 200) return retry(`answered ${answer.status}`, answer.retryAfterMs);
    if (answer.body.length > access.budget.maxAnswerLength) return retry('answer too long');
    return recordOf(answer.body, entity, id);
  }
}

/** A deleted record is answered 400 with fault 610, "Object Not Found". */
function isGone(status: number, body: string): boolean {
  if (status !== 400) return false;
  const json = readJsonText(body);
  const errors = json.ok ? member(member(json.value, 'Fault'), 'Error') : null;
  return Array.isArray(errors) && errors.some((error: unknown) => member(error, 'code') === '610');
}

/** Numbers as the digits they were sent with. An answer about something else than was asked for would prove nothing. */
function recordOf(body: string, entity: string, id: string): Answer {
  const json = readJsonText(body);
  const record = json.ok ? member(json.value, members.get(entity) ?? '') : null;
  return member(record, 'Id') === id ? { answer: 'found', value: record } : retry('record in an unknown shape');
}

/** Kinds QuickBooks' enrichment knows; the source asks for no others. */
export const quickbooksEnrichmentKinds: readonly string[] = ['record'];

/** Fetches within the budget; what is gone or forbidden is null, what may pass is `retry`. Nothing is cached or written. */
export const fetchQuickbooksEnrichment: FetchEnrichment = (needs, access) => {
  let session: OAuthSession | null = null;
  return fetchAll(needs, access, (need, keyed) => {
    session ??= new OAuthSession(provider, keyed);
    return ask(need, keyed, session);
  });
};
