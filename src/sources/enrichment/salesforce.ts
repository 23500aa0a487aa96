/**
 * Salesforce's REST API as far as change events need it: one record, read whole as it is now. Access by OAuth 2.0 client
 * credentials of a connected app whose run-as user may read the objects, and nothing more.
 */
import { z } from 'zod';
import { parseJsonText } from '../json.ts';
import { isJsonObject, readJsonText } from '../salesforce/json.ts';
import type { EnrichmentNeed } from '../source.ts';
import type { EnrichmentAccess, FetchEnrichment } from './port.ts';
import { type Answer, fetchAll } from './run.ts';

/** Salesforce keeps a version for three years at least; this one is in every org's reach. */
export const SALESFORCE_API_VERSION = 'v62.0';

/** The value of the secret that a Salesforce source's `apiKey` refers to, as JSON. */
export const salesforceCredential = z.strictObject({
  /** The org's own domain, `https://acme.my.salesforce.com`. */
  instanceUrl: z.url({ protocol: /^https$/ }),
  clientId: z.string().min(1).max(512),
  clientSecret: z.string().min(1).max(512),
});
type Credential = z.infer<typeof salesforceCredential>;

type Access = EnrichmentAccess & { readonly apiKey: string };

const retry = (message: string, retryAfterMs: number | null = null): Answer & { readonly answer: 'retry' } => ({
  answer: 'retry',
  retryAfterMs,
  message: `Salesforce API: ${message}`,
});

const MAX_TOKENS = 200;

/** Access tokens of this isolate, by address and whole credential: who knows less gets no token of another's. */
const tokens = new Map<string, string>();

const tokenAnswer = z.object({ access_token: z.string().min(1).max(4096) });

/** A token in use, or why there is none now. Wrong credentials are for a person to mend, and the event waits. */
async function tokenFor(
  credential: Credential,
  base: string,
  access: Access,
): Promise<string | (Answer & { readonly answer: 'retry' })> {
  const known = tokens.get(`${base} ${access.apiKey}`);
  if (known !== undefined) return known;
  const answer = await access.http.send({
    method: 'POST',
    url: new URL('/services/oauth2/token', base).href,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: credential.clientId,
      client_secret: credential.clientSecret,
    }).toString(),
    timeoutMs: access.budget.timeoutMs,
  });
  if (answer.kind !== 'answer') return retry(answer.message);
  if (answer.status !== 200) return retry(`the token endpoint answered ${answer.status}`, answer.retryAfterMs);
  const json = parseJsonText(answer.body);
  const parsed = tokenAnswer.safeParse(json.ok ? json.value : null);
  if (!parsed.success) return retry('a token in an unknown shape');
  if (tokens.size >= MAX_TOKENS) tokens.clear();
  tokens.set(`${base} ${access.apiKey}`, parsed.data.access_token);
  return parsed.data.access_token;
}

/** `Account/0015g00000AccouAAB`: what the source asks for; anything else is a caller's bug. */
const recordId = /^([A-Za-z][A-Za-z0-9_]{0,79})\/([A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?)$/;

async function ask(need: EnrichmentNeed, access: Access): Promise<Answer> {
  const [, type, id] = recordId.exec(need.id) ?? [];
  if (need.kind !== 'record' || type === undefined || id === undefined) {
    throw new RangeError(`Salesforce has no enrichment of kind ${need.kind} by that id`);
  }
  const json = parseJsonText(access.apiKey);
  const credential = salesforceCredential.safeParse(json.ok ? json.value : null);
  if (!credential.success) return retry('the secret is not JSON with instanceUrl, clientId and clientSecret');
  const base = access.apiUrl ?? credential.data.instanceUrl;
  const url = new URL(`/services/data/${SALESFORCE_API_VERSION}/sobjects/${type}/${id}`, base).href;
  // A session may have ended since its token was kept: once more with a new one, and then no more.
  const first = await read(url, credential.data, base, access);
  if (first !== 'session_over') return first;
  tokens.delete(`${base} ${access.apiKey}`);
  const second = await read(url, credential.data, base, access);
  return second === 'session_over' ? retry('answered 401 to a new token') : second;
}

async function read(
  url: string,
  credential: Credential,
  base: string,
  access: Access,
): Promise<Answer | 'session_over'> {
  const token = await tokenFor(credential, base, access);
  if (typeof token !== 'string') return token;
  const answer = await access.http.send({
    method: 'GET',
    url,
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    body: null,
    timeoutMs: access.budget.timeoutMs,
  });
  if (answer.kind !== 'answer') return retry(answer.message);
  switch (answer.status) {
    case 200:
      break;
    case 401:
      return 'session_over';
    case 404:
      return { answer: 'none' };
    case 403:
      // The same status says that the run-as user may not read it and that the org's calls of the day are used up.
      return answer.body.includes('REQUEST_LIMIT_EXCEEDED')
        ? retry('the daily request limit is used up', answer.retryAfterMs)
        : { answer: 'none' };
    default:
      return retry(`answered ${answer.status}`, answer.retryAfterMs);
  }
  if (answer.body.length > access.budget.maxAnswerLength) return retry('answer too long');
  const record = readJsonText(answer.body);
  if (!record.ok || !isJsonObject(record.value)) return retry('record in an unknown shape');
  return { answer: 'found', value: record.value };
}

/** Kinds Salesforce's enrichment knows; the source asks for no others. */
export const salesforceEnrichmentKinds: readonly string[] = ['record'];

/**
 * Fetches within the budget; what is missing or may not be read is null, what may pass is `retry`. Never from the cache:
 * a record is wanted as it is now. Numbers come as the digits they were sent with.
 */
export const fetchSalesforceEnrichment: FetchEnrichment = (needs, access) => fetchAll(needs, access, ask);
