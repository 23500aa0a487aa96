/**
 * Thin events, API v2: they name an object and hold none of it. `v1.invoice.paid` says what `invoice.paid` says, about an
 * object that is read from the API and interpreted by the same rules. It is read as it is now, so an event is booked
 * only where the object still bears it out; otherwise it goes to a person. Source: Stripe's event types of API v2 and
 * stripe-node's `parseEventNotification`.
 */
import { z } from 'zod';
import type { EnrichmentNeed } from '../source.ts';
import { READ_VERSION, type StripeEvent } from './envelope.ts';
import { jsonObject, stripeId } from './schemas/common.ts';
import { handlerFor } from './types.ts';

/** A thin event of API v2. */
export const thinEvent = z.object({
  id: stripeId,
  object: z.literal('v2.core.event'),
  type: z.string().min(1).max(120),
  created: z.iso.datetime({ offset: true }),
  livemode: z.boolean().optional(),
  /** Whose event it is: an account, or a path that ends in one; null for the own account. */
  context: z.string().max(255).nullish(),
  related_object: z.object({ id: stripeId, type: z.string().min(1).max(120), url: z.string().max(512) }).nullish(),
});
export type ThinEvent = z.infer<typeof thinEvent>;

interface ReadType {
  /** The related object's type, and where objects of that type are. */
  readonly object: string;
  readonly collection: string;
  /** Statuses that bear the event out; null: every state does, or the rule looks itself. */
  readonly status: readonly string[] | null;
}

const readTypes = (
  object: string,
  collection: string,
  types: Readonly<Record<string, readonly string[] | null>>,
): (readonly [string, ReadType])[] =>
  Object.entries(types).map(([type, status]) => [type, { object, collection, status }]);

/** By v1's name for the type. A type that moves something and is not here is not read. */
const types: ReadonlyMap<string, ReadType> = new Map([
  ...readTypes('customer', 'customers', {
    'customer.created': null,
    'customer.updated': null,
    'customer.deleted': null,
  }),
  // A deleted product cannot be read any more.
  ...readTypes('product', 'products', { 'product.created': null, 'product.updated': null }),
  ...readTypes('subscription', 'subscriptions', {
    'customer.subscription.created': null,
    'customer.subscription.updated': null,
    'customer.subscription.deleted': null,
    'customer.subscription.paused': null,
    'customer.subscription.resumed': null,
  }),
  ...readTypes('invoice', 'invoices', {
    'invoice.finalized': ['open', 'paid', 'void', 'uncollectible'],
    'invoice.paid': ['paid'],
    'invoice.voided': ['void'],
    'invoice.marked_uncollectible': ['uncollectible'],
  }),
  ...readTypes('invoice_payment', 'invoice_payments', { 'invoice_payment.paid': ['paid'] }),
  ...readTypes('charge', 'charges', {
    'charge.succeeded': ['succeeded'],
    'charge.captured': ['succeeded'],
    'charge.failed': ['failed'],
    'charge.refunded': ['succeeded'],
  }),
  ...readTypes('refund', 'refunds', {
    'charge.refund.updated': null,
    'refund.created': null,
    'refund.updated': null,
    'refund.failed': ['failed'],
  }),
  ...readTypes('credit_note', 'credit_notes', {
    'credit_note.created': ['issued', 'void'],
    'credit_note.voided': ['void'],
  }),
  ...readTypes('dispute', 'disputes', {
    'charge.dispute.created': null,
    'charge.dispute.funds_withdrawn': null,
    'charge.dispute.funds_reinstated': null,
    'charge.dispute.closed': null,
  }),
  ...readTypes('payout', 'payouts', { 'payout.paid': ['paid'], 'payout.failed': ['failed'] }),
  ...readTypes('topup', 'topups', { 'topup.succeeded': ['succeeded'] }),
  ...readTypes('transfer', 'transfers', { 'transfer.created': null }),
]);

/** Types of API v2 itself that concern no books. */
const ownWithoutEffect = [
  'v2.core.event_destination.ping',
  'v2.core.account.',
  'v2.core.account[',
  'v2.core.account_link.',
  'v2.core.account_person.',
] as const;

/** What a thin event's type means: an object to read, nothing for the books, or nothing that is known. */
export type ThinMeaning =
  | { readonly kind: 'read'; readonly type: string; readonly read: ReadType }
  | { readonly kind: 'no_effect'; readonly note: string }
  /** It moves something, and what it moved cannot be told from the object as it is now. */
  | { readonly kind: 'not_readable' }
  | { readonly kind: 'unknown' };

export function meaningOf(thin: Pick<ThinEvent, 'type'>): ThinMeaning {
  if (ownWithoutEffect.some((own) => thin.type.startsWith(own))) {
    return { kind: 'no_effect', note: 'concerns no books' };
  }
  if (!thin.type.startsWith('v1.')) return { kind: 'unknown' };
  const type = thin.type.slice('v1.'.length);
  const read = types.get(type);
  if (read !== undefined) return { kind: 'read', type, read };
  const handler = handlerFor(type);
  if (handler === null) return { kind: 'unknown' };
  return handler.silent === null ? { kind: 'not_readable' } : { kind: 'no_effect', note: handler.silent };
}

/** The account a context names: itself, or where its path ends. */
export const accountOf = (thin: ThinEvent): string | undefined => thin.context?.split('/').at(-1) || undefined;

export const THIN_OBJECT = 'thin_object';

/** Ids as Stripe makes them: nothing in them can lead elsewhere in the API. */
const objectId = /^[A-Za-z0-9_]{1,255}$/;

/**
 * Which object is to be read, as type and id; an error that says what is amiss. The address is made here: one that
 * came with the event is only compared, so that an event never says where the tenant's key is sent.
 */
export function objectNamed(
  thin: ThinEvent,
  read: ReadType,
): { readonly ok: true; readonly id: string } | { readonly ok: false; readonly detail: string } {
  const related = thin.related_object ?? null;
  if (related === null) return { ok: false, detail: 'related_object: absent' };
  if (related.type !== read.object || !objectId.test(related.id)) {
    return { ok: false, detail: 'related_object: not what the type is about' };
  }
  return related.url === pathOf(read, related.id)
    ? { ok: true, id: related.id }
    : { ok: false, detail: 'related_object.url: not the address of that object' };
}

const pathOf = (read: ReadType, id: string): string => `/v1/${read.collection}/${id}`;

/** The need for a thin event's object: `invoice.paid/in_1`, because what else must be read depends on the type. */
export const thinNeed = (type: string, id: string, account: string | null): EnrichmentNeed => ({
  kind: THIN_OBJECT,
  id: `${type}/${id}`,
  account,
});

/** Where a need's object is, and its type of event; null for an id that no need of ours has. */
export function readingOf(
  needId: string,
): { readonly type: string; readonly path: string; readonly id: string } | null {
  const [type = '', id = '', ...more] = needId.split('/');
  const read = types.get(type);
  if (read === undefined || more.length > 0 || !objectId.test(id)) return null;
  return { type, id, path: pathOf(read, id) };
}

/** A thin event's object with what its type needs besides, as the API answered them. */
export const thinAnswer = z.object({ object: jsonObject, fetched: z.record(z.string(), z.unknown()) });
export type ThinAnswer = z.infer<typeof thinAnswer>;

/** Whether the object's state bears the event out. A deleted customer is read as an empty shell, which would blank it. */
export function bornOut(type: string, read: ReadType, object: ThinAnswer['object']): boolean {
  if (object.deleted === true && type !== 'customer.deleted') return false;
  return read.status === null || (typeof object.status === 'string' && read.status.includes(object.status));
}

/** The event that v1 would have sent, with the object as it is now. `created` in seconds. */
export const snapshotOf = (
  event: Pick<StripeEvent, 'id' | 'type' | 'created' | 'account'>,
  object: ThinAnswer['object'],
): StripeEvent => ({ ...event, api_version: READ_VERSION, data: { object } });

/** What else must be read, once the object is known. Pure. */
export const needsOfObject = (
  type: string,
  object: ThinAnswer['object'],
  account: string | null,
): readonly EnrichmentNeed[] =>
  handlerFor(type)?.needs(snapshotOf({ id: 'evt', type, created: 0, account }, object)) ?? [];

/** For docs/sources.md. */
export const thinTypes: readonly string[] = [...types.keys()].map((type) => `v1.${type}`);
