/** Event types → facts. The table is the documentation: a type that is not in it is unknown and goes to a person. */
import type { z } from 'zod';
import type { CanonicalEvent } from '../../canonical/events.ts';
import type { EpochMs } from '../../canonical/ids.ts';
import { describeIssues } from '../json.ts';
import type { Enrichment, EnrichmentNeed, Interpretation, QuarantineReason } from '../source.ts';
import { key } from './billing-lines.ts';
import {
  creditNoteIssued,
  creditNoteUpdated,
  facts,
  instant,
  invoiceIssued,
  invoiceUpdated,
  nothing,
  partyName,
  unsupported,
} from './documents.ts';
import { paymentFailed, paymentRefunded, paymentSucceeded, refundNeeds, transactionEvent } from './payments.ts';
import {
  type CatalogueItem,
  type ChargebeeEvent,
  type Customer,
  catalogueItem,
  creditNoteContent,
  customerContent,
  invoiceContent,
  type Subscription,
  subscriptionContent,
  transactionContent,
} from './schemas.ts';
import type { ChargebeeSettings } from './settings.ts';

interface Context {
  readonly type: string;
  readonly occurredAt: EpochMs;
  readonly settings: ChargebeeSettings;
  readonly fetched: Enrichment;
}

/** A type's reading, its schema bound to it: answers the schema's objection, the needs, or the facts. */
interface Reader {
  problem(content: unknown): string | null;
  needs(content: unknown): readonly EnrichmentNeed[];
  facts(content: unknown, context: Context): Interpretation;
}

function reader<T>(
  schema: z.ZodType<T>,
  interpretContent: (content: T, context: Context) => Interpretation,
  needs: (content: T) => readonly EnrichmentNeed[] = () => [],
): Reader {
  return {
    problem(content) {
      const parsed = schema.safeParse(content);
      return parsed.success ? null : describeIssues(parsed.error.issues, 490);
    },
    needs(content) {
      const parsed = schema.safeParse(content);
      return parsed.success ? needs(parsed.data) : [];
    },
    facts(content, context) {
      const parsed = schema.safeParse(content);
      if (parsed.success) return interpretContent(parsed.data, context);
      return {
        kind: 'quarantine',
        reason: { code: 'schema_mismatch', detail: describeIssues(parsed.error.issues, 490) },
      };
    },
  };
}

const customers = reader(customerContent, ({ customer }, context) => facts(customerUpserted(customer, context)));
const subscriptions = reader(subscriptionContent, ({ subscription }, context) =>
  facts(subscriptionChanged(subscription, context)),
);
const issued = reader(invoiceContent, ({ invoice }, { occurredAt }) => invoiceIssued(invoice, occurredAt));
const noted = reader(creditNoteContent, ({ credit_note: note }, { occurredAt }) => creditNoteIssued(note, occurredAt));
const transactions = reader(transactionContent, (content) => transactionEvent(content));

/** `kind` is the object key's: what invoice lines refer to is a `product`, an item that groups prices is not. */
const catalogue = (member: 'item' | 'item_price' | 'plan' | 'addon', kind: 'product' | 'item'): Reader => {
  const upsert = reader(catalogueItem, (item, context) => facts(productUpserted(item, kind, context)));
  const inside = (content: unknown): unknown =>
    typeof content === 'object' && content !== null
      ? new Map<string, unknown>(Object.entries(content)).get(member)
      : undefined;
  return {
    problem: (content) => prefixed(member, upsert.problem(inside(content))),
    needs: () => [],
    facts: (content, context) => upsert.facts(inside(content), context),
  };
};

const prefixed = (member: string, problem: string | null): string | null =>
  problem === null ? null : `${member}.${problem}`.slice(0, 490);

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['customer_created', customers],
  ['customer_changed', customers],
  ['customer_deleted', customers],
  ...crud('item', catalogue('item', 'item')),
  ...crud('item_price', catalogue('item_price', 'product')),
  ...crud('plan', catalogue('plan', 'product')),
  ...crud('addon', catalogue('addon', 'product')),
  ['invoice_generated', issued],
  ['invoice_generated_with_backdating', issued],
  ['invoice_updated', reader(invoiceContent, ({ invoice }, { occurredAt }) => invoiceUpdated(invoice, occurredAt))],
  ['invoice_deleted', reader(invoiceContent, () => unsupported('invoice: a deleted invoice is reversed by a person'))],
  ['credit_note_created', noted],
  ['credit_note_created_with_backdating', noted],
  [
    'credit_note_updated',
    reader(creditNoteContent, ({ credit_note: note }, { occurredAt }) => creditNoteUpdated(note, occurredAt)),
  ],
  [
    'credit_note_deleted',
    reader(creditNoteContent, () => unsupported('credit_note: a deleted credit note is reversed by a person')),
  ],
  ['payment_succeeded', reader(transactionContent, (content, { occurredAt }) => paymentSucceeded(content, occurredAt))],
  ['payment_failed', reader(transactionContent, (content, { occurredAt }) => paymentFailed(content, occurredAt))],
  [
    'payment_refunded',
    reader(
      transactionContent,
      (content, { occurredAt, fetched }) => paymentRefunded(content, occurredAt, fetched),
      refundNeeds,
    ),
  ],
  ...crud('transaction', transactions),
  ...[
    'activated',
    'activated_with_backdating',
    'canceled_with_backdating',
    'cancellation_scheduled',
    'cancelled',
    'changed',
    'changed_with_backdating',
    'changes_scheduled',
    'created',
    'created_with_backdating',
    'deleted',
    'items_renewed',
    'pause_scheduled',
    'paused',
    'reactivated',
    'reactivated_with_backdating',
    'renewed',
    'resumed',
    'resumption_scheduled',
    'scheduled_cancellation_removed',
    'scheduled_changes_removed',
    'scheduled_pause_removed',
    'scheduled_resumption_removed',
    'shipping_address_updated',
    'started',
    'trial_extended',
  ].map((suffix): [string, Reader] => [`subscription_${suffix}`, subscriptions]),
]);

function crud(subject: string, one: Reader): [string, Reader][] {
  return ['created', 'updated', 'deleted'].map((verb) => [`${subject}_${verb}`, one]);
}

/**
 * Families of types that concern no books: set-up, reminders, and money that is only planned or held. Not here, so
 * unknown and shown to a person: `tax_withheld_*` and `omnichannel_*`, which do move money.
 */
const withoutEffect =
  /^(?:add_usages_|alert_|attached_item_|authorization_|business_entity_|card_|contract_term_|coupon_|customer_(?:business_entity_changed|entitlements_updated|moved_)|differential_price_|dunning_|entitlement_|feature_|gift_|grant_blocks_|hierarchy_|item_(?:entitlements_|family_|price_entitlements_)|mrr_|netd_payment_due_|order_|payment_(?:due_reminder|initiated|intent_|schedule|source_)|pending_invoice_|price_variant_|product_|promotional_credits_|quote_|refund_initiated|rule_|sales_order_|subscription_(?:advance_invoice_|business_entity_|cancellation_reminder|entitlements_|moved_|movement_|ramp_|renewal_reminder|trial_end_reminder)|token_|unbilled_charges_|usage_file_|variant_|vault_token_|virtual_bank_account_|voucher_)/;

export const understoodTypes: readonly string[] = [...readers.keys()].sort();

/** Why the event cannot be handed on, or null. Facts that do not add up show later, when it is interpreted. */
export function objection(event: ChargebeeEvent): QuarantineReason | null {
  const known = readers.get(event.event_type);
  if (known === undefined) return withoutEffect.test(event.event_type) ? null : unknownType;
  const problem = known.problem(event.content);
  return problem === null ? null : { code: 'schema_mismatch', detail: `content.${problem}` };
}

const unknownType: QuarantineReason = { code: 'unknown_type', detail: 'an event type the gateway has no mapping for' };

export const needsOf = (event: ChargebeeEvent): readonly EnrichmentNeed[] =>
  readers.get(event.event_type)?.needs(event.content) ?? [];

export function factsOf(event: ChargebeeEvent, settings: ChargebeeSettings, fetched: Enrichment): Interpretation {
  const known = readers.get(event.event_type);
  if (known !== undefined) {
    const occurredAt = event.occurred_at * 1000;
    return known.facts(event.content, { type: event.event_type, occurredAt, settings, fetched });
  }
  return withoutEffect.test(event.event_type)
    ? nothing(`${event.event_type} concerns no books`)
    : { kind: 'quarantine', reason: unknownType };
}

function customerUpserted(customer: Customer, { type, occurredAt, settings }: Context): CanonicalEvent {
  const references: Record<string, string> = {};
  for (const [system, field] of Object.entries(settings.referenceFields)) {
    const id = Object.hasOwn(customer, field) ? customer[field] : undefined;
    if (typeof id === 'string' && id !== '') references[system] = id;
  }
  const address = customer.billing_address;
  return {
    kind: 'customer.upserted',
    occurredAt,
    requires: [],
    customer: key('customer', customer.id),
    version: customer.resource_version ?? occurredAt,
    name: partyName(customer),
    email: customer.email ?? null,
    phone: customer.phone ?? null,
    taxId: customer.vat_number ?? null,
    address:
      address === undefined
        ? null
        : {
            line1: address.line1 ?? null,
            line2: address.line2 ?? null,
            city: address.city ?? null,
            postalCode: address.zip ?? null,
            state: address.state ?? address.state_code ?? null,
            country: address.country ?? null,
          },
    references,
    deleted: type === 'customer_deleted' || customer.deleted === true,
  };
}

function productUpserted(item: CatalogueItem, kind: 'product' | 'item', { type, occurredAt }: Context): CanonicalEvent {
  return {
    kind: 'product.upserted',
    occurredAt,
    requires: [],
    product: key(kind, item.id),
    version: item.resource_version ?? occurredAt,
    name: item.external_name ?? item.invoice_name ?? item.name ?? item.id,
    description: item.description ?? null,
    active: !type.endsWith('_deleted') && item.status !== 'archived' && item.status !== 'deleted',
  };
}

function subscriptionChanged(subscription: Subscription, { type, occurredAt }: Context): CanonicalEvent {
  const items = subscription.subscription_items.map((item) => ({
    product: key('product', item.item_price_id),
    quantity: item.quantity_in_decimal ?? String(item.quantity ?? 1),
  }));
  const plan =
    subscription.plan_id === undefined
      ? []
      : [{ product: key('product', subscription.plan_id), quantity: String(subscription.plan_quantity ?? 1) }];
  return {
    kind: 'subscription.changed',
    occurredAt: instant(undefined, occurredAt),
    requires: [],
    subscription: key('subscription', subscription.id),
    customer: key('customer', subscription.customer_id),
    version: subscription.resource_version ?? occurredAt,
    status: type === 'subscription_deleted' || subscription.deleted === true ? 'deleted' : subscription.status,
    items: items.length > 0 ? items : plan,
  };
}
