/**
 * Every event type the source understands: what it means, or that it concerns no books. A type that is not here and
 * whose family is not here either is quarantined: it may move money by a rule nobody has written.
 */
import { creditNoteCreated, creditNoteVoided } from './interpret/credit-note.ts';
import { customerChanged, customerDeleted } from './interpret/customer.ts';
import { disputeClosed, disputeOpened, disputeReinstated, disputeWithdrawn } from './interpret/dispute.ts';
import { type Handler, noEffect } from './interpret/handler.ts';
import { invoiceFinalized, invoicePaid, invoiceUncollectible, invoiceVoided } from './interpret/invoice.ts';
import { chargeCaptured, chargeFailed, invoicePaymentPaid } from './interpret/payment.ts';
import { payoutFailed, payoutPaid, topupSucceeded } from './interpret/payout.ts';
import { productChanged, productDeleted } from './interpret/product.ts';
import { chargeRefunded, refundChanged } from './interpret/refund.ts';
import { subscriptionChanged } from './interpret/subscription.ts';
import { transferCreated, transferFailed, transferPaid } from './interpret/transfer.ts';

const draft = noEffect('a draft, a reminder or a change of no amount; booked when finalized');
const pending = noEffect('no money has moved yet, or it is told by another event');

const meaningful: Readonly<Record<string, Handler>> = {
  'customer.created': customerChanged,
  'customer.updated': customerChanged,
  'customer.deleted': customerDeleted,
  'product.created': productChanged,
  'product.updated': productChanged,
  'product.deleted': productDeleted,
  'customer.subscription.created': subscriptionChanged,
  'customer.subscription.updated': subscriptionChanged,
  'customer.subscription.deleted': subscriptionChanged,
  'customer.subscription.paused': subscriptionChanged,
  'customer.subscription.resumed': subscriptionChanged,
  'invoice.finalized': invoiceFinalized,
  'invoice.paid': invoicePaid,
  'invoice.voided': invoiceVoided,
  'invoice.marked_uncollectible': invoiceUncollectible,
  'invoice_payment.paid': invoicePaymentPaid,
  'charge.succeeded': chargeCaptured,
  'charge.captured': chargeCaptured,
  'charge.failed': chargeFailed,
  'charge.refunded': chargeRefunded,
  'charge.refund.updated': refundChanged,
  'refund.created': refundChanged,
  'refund.updated': refundChanged,
  'refund.failed': refundChanged,
  'credit_note.created': creditNoteCreated,
  'credit_note.voided': creditNoteVoided,
  'charge.dispute.created': disputeOpened,
  'charge.dispute.funds_withdrawn': disputeWithdrawn,
  'charge.dispute.funds_reinstated': disputeReinstated,
  'charge.dispute.closed': disputeClosed,
  'payout.paid': payoutPaid,
  'payout.failed': payoutFailed,
  'topup.succeeded': topupSucceeded,
  'transfer.created': transferCreated,
  'transfer.paid': transferPaid,
  'transfer.failed': transferFailed,
};

const withoutEffect: Readonly<Record<string, Handler>> = {
  ping: noEffect('a test of the endpoint'),
  'invoice.created': draft,
  'invoice.updated': draft,
  'invoice.upcoming': draft,
  'invoice.deleted': draft,
  'invoice.sent': draft,
  'invoice.overdue': draft,
  'invoice.will_be_due': draft,
  'invoice.finalization_failed': draft,
  'invoice.payment_action_required': pending,
  'invoice.payment_attempt_required': pending,
  'invoice.payment_succeeded': noEffect('covered by the charge, or by invoice.paid'),
  'invoice.payment_failed': noEffect('covered by charge.failed'),
  'charge.updated': noEffect('a change of no amount'),
  'charge.pending': pending,
  'charge.expired': noEffect('an authorisation expired; nothing had been collected'),
  'charge.dispute.updated': noEffect('evidence or status; money is told by funds_withdrawn and funds_reinstated'),
  'credit_note.updated': noEffect('a change of no amount'),
  'payout.created': noEffect('booked when paid'),
  'payout.updated': noEffect('booked when paid'),
  'payout.canceled': noEffect('cancelled before it was paid; nothing was booked'),
  'payout.reconciliation_completed': noEffect('booked when paid'),
  'balance.available': noEffect('a statement, not a movement'),
  'topup.created': pending,
  'topup.canceled': pending,
  'topup.failed': pending,
  'transfer.updated': noEffect('a change of no amount'),
  'transfer.canceled': noEffect('cancelled before it was paid; nothing was booked'),
};

/**
 * Families that concern no books whatever their last word is, so that a new type among them is no alarm. Money that
 * starts here (a payment intent) is announced by the charge.
 */
const familiesWithoutEffect = [
  'account.',
  'application.',
  'apps.',
  'balance_settings.',
  'billing.alert.',
  'billing.meter.',
  'billing_portal.',
  'capability.',
  'checkout.session.',
  'coupon.',
  'customer.bank_account.',
  'customer.card.',
  'customer.discount.',
  'customer.source.',
  'customer.subscription.',
  'customer.tax_id.',
  'entitlements.',
  'file.',
  'financial_connections.',
  'identity.',
  'invoiceitem.',
  'mandate.',
  'payment_intent.',
  'payment_link.',
  'payment_method.',
  'person.',
  'plan.',
  'price.',
  'promotion_code.',
  'quote.',
  'radar.',
  'reporting.',
  'review.',
  'setup_intent.',
  'shipping_rate.',
  'sigma.',
  'source.',
  'subscription_schedule.',
  'tax.settings.',
  'tax_rate.',
  'terminal.',
  'test_helpers.',
  'three_d_secure.',
] as const;

const familyWithoutEffect = noEffect('concerns no books');

const handlers: ReadonlyMap<string, Handler> = new Map([
  ...Object.entries(meaningful),
  ...Object.entries(withoutEffect),
]);

/** How to interpret events of this type; null when the type is not known. */
export function handlerFor(type: string): Handler | null {
  const own = handlers.get(type);
  if (own !== undefined) return own;
  return familiesWithoutEffect.some((family) => type.startsWith(family)) ? familyWithoutEffect : null;
}

/** Types by name, then families as `payment_intent.*`. */
export const understoodTypes: readonly string[] = [
  ...handlers.keys(),
  ...familiesWithoutEffect.map((family) => `${family}*`),
];
