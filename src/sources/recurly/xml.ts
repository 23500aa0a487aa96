/** The old XML notifications: the root's name is the type, elements are text, there is no event id and no event time. */
import { currency, minorUnits, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { instantOf } from '../instants.ts';
import {
  facts,
  nothing,
  partyName,
  plainLine,
  type Reader,
  reader,
  said,
  unknownType,
  unsupported,
} from '../reading.ts';
import { parseXml, type XmlElement } from '../salesforce/xml.ts';
import { type Interpretation, keysOf, type QuarantineReason } from '../source.ts';
import {
  accountNotification,
  type InvoiceNotification,
  invoiceNotification,
  type PaymentNotification,
  paymentNotification,
  type SubscriptionNotification,
  subscriptionNotification,
  type XmlAccount,
} from './schemas.ts';
import type { RecurlySettings } from './settings.ts';

const key = keysOf('recurly');

export interface XmlNotification {
  /** The root without `_notification`. */
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
}

interface Context {
  readonly type: string;
  /** Epoch ms of receipt: all there is to order snapshots by. */
  readonly receivedAt: number;
  readonly settings: RecurlySettings;
}

const accounts = reader(accountNotification, ({ account }, context: Context) => customerUpserted(account, context));
const subscriptions = reader(subscriptionNotification, (read, context: Context) => subscriptionChanged(read, context));
const issued = reader(invoiceNotification, (read) => invoiceIssued(read));
const paid = reader(paymentNotification, (read, { settings }: Context) => payment(read, settings));

const each = (types: readonly string[], one: Reader<Context>): [string, Reader<Context>][] =>
  types.map((type) => [type, one]);

const forPeople = (detail: string): Reader<Context> => ({ problem: () => null, facts: () => unsupported(detail) });

const readers: ReadonlyMap<string, Reader<Context>> = new Map<string, Reader<Context>>([
  ...each(['new_account', 'updated_account', 'canceled_account'], accounts),
  ...each(
    [
      'new_subscription',
      'updated_subscription',
      'canceled_subscription',
      'expired_subscription',
      'renewed_subscription',
      'reactivated_account',
      'subscription_paused',
      'subscription_resumed',
      'scheduled_subscription_pause',
      'subscription_pause_modified',
      'paused_subscription_renewal',
      'subscription_pause_canceled',
    ],
    subscriptions,
  ),
  ...each(['new_charge_invoice', 'new_invoice'], issued),
  ['new_credit_invoice', forPeople('invoice: a credit invoice does not name the invoice it corrects')],
  ...each(['successful_payment', 'failed_payment'], paid),
  ['successful_refund', forPeople('transaction: a refund does not name the payment it returns')],
  ['void_payment', forPeople('transaction: a payment that was taken back before it settled')],
]);

/** Billing details, dunning, payments on their way, and an invoice's later states: money has events of its own. */
const withoutEffect =
  /^(?:billing_info_|new_dunning_event|(?:scheduled|processing)_payment|transaction_status_updated|(?:processing|past_due|paid|failed|reopened|updated|closed)_(?:charge_)?invoice|(?:processing|closed|reopened|voided|open|updated)_credit_invoice|(?:new|updated|deleted|canceled)_(?:usage|item|gift_card|shipping_address)|prerenewal|fraud_info_updated|gift_card_|low_balance_gift_card|subscription_terms)/;

export const understoodXmlTypes: readonly string[] = [...readers.keys()].sort();

/** At most what the parser takes: no document types, bounded depth and size. */
export function readXml(body: Uint8Array): Result<XmlNotification, QuarantineReason> {
  const text = decoded(body);
  const root = text === null ? null : parseXml(text.replace(/^\s*<\?xml[^>]*\?>/, ''));
  if (root === null || !root.ok) return err({ code: 'not_xml', detail: 'not the XML of a notification' });
  const type = /^([a-z_]{1,80})_notification$/.exec(root.value.name)?.[1];
  if (type === undefined) return err({ code: 'unsupported_shape', detail: '(root): not a notification' });
  return ok({ type, content: objectOf(root.value) });
}

function decoded(body: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body);
  } catch {
    // Only a TypeError for bytes that are no UTF-8.
    return null;
  }
}

/** Elements with children are objects, others text; empty is null. Of elements with one name the first counts. */
function objectOf(element: XmlElement): Record<string, unknown> {
  const entries = [...element.children]
    .reverse()
    .map((child): [string, unknown] => [
      child.name,
      child.children.length > 0
        ? objectOf(child)
        : child.attributes.get('nil') === 'true'
          ? null
          : said(child.text)?.trim(),
    ]);
  return Object.fromEntries(entries);
}

export function xmlObjection({ type, content }: XmlNotification): QuarantineReason | null {
  const known = readers.get(type);
  if (known !== undefined) return known.problem(content);
  return withoutEffect.test(type) ? null : unknownType;
}

export function xmlFacts(read: XmlNotification, receivedAt: number, settings: RecurlySettings): Interpretation {
  const known = readers.get(read.type);
  if (known !== undefined) return known.facts(read.content, { type: read.type, receivedAt, settings });
  return withoutEffect.test(read.type)
    ? nothing(`${read.type} concerns no books`)
    : { kind: 'quarantine', reason: unknownType };
}

function customerUpserted(read: XmlAccount, { type, receivedAt }: Context): Interpretation {
  return facts({
    kind: 'customer.upserted',
    occurredAt: receivedAt,
    requires: [],
    customer: key('customer', read.account_code),
    version: receivedAt * 1000,
    name: partyName(read.company_name, read.first_name, read.last_name),
    email: read.email,
    phone: read.phone,
    taxId: null,
    address: null,
    references: {},
    deleted: type === 'canceled_account',
  });
}

function subscriptionChanged(read: SubscriptionNotification, { receivedAt }: Context): Interpretation {
  const { uuid, state, plan, quantity } = read.subscription;
  return facts({
    kind: 'subscription.changed',
    occurredAt: receivedAt,
    requires: [],
    subscription: key('subscription', uuid),
    customer: key('customer', read.account.account_code),
    version: receivedAt * 1000,
    status: state,
    items: [{ product: key('plan', plan.plan_code), quantity: quantity ?? '1' }],
  });
}

/** The notification has no lines: the invoice is one, with its tax under one code. */
function invoiceIssued({ account, invoice: read }: InvoiceNotification): Interpretation {
  const { subtotal_in_cents: net, tax_in_cents: tax, total_in_cents: total } = read;
  if (net + tax !== total) return unsupported('invoice.total_in_cents: not subtotal_in_cents and tax_in_cents');
  const number = read.invoice_number === null ? null : `${read.invoice_number_prefix ?? ''}${read.invoice_number}`;
  return facts({
    kind: 'invoice.issued',
    occurredAt: instantOf(read.created_at),
    requires: [],
    invoice: key('invoice', read.uuid),
    customer: key('customer', account.account_code),
    number,
    currency: currency(read.currency),
    lines: [
      plainLine({
        id: 'invoice',
        description: `Invoice ${number ?? read.uuid}`,
        net,
        discount: minorUnits(read.discount_in_cents ?? 0),
        taxes: tax === 0 ? [] : [{ code: 'tax', amount: minorUnits(tax), inclusive: false, percent: null }],
      }),
    ],
    total: minorUnits(total),
    creditApplied: ZERO,
    dueAt: read.due_on === null ? null : instantOf(read.due_on),
    billedTo: { name: partyName(account.company_name, account.first_name, account.last_name), email: account.email },
  });
}

const byHand: ReadonlySet<string> = new Set(['check', 'wire_transfer', 'money_order', 'eft', 'cash', 'other']);

function payment({ account, transaction: read }: PaymentNotification, settings: RecurlySettings): Interpretation {
  if (read.test === 'true' && !settings.acceptTest) {
    return { kind: 'quarantine', reason: { code: 'wrong_mode', detail: 'transaction.test: a live transaction' } };
  }
  const code = read.currency ?? settings.currency;
  if (code === null) return unsupported('transaction.currency: neither in the notification nor in the settings');
  if (read.action !== 'purchase' && read.action !== 'capture') return unsupported('transaction.action: a purchase');
  const customer = key('customer', account.account_code);
  const invoice = read.invoice_id === null ? null : key('invoice', read.invoice_id);
  const common = {
    occurredAt: instantOf(read.date),
    payment: key('payment', read.id),
    customer,
    currency: currency(code),
    amount: minorUnits(read.amount_in_cents),
  };
  if (read.status !== 'success') {
    return facts({ kind: 'payment.failed', ...common, requires: [], invoice, reason: read.failure_type });
  }
  if (read.amount_in_cents <= 0) return unsupported('transaction.amount_in_cents: positive');
  if (!byHand.has(read.payment_method ?? '')) {
    const requires = invoice === null ? [] : [invoice];
    return facts({ kind: 'payment.captured', ...common, requires, invoice, settlement: null });
  }
  if (invoice === null) return unsupported('transaction.invoice_id: absent on a payment by hand');
  return facts({ kind: 'payment.external', ...common, requires: [invoice], invoice });
}
