/**
 * Stripe's API as far as its webhooks need it: reads only, so a restricted key with read access to balance
 * transactions, charges and refunds, invoices and credit notes is enough; for thin events, to the objects they name.
 */
import { z } from 'zod';
import { parseJsonText } from '../json.ts';
import { type EnrichmentNeed, enrichmentKey } from '../source.ts';
import { READ_VERSION } from '../stripe/envelope.ts';
import { creditNote, documentLine, invoicePayment } from '../stripe/schemas/documents.ts';
import { accountBalance, balanceTransaction, refund } from '../stripe/schemas/money.ts';
import { needsOfObject, readingOf, THIN_OBJECT, type ThinAnswer } from '../stripe/thin.ts';
import type { EnrichmentAccess, FetchEnrichment } from './port.ts';
import { type Answer, fetchAll } from './run.ts';

/** Answers come in this version's shapes whatever the account's default is. */
export const STRIPE_API_VERSION = READ_VERSION;

const STRIPE_API_URL = 'https://api.stripe.com';

interface Endpoint {
  readonly path: (id: string) => string;
  readonly query?: (id: string) => Readonly<Record<string, string>>;
  readonly item: z.ZodType;
  readonly list: boolean;
  /** Whether an answer can be kept: it states something that is over. */
  readonly final: boolean;
}

const endpoints: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  [
    'balance_transaction',
    { path: (id) => `/v1/balance_transactions/${id}`, item: balanceTransaction, list: false, final: true },
  ],
  ['event', { path: (id) => `/v1/events/${id}`, item: z.looseObject({ id: z.string() }), list: false, final: true }],
  ['balance', { path: () => '/v1/balance', item: accountBalance, list: false, final: false }],
  ['invoice_lines', { path: (id) => `/v1/invoices/${id}/lines`, item: documentLine, list: true, final: true }],
  ['credit_note_lines', { path: (id) => `/v1/credit_notes/${id}/lines`, item: documentLine, list: true, final: true }],
  [
    'payout_transactions',
    {
      path: () => '/v1/balance_transactions',
      query: (payout) => ({ payout, 'expand[]': 'data.source' }),
      item: balanceTransaction,
      list: true,
      final: true,
    },
  ],
  [
    'payment_invoices',
    {
      path: () => '/v1/invoice_payments',
      query: (intent) => ({ 'payment[type]': 'payment_intent', 'payment[payment_intent]': intent }),
      item: invoicePayment,
      list: true,
      final: false,
    },
  ],
  [
    'invoice_payments',
    {
      path: () => '/v1/invoice_payments',
      query: (invoice) => ({ invoice, status: 'paid' }),
      item: invoicePayment,
      list: true,
      final: false,
    },
  ],
  [
    'charge_refunds',
    {
      path: () => '/v1/refunds',
      query: (charge) => ({ charge, 'expand[]': 'data.balance_transaction' }),
      item: refund,
      list: true,
      final: false,
    },
  ],
  [
    'customer_credit_notes',
    {
      path: () => '/v1/credit_notes',
      query: (customer) => ({ customer }),
      item: creditNote.pick({ id: true, refund: true, refunds: true }),
      list: true,
      final: false,
    },
  ],
]);

const page = z.object({ data: z.array(z.looseObject({ id: z.string().min(1) })).max(100), has_more: z.boolean() });

type Access = EnrichmentAccess & { readonly apiKey: string };

const retry = (message: string, retryAfterMs: number | null = null): Answer => ({
  answer: 'retry',
  retryAfterMs,
  message: `Stripe API: ${message}`,
});

/** 403: the restricted key may not read this kind, as the tenant chose. 401: the key is wrong, which a person mends. */
async function get(url: URL, account: string | null, access: Access): Promise<Answer> {
  const answer = await access.http.send({
    method: 'GET',
    url: url.href,
    headers: {
      authorization: `Bearer ${access.apiKey}`,
      'stripe-version': STRIPE_API_VERSION,
      ...(account === null ? {} : { 'stripe-account': account }),
    },
    body: null,
    timeoutMs: access.budget.timeoutMs,
  });
  if (answer.kind !== 'answer') return retry(answer.message);
  if (answer.status === 404 || answer.status === 403) return { answer: 'none' };
  if (answer.status !== 200) return retry(`answered ${answer.status}`, answer.retryAfterMs);
  if (answer.body.length > access.budget.maxAnswerLength) return retry('answer too long');
  const json = parseJsonText(answer.body);
  return json.ok ? { answer: 'found', value: json.value } : retry('answer is not JSON');
}

function urlOf(endpoint: Endpoint, id: string, access: Access, after: string | null): URL {
  const url = new URL(endpoint.path(encodeURIComponent(id)), access.apiUrl ?? STRIPE_API_URL);
  for (const [name, value] of Object.entries(endpoint.query?.(id) ?? {})) url.searchParams.set(name, value);
  if (endpoint.list) url.searchParams.set('limit', '100');
  if (after !== null) url.searchParams.set('starting_after', after);
  return url;
}

async function askObject(endpoint: Endpoint, need: EnrichmentNeed, access: Access): Promise<Answer> {
  const answer = await get(urlOf(endpoint, need.id, access, null), need.account, access);
  if (answer.answer !== 'found') return answer;
  const parsed = endpoint.item.safeParse(answer.value);
  return parsed.success ? { answer: 'found', value: parsed.data } : retry(`${need.kind} in an unknown shape`);
}

/** A list whole or not at all: part of a payout's transactions would book part of its fees. */
async function askList(endpoint: Endpoint, need: EnrichmentNeed, access: Access): Promise<Answer> {
  const data: unknown[] = [];
  let after: string | null = null;
  for (let turn = 0; turn < access.budget.maxPages; turn += 1) {
    const answer: Answer = await get(urlOf(endpoint, need.id, access, after), need.account, access);
    if (answer.answer !== 'found') return answer;
    const parsed = page.safeParse(answer.value);
    const items = parsed.success ? z.array(endpoint.item).safeParse(parsed.data.data) : parsed;
    if (!parsed.success || !items.success || !Array.isArray(items.data)) {
      return retry(`${need.kind} in an unknown shape`);
    }
    data.push(...items.data);
    if (!parsed.data.has_more) return { answer: 'found', value: { data, has_more: false } };
    after = parsed.data.data.at(-1)?.id ?? null;
    if (after === null) return retry(`${need.kind}: an empty page that says there is more`);
  }
  return { answer: 'none' };
}

const namedObject = z.looseObject({ id: z.string().min(1) });

/** The object a thin event names, and what its type needs besides: one is no use without the other. */
async function askThinObject(need: EnrichmentNeed, access: Access): Promise<Answer> {
  const reading = readingOf(need.id);
  if (reading === null) throw new RangeError('Stripe has no object by that id for thin events');
  const answer = await get(new URL(reading.path, access.apiUrl ?? STRIPE_API_URL), need.account, access);
  if (answer.answer !== 'found') return answer;
  const object = namedObject.safeParse(answer.value);
  // An answer about something else than was asked for would prove nothing.
  if (!object.success || object.data.id !== reading.id) return retry('object in an unknown shape');
  const fetched: [string, unknown][] = [];
  for (const besides of needsOfObject(reading.type, object.data, need.account)) {
    const more = await ask(besides, access);
    if (more.answer === 'retry') return more;
    fetched.push([enrichmentKey(besides), more.answer === 'found' ? more.value : null]);
  }
  const value: ThinAnswer = { object: object.data, fetched: Object.fromEntries(fetched) };
  return { answer: 'found', value };
}

async function ask(need: EnrichmentNeed, access: Access): Promise<Answer> {
  if (need.kind === THIN_OBJECT) return askThinObject(need, access);
  const endpoint = endpoints.get(need.kind);
  if (endpoint === undefined) throw new RangeError(`Stripe has no enrichment of kind ${need.kind}`);
  const key = `stripe:${need.account ?? ''}:${enrichmentKey(need)}`;
  if (endpoint.final) {
    const cached = await access.cache.get(key);
    if (cached !== undefined) return { answer: 'found', value: cached };
  }
  const answer = await (endpoint.list ? askList : askObject)(endpoint, need, access);
  if (endpoint.final && answer.answer === 'found') await access.cache.put(key, answer.value);
  return answer;
}

/** Kinds Stripe's enrichment knows; the source asks for no others. */
export const stripeEnrichmentKinds: readonly string[] = [...endpoints.keys(), THIN_OBJECT];

/**
 * Fetches from Stripe's API within the budget. Missing, forbidden and over-long lists are null; anything that may pass
 * is `retry`. Nothing is written, and the same needs may be asked any number of times.
 */
export const fetchStripeEnrichment: FetchEnrichment = (needs, access) => fetchAll(needs, access, ask);
