/**
 * Xero's accounting API as far as its thin webhooks need it: one contact, invoice or credit note, read only. The key is JSON
 * (`oauthCredential`) of an app whose consent has the scopes offline_access, accounting.contacts.read and, where facts are
 * taken, accounting.transactions.read. Contract: XeroAPI/Xero-OpenAPI, xero_accounting.yaml 16.1.0.
 */
import { member } from '../json.ts';
import { readJsonText } from '../salesforce/json.ts';
import type { EnrichmentNeed } from '../source.ts';
import { OAuthSession } from './oauth.ts';
import type { EnrichmentAccess, FetchEnrichment } from './port.ts';
import { type Answer, fetchAll } from './run.ts';

const provider = { name: 'Xero', tokenUrl: 'https://identity.xero.com/connect/token' } as const;

const idFields: ReadonlyMap<string, string> = new Map([
  ['Contacts', 'ContactID'],
  ['Invoices', 'InvoiceID'],
  ['CreditNotes', 'CreditNoteID'],
]);

/** `Invoices/<uuid>`: what the source asks for. */
const needPattern = /^(Contacts|Invoices|CreditNotes)\/([0-9a-fA-F-]{36})$/;

const retry = (message: string, retryAfterMs: number | null = null): Answer => ({
  answer: 'retry',
  retryAfterMs,
  message: `Xero API: ${message}`,
});

/** Once more with a new token where Xero says that the old one is over, and then no more. */
async function ask(
  need: EnrichmentNeed,
  access: EnrichmentAccess & { readonly apiKey: string },
  session: OAuthSession,
): Promise<Answer> {
  const [, resource = '', id = ''] = needPattern.exec(need.id) ?? [];
  if (need.kind !== 'record' || need.account === null || !idFields.has(resource)) {
    throw new RangeError(`Xero has no enrichment of kind ${need.kind} by that id`);
  }
  const url = new URL(`/api.xro/2.0/${resource}/${id}`, access.apiUrl ?? 'https://api.xero.com').href;
  let token = await session.token();
  for (let tries = 1; ; tries++) {
    if (token.answer !== 'token') return token;
    const answer = await access.http.send({
      method: 'GET',
      url,
      headers: { authorization: `Bearer ${token.token}`, 'xero-tenant-id': need.account, accept: 'application/json' },
      body: null,
      timeoutMs: access.budget.timeoutMs,
    });
    if (answer.kind !== 'answer') return retry(answer.message);
    // 403: the consent does not reach this organisation or this kind of record, as the tenant chose.
    if (answer.status === 404 || answer.status === 403) return { answer: 'none' };
    if (answer.status === 401) {
      if (tries > 1) return retry('answered 401 to a new token');
      token = await session.token(token.token);
      continue;
    }
    if (answer.status !== 200) return retry(`answered ${answer.status}`, answer.retryAfterMs);
    if (answer.body.length > access.budget.maxAnswerLength) return retry('answer too long');
    return recordOf(answer.body, resource, id);
  }
}

/** Numbers as the digits they were sent with. An answer about something else than was asked for would prove nothing. */
function recordOf(body: string, resource: string, id: string): Answer {
  const json = readJsonText(body);
  const records: unknown = json.ok ? member(json.value, resource) : null;
  const record: unknown = Array.isArray(records) && records.length === 1 ? records[0] : null;
  const found: unknown = member(record, idFields.get(resource) ?? '');
  const same = typeof found === 'string' && found.toLowerCase() === id.toLowerCase();
  return same ? { answer: 'found', value: record } : retry('record in an unknown shape');
}

/** Kinds Xero's enrichment knows; the source asks for no others. */
export const xeroEnrichmentKinds: readonly string[] = ['record'];

/** Fetches within the budget; what is missing or forbidden is null, what may pass is `retry`. Nothing is cached or written. */
export const fetchXeroEnrichment: FetchEnrichment = (needs, access) => {
  let session: OAuthSession | null = null;
  return fetchAll(needs, access, (need, keyed) => {
    session ??= new OAuthSession(provider, keyed);
    return ask(need, keyed, session);
  });
};
