/** Event types → facts. A type that is neither in the table nor known to be without effect goes to a person. */
import type { EpochMs } from '../../canonical/ids.ts';
import { facts, nothing, type Reader, reader, said, unknownType, unsupported, without } from '../reading.ts';
import type { Interpretation, QuarantineReason } from '../source.ts';
import { creditNoteIssued, invoiceIssued, invoiceVoided, key, paidByStatus, paymentSucceeded } from './documents.ts';
import {
  type Customer,
  creditNote,
  customer,
  invoice,
  type LagoEvent,
  type Plan,
  payment,
  plan,
  type Subscription,
  subscription,
} from './schemas.ts';
import type { LagoSettings } from './settings.ts';

interface Context {
  readonly type: string;
  readonly occurredAt: EpochMs;
  readonly settings: LagoSettings;
}

const customers = reader(customer, (read, context: Context) => customerUpserted(read, context));
const plans = reader(plan, (read, context: Context) => productUpserted(read, context));
const subscriptions = reader(subscription, (read, context: Context) => subscriptionChanged(read, context));
const issued = reader(invoice, (read, { occurredAt }: Context) => invoiceIssued(read, occurredAt));

const each = (subject: string, verbs: readonly string[], one: Reader<Context>): [string, Reader<Context>][] =>
  verbs.map((verb) => [`${subject}.${verb}`, one]);

const readers: ReadonlyMap<string, Reader<Context>> = new Map<string, Reader<Context>>([
  ...each(
    'customer',
    [
      'created',
      'updated',
      'accounting_provider_created',
      'crm_provider_created',
      'payment_provider_created',
      'vies_check',
    ],
    customers,
  ),
  ...each('plan', ['created', 'updated', 'deleted'], plans),
  ...each(
    'subscription',
    [
      'canceled',
      'incomplete',
      'started',
      'terminated',
      'termination_alert',
      'trial_ended',
      'updated',
      'usage_threshold_reached',
    ],
    subscriptions,
  ),
  ...each('invoice', ['created', 'one_off_created', 'add_on_added', 'paid_credit_added'], issued),
  ['invoice.voided', reader(invoice, (read, { occurredAt }: Context) => invoiceVoided(read, occurredAt))],
  [
    'invoice.payment_status_updated',
    reader(invoice, (read, { occurredAt, settings }: Context) =>
      settings.paymentsFrom === 'invoice-status'
        ? paidByStatus(read, occurredAt)
        : nothing('payments are booked from payment.succeeded'),
    ),
  ],
  [
    'invoice.payment_dispute_lost',
    {
      problem: () => null,
      facts: () => unsupported('payment_dispute_lost: names neither the payment nor what was taken'),
    },
  ],
  ['invoice.payment_failure', without('an attempt that failed books nothing, and its amount is not said')],
  ['invoice.payment_overdue', without('lateness is no loss')],
  ...each('invoice', ['drafted', 'ready_to_finalize', 'deleted'], without('a draft is no claim')),
  ...each('invoice', ['generated', 'resynced'], without('the invoice has an event of its own')),
  ['credit_note.created', reader(creditNote, (read, { occurredAt }: Context) => creditNoteIssued(read, occurredAt))],
  ['credit_note.generated', without('the credit note has an event of its own')],
  [
    'credit_note.refund_failure',
    {
      problem: () => null,
      facts: () => unsupported('credit_note: its refund failed, the money is still to be returned'),
    },
  ],
  ['payment.succeeded', reader(payment, (read) => paymentSucceeded(read))],
  ['payment.requires_action', without('nothing was received yet')],
  ['fee.created', without('a fee is booked with its invoice')],
]);

/** Set-up, usage, dunning, and wallets: prepaid credit is booked where an invoice uses it. */
const withoutEffect =
  /^(?:alert|billable_metric|customer|dunning_campaign|event|events|feature|fee|integration|order|order_form|payment_provider|payment_receipt|payment_request|quote|wallet|wallet_transaction)\./;

export const understoodTypes: readonly string[] = [...readers.keys()].sort();

const objectOf = (event: LagoEvent): unknown => new Map<string, unknown>(Object.entries(event)).get(event.object_type);

/** Why the event cannot be handed on, or null. Facts that do not add up show later, when it is interpreted. */
export function objection(event: LagoEvent): QuarantineReason | null {
  const known = readers.get(event.webhook_type);
  if (known !== undefined) return known.problem(objectOf(event));
  return withoutEffect.test(event.webhook_type) ? null : unknownType;
}

export function factsOf(event: LagoEvent, occurredAt: EpochMs, settings: LagoSettings): Interpretation {
  const type = event.webhook_type;
  const known = readers.get(type);
  if (known !== undefined) return known.facts(objectOf(event), { type, occurredAt, settings });
  return withoutEffect.test(type) ? nothing(`${type} concerns no books`) : { kind: 'quarantine', reason: unknownType };
}

function customerUpserted(read: Customer, { occurredAt }: Context): Interpretation {
  const references: Record<string, string> = {};
  const salesforce = said(read.external_salesforce_id);
  if (salesforce !== null) references.salesforce = salesforce;
  const provider = said(read.billing_configuration?.payment_provider);
  const providerId = said(read.billing_configuration?.provider_customer_id);
  if (provider !== null && providerId !== null) references[provider] = providerId;
  return facts({
    kind: 'customer.upserted',
    occurredAt,
    requires: [],
    customer: key('customer', read.external_id),
    version: read.updated_at ?? occurredAt * 1000,
    name: said(read.legal_name) ?? said(read.name) ?? said(`${read.firstname ?? ''} ${read.lastname ?? ''}`),
    email: said(read.email),
    phone: said(read.phone),
    taxId: said(read.tax_identification_number),
    address: {
      line1: said(read.address_line1),
      line2: said(read.address_line2),
      city: said(read.city),
      postalCode: said(read.zipcode),
      state: said(read.state),
      country: said(read.country),
    },
    references,
    deleted: false,
  });
}

/** A plan does not say when it was changed: the time of receipt orders its snapshots. */
function productUpserted(read: Plan, { type, occurredAt }: Context): Interpretation {
  return facts({
    kind: 'product.upserted',
    occurredAt,
    requires: [],
    product: key('plan', read.code),
    version: occurredAt,
    name: said(read.invoice_display_name) ?? read.name,
    description: said(read.description),
    active: type !== 'plan.deleted',
  });
}

function subscriptionChanged(read: Subscription, { occurredAt }: Context): Interpretation {
  return facts({
    kind: 'subscription.changed',
    occurredAt,
    requires: [],
    subscription: key('subscription', read.lago_id),
    customer: key('customer', read.external_customer_id),
    version: occurredAt,
    status: read.status,
    items: [{ product: key('plan', read.plan_code), quantity: '1' }],
  });
}
