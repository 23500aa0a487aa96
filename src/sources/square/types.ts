/**
 * Every type of event the source understands. A type that is neither here nor of a family here is quarantined: it may
 * move money by a rule nobody has written.
 */

import { type Reader, reader, without } from '../reading.ts';
import type { EnrichmentNeed } from '../source.ts';
import { checked } from '../wire.ts';
import type { Context } from './context.ts';
import { invoiceCanceled, invoiceNeeds, invoicePaid, invoicePublished } from './invoices.ts';
import { disputeChanged, paymentChanged, payoutChanged, refundChanged } from './money.ts';
import { customerChanged, subscriptionChanged } from './parties.ts';
import { customer, dispute, invoice, payment, payout, refund, type SquareEvent, subscription } from './schemas.ts';

interface EventType {
  /** Which member of `data.object` holds the object. */
  readonly member: string | null;
  readonly reader: Reader<Context>;
}

const of = (member: string, own: Reader<Context>): EventType => ({ member, reader: own });
const silent = (note: string): EventType => ({ member: null, reader: without(note) });

const customerRule = of('customer', reader(customer, customerChanged));
const paymentRule = of('payment', reader(payment, paymentChanged));
const refundRule = of('refund', reader(refund, refundChanged));
const disputeRule = of('dispute', reader(dispute, disputeChanged));
const payoutRule = of('payout', reader(payout, payoutChanged));
const subscriptionRule = of('subscription', reader(subscription, subscriptionChanged));

const types: Readonly<Record<string, EventType>> = {
  'customer.created': customerRule,
  'customer.updated': customerRule,
  'customer.deleted': customerRule,
  'payment.created': paymentRule,
  'payment.updated': paymentRule,
  'refund.created': refundRule,
  'refund.updated': refundRule,
  'dispute.created': disputeRule,
  'dispute.state.changed': disputeRule,
  'dispute.state.updated': disputeRule,
  'payout.sent': payoutRule,
  'payout.paid': payoutRule,
  'payout.failed': payoutRule,
  'subscription.created': subscriptionRule,
  'subscription.updated': subscriptionRule,
  'invoice.published': of('invoice', reader(invoice, invoicePublished)),
  'invoice.payment_made': of('invoice', reader(invoice, invoicePaid)),
  'invoice.canceled': of('invoice', reader(invoice, invoiceCanceled)),
  'invoice.created': silent('a draft; booked when published'),
  'invoice.updated': silent('what changes an amount comes as published, canceled or payment_made'),
  'invoice.deleted': silent('only drafts can be deleted'),
  'invoice.refunded': silent('the money is told by refund.updated'),
  'invoice.scheduled_charge_failed': silent('the failed payment has an event of its own'),
};

const pointOfSale = 'what is sold and paid comes as payments, refunds and invoices';
const families: readonly (readonly [RegExp, string])[] = [
  [/\.custom_attribute(_definition)?\./, 'custom attributes concern no books'],
  [/^dispute\.evidence\./, 'evidence moves no money; states do'],
  [/^(order|terminal|online_checkout)\./, pointOfSale],
  [/^gift_card\./, 'stored value is sold and redeemed through payments'],
  [
    /^(card|bank_account|device|location|merchant|oauth|team_member|job|labor|loyalty|booking|vendor)\./,
    'concerns no books',
  ],
  [/^(catalog|inventory|transfer_order)\./, 'names no object; the catalogue is read from invoices and orders'],
  [/^webhooks\.test_notification$/, 'a test of the subscription'],
];

export function typeOf(name: string): EventType | null {
  const known = Object.hasOwn(types, name) ? types[name] : undefined;
  if (known !== undefined) return known;
  const family = families.find(([pattern]) => pattern.test(name));
  return family === undefined ? null : silent(family[1]);
}

/** The object of an event, unchecked. */
export const objectOf = (event: SquareEvent, type: EventType): unknown =>
  type.member === null ? null : event.data.object?.[type.member];

export function needsOf(event: SquareEvent): readonly EnrichmentNeed[] {
  if (event.type !== 'invoice.published' && event.type !== 'invoice.payment_made') return [];
  const read = checked(event.data.object?.invoice, invoice);
  return read.ok ? invoiceNeeds(read.value) : [];
}

export const understoodTypes: readonly string[] = Object.keys(types);
