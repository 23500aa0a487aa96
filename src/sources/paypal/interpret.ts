/** PayPal's events → facts. Its balance is the clearing account; transfers of it to a bank have no webhook. */
import type { Settlement } from '../../canonical/events.ts';
import type { EpochMs } from '../../canonical/ids.ts';
import { currency, type MinorUnits, minorUnits, ZERO } from '../../canonical/money.ts';
import { ok, type Result } from '../../canonical/result.ts';
import { exactMinor, facts, type Reader, reader, unsupported, without } from '../reading.ts';
import { type Interpretation, keysOf } from '../source.ts';
import {
  type Amount,
  type CatalogueItem,
  catalogueItem,
  type Dispute,
  dispute,
  type Payment,
  type PayoutItem,
  payment,
  payoutItem,
  type Refund,
  refund,
  type Subscription,
  subscription,
} from './schemas.ts';

const key = keysOf('paypal');

export interface Context {
  readonly occurredAt: EpochMs;
  readonly reason: string;
}

const minor = (amount: Amount, path: string): Result<MinorUnits, string> =>
  exactMinor(amount.value, currency(amount.currency), path);

/** The settlement as PayPal breaks it down; null where it leaves a part out, or where currencies differ. */
function settlementOf(
  sign: 1 | -1,
  gross: Amount,
  fee: Amount | undefined,
  net: Amount | undefined,
  reference: string,
): Result<Settlement | null, string> {
  if (fee === undefined || fee.currency !== gross.currency) return ok(null);
  if (net !== undefined && net.currency !== gross.currency) return ok(null);
  const [grossMinor, feeMinor] = [minor(gross, 'gross_amount'), minor(fee, 'paypal_fee')];
  if (!grossMinor.ok) return grossMinor;
  if (!feeMinor.ok) return feeMinor;
  const total = sign * grossMinor.value;
  // A refund's fee is given back, so it is a negative cost.
  const cost = sign * feeMinor.value;
  if (net !== undefined) {
    const netMinor = minor(net, 'net_amount');
    if (!netMinor.ok) return netMinor;
    if (sign * netMinor.value !== total - cost)
      return { ok: false, error: 'net_amount: not gross_amount less paypal_fee' };
  }
  return ok({
    currency: currency(gross.currency),
    gross: minorUnits(total),
    fee: minorUnits(cost),
    feeTax: ZERO,
    net: minorUnits(total - cost),
    exchangeRate: null,
    reference,
  });
}

function captured(resource: Payment, { occurredAt }: Context): Interpretation {
  const amount = minor(resource.amount, 'resource.amount');
  if (!amount.ok) return unsupported(amount.error);
  const parts = resource.seller_receivable_breakdown;
  const settlement = settlementOf(
    1,
    parts?.gross_amount ?? resource.amount,
    parts?.paypal_fee ?? resource.transaction_fee,
    parts?.net_amount,
    resource.id,
  );
  if (!settlement.ok) return unsupported(`resource.seller_receivable_breakdown.${settlement.error}`);
  if (settlement.value !== null && settlement.value.gross !== amount.value) {
    return unsupported('resource.seller_receivable_breakdown.gross_amount: not the amount');
  }
  return facts({
    kind: 'payment.captured',
    occurredAt,
    requires: [],
    payment: key('payment', resource.id),
    customer: null,
    invoice: null,
    currency: currency(resource.amount.currency),
    amount: amount.value,
    settlement: settlement.value,
  });
}

function failed(resource: Payment, { occurredAt, reason }: Context): Interpretation {
  const amount = minor(resource.amount, 'resource.amount');
  if (!amount.ok) return unsupported(amount.error);
  return facts({
    kind: 'payment.failed',
    occurredAt,
    requires: [],
    payment: key('payment', resource.id),
    invoice: null,
    customer: null,
    currency: currency(resource.amount.currency),
    amount: amount.value,
    reason,
  });
}

/** What was refunded: named by v1, linked by v2 (`rel: up`, …/captures/<id>). */
export function refundedPayment(resource: Pick<Refund, 'sale_id' | 'capture_id' | 'links'>): string | null {
  const up = resource.links.find((link) => link.rel === 'up')?.href ?? '';
  return resource.sale_id ?? resource.capture_id ?? /\/captures\/([A-Z0-9]{1,64})$/.exec(up)?.[1] ?? null;
}

function refunded(resource: Refund, { occurredAt }: Context): Interpretation {
  const paymentId = refundedPayment(resource);
  if (paymentId === null) return unsupported('resource.links: expected the refunded capture as rel up');
  const amount = exactMinor(
    resource.amount.value.replace(/^-/, ''),
    currency(resource.amount.currency),
    'resource.amount',
  );
  if (!amount.ok) return unsupported(amount.error);
  if (amount.value === 0) return unsupported('resource.amount: expected more than nothing');
  const parts = resource.seller_payable_breakdown;
  const settlement =
    parts === undefined
      ? ok(null)
      : settlementOf(-1, parts.gross_amount, parts.paypal_fee, parts.net_amount, resource.id);
  if (!settlement.ok) return unsupported(`resource.seller_payable_breakdown.${settlement.error}`);
  const payment = key('payment', paymentId);
  return facts({
    kind: 'refund.paid',
    occurredAt,
    requires: [payment],
    refund: key('refund', resource.id),
    payment,
    invoice: null,
    customer: null,
    currency: currency(resource.amount.currency),
    // The least that is known to be refunded; `amount` decides.
    cumulative: amount.value,
    amount: amount.value,
    creditNote: null,
    settlement: settlement.value,
  });
}

const outOfBalance = (id: string, amount: MinorUnits, code: string, category: string, occurredAt: EpochMs) =>
  facts({
    kind: 'balance.adjusted',
    occurredAt,
    requires: [],
    adjustment: key('adjustment', id),
    currency: currency(code),
    amount: minorUnits(-amount),
    category,
  });

/** PayPal took a payment back (a chargeback, a bank's reversal): suspense, and a person. */
function reversed(resource: Refund, { occurredAt }: Context): Interpretation {
  const { value, currency: code } = resource.amount;
  const amount = exactMinor(value.replace(/^-/, ''), currency(code), 'resource.amount');
  return amount.ok
    ? outOfBalance(`${resource.id}-reversal`, amount.value, code, 'reversal', occurredAt)
    : unsupported(amount.error);
}

function paidOut(resource: PayoutItem, { occurredAt }: Context): Interpretation {
  const paid = resource.payout_item.amount;
  const amount = minor(paid, 'resource.payout_item.amount');
  const fee =
    resource.payout_item_fee === undefined ? ok(ZERO) : minor(resource.payout_item_fee, 'resource.payout_item_fee');
  if (!amount.ok) return unsupported(amount.error);
  if (!fee.ok) return unsupported(fee.error);
  if (fee.value !== 0 && resource.payout_item_fee?.currency !== paid.currency) {
    return unsupported('resource.payout_item_fee: another currency than the payout');
  }
  const sum = minorUnits(amount.value + fee.value);
  return outOfBalance(resource.payout_item_id, sum, paid.currency, 'payout_item', occurredAt);
}

/** What PayPal holds or gives back during a dispute has no event of its own; refunds and reversals tell the outcome. */
function disputed(resource: Dispute, { occurredAt }: Context): Interpretation {
  const [transaction, ...others] = resource.disputed_transactions;
  if (transaction?.seller_transaction_id === undefined || others.length > 0) {
    return unsupported('resource.disputed_transactions: expected one, with its seller_transaction_id');
  }
  const amount = minor(resource.dispute_amount, 'resource.dispute_amount');
  if (!amount.ok) return unsupported(amount.error);
  const payment = key('payment', transaction.seller_transaction_id);
  return facts({
    kind: 'dispute.opened',
    occurredAt,
    requires: [payment],
    dispute: key('dispute', resource.dispute_id),
    payment,
    customer: null,
    currency: currency(resource.dispute_amount.currency),
    amount: amount.value,
  });
}

function subscribed(resource: Subscription, { occurredAt }: Context): Interpretation {
  const payer = resource.subscriber?.payer_id ?? resource.payer?.payer_info?.payer_id;
  const status = resource.status ?? resource.state;
  if (status === undefined) return unsupported('resource.status: absent');
  return facts({
    kind: 'subscription.changed',
    occurredAt,
    requires: [],
    subscription: key('subscription', resource.id),
    // Where PayPal names the subscriber by e-mail only, the subscription stands for them.
    customer: key('customer', payer ?? `subscriber-${resource.id}`),
    version: occurredAt,
    status,
    items:
      resource.plan_id === undefined
        ? []
        : [{ product: key('product', resource.plan_id), quantity: resource.quantity ?? '1' }],
  });
}

function catalogued(resource: CatalogueItem, { occurredAt }: Context): Interpretation {
  return facts({
    kind: 'product.upserted',
    occurredAt,
    requires: [],
    product: key('product', resource.id),
    version: occurredAt,
    name: resource.name,
    description: resource.description ?? null,
    active: (resource.status ?? resource.state ?? 'ACTIVE') === 'ACTIVE',
  });
}

const forPerson = (detail: string): Reader<unknown> => ({ problem: () => null, facts: () => unsupported(detail) });

const capture = reader(payment, captured);
const failure = reader(payment, failed);
const refunding = reader(refund, refunded);
const reversal = reader(refund, reversed);
const subscribing = reader(subscription, subscribed);
const catalogue = reader(catalogueItem, catalogued);
const pending = without('no money has moved yet');
const invoicing = forPerson('resource.invoice: invoices made at PayPal have no rule');

const types: Readonly<Record<string, Reader<Context>>> = {
  'PAYMENT.CAPTURE.COMPLETED': capture,
  'PAYMENT.SALE.COMPLETED': capture,
  'PAYMENT.CAPTURE.DECLINED': failure,
  'PAYMENT.CAPTURE.DENIED': failure,
  'PAYMENT.SALE.DENIED': failure,
  'PAYMENT.CAPTURE.PENDING': pending,
  'PAYMENT.SALE.PENDING': pending,
  'PAYMENT.CAPTURE.REFUNDED': refunding,
  'PAYMENT.SALE.REFUNDED': refunding,
  'PAYMENT.CAPTURE.REVERSED': reversal,
  'PAYMENT.SALE.REVERSED': reversal,
  'PAYMENT.PAYOUTS-ITEM.SUCCEEDED': reader(payoutItem, paidOut),
  'PAYMENT.PAYOUTS-ITEM.RETURNED': forPerson('resource: a payout came back'),
  'PAYMENT.PAYOUTS-ITEM.REFUNDED': forPerson('resource: a payout came back'),
  'CUSTOMER.DISPUTE.CREATED': reader(dispute, disputed),
  'CUSTOMER.DISPUTE.UPDATED': without('money is told by refunds and reversals'),
  'CUSTOMER.DISPUTE.RESOLVED': without('money is told by refunds and reversals'),
  'BILLING.SUBSCRIPTION.CREATED': subscribing,
  'BILLING.SUBSCRIPTION.ACTIVATED': subscribing,
  'BILLING.SUBSCRIPTION.RE-ACTIVATED': subscribing,
  'BILLING.SUBSCRIPTION.UPDATED': subscribing,
  'BILLING.SUBSCRIPTION.SUSPENDED': subscribing,
  'BILLING.SUBSCRIPTION.CANCELLED': subscribing,
  'BILLING.SUBSCRIPTION.EXPIRED': subscribing,
  'BILLING.SUBSCRIPTION.PAYMENT.FAILED': without('the failed payment is tried again; no money moved'),
  'BILLING.PLAN.CREATED': catalogue,
  'BILLING.PLAN.UPDATED': catalogue,
  'BILLING.PLAN.ACTIVATED': catalogue,
  'BILLING.PLAN.DEACTIVATED': catalogue,
  'CATALOG.PRODUCT.CREATED': catalogue,
  'CATALOG.PRODUCT.UPDATED': catalogue,
  'INVOICING.INVOICE.CREATED': without('a draft'),
  'INVOICING.INVOICE.SCHEDULED': without('a draft'),
  'INVOICING.INVOICE.PAID': invoicing,
  'INVOICING.INVOICE.REFUNDED': invoicing,
  'INVOICING.INVOICE.CANCELLED': invoicing,
  'INVOICING.INVOICE.UPDATED': invoicing,
};

const families: readonly (readonly [RegExp, string])[] = [
  [
    /^(CHECKOUT|PAYMENT\.AUTHORIZATION|PAYMENT\.ORDER|PAYMENTS\.PAYMENT)\./,
    'approved or held; money moves at the capture',
  ],
  [/^BILLING\.PLAN\.PRICING-CHANGE\./, 'prices reach the books with the payments'],
  [/^PAYMENT\.PAYOUTS(BATCH|-ITEM)\./, 'not paid out, or told item by item'],
  [/^CUSTOMER-SUPPORT\.CHARGEBACK\./, 'a step of a case; money is told by reversals'],
  [/^(VAULT|IDENTITY|MERCHANT|CUSTOMER\.(MANAGED-ACCOUNT|MERCHANT-INTEGRATION)|TAXES)\./, 'concerns no books'],
];

export const understoodTypes: readonly string[] = Object.keys(types);

export function typeReader(type: string): Reader<Context> | null {
  const known = Object.hasOwn(types, type) ? types[type] : undefined;
  if (known !== undefined) return known;
  const family = families.find(([pattern]) => pattern.test(type));
  return family === undefined ? null : without(family[1]);
}
