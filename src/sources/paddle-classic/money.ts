/**
 * Paddle Classic's money → facts. Paddle is the merchant of record, as it is in Paddle Billing: the tax is its own, so the
 * books hold every amount without it, and what goes to clearing is what Paddle adds to the vendor's balance.
 */
import type { CanonicalEvent, InvoiceLine, Settlement } from '../../canonical/events.ts';
import type { EpochMs, ObjectKey } from '../../canonical/ids.ts';
import { type Currency, currency, type MinorUnits, minorUnits, negate, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { exactMinor, facts, nothing, plainLine, said, unsupported } from '../reading.ts';
import { type Interpretation, keysOf } from '../source.ts';
import type { Dispute, FailedPayment, Payment, Refund, SubscriptionPayment, Transfer } from './schemas.ts';

export const key = keysOf('paddle-classic');

export interface Context {
  readonly alertId: string;
  readonly occurredAt: EpochMs;
}

const DAY = 86_400_000;

/** A one-off buyer has no id: the order stands for them. */
const guestOf = (orderId: string): ObjectKey => key('customer', `guest-${orderId}`);

/** Each field as minor units of `code`, by its name; or what is wrong with the first that has none. */
function amounts<Name extends string>(
  read: Readonly<Record<Name, string>>,
  code: Currency,
  ...names: readonly Name[]
): Result<Readonly<Record<Name, MinorUnits>>, string> {
  const found: Partial<Record<Name, MinorUnits>> = {};
  for (const name of names) {
    const amount = exactMinor(read[name], code, name);
    if (!amount.ok) return amount;
    found[name] = amount.value;
  }
  if (!holdsAll(found, names)) throw new Error('an amount was passed over');
  return ok(found);
}

const holdsAll = <Name extends string>(
  found: Partial<Record<Name, MinorUnits>>,
  names: readonly Name[],
): found is Record<Name, MinorUnits> => names.every((name) => found[name] !== undefined);

interface Sold {
  readonly orderId: string;
  readonly customer: ObjectKey;
  readonly line: Pick<InvoiceLine, 'description' | 'product' | 'period'>;
}

/** The order is billed and paid in one. A sale whose shares do not make Paddle's earnings is not taken apart by guessing. */
function sale(read: Payment | SubscriptionPayment, sold: Sold, { occurredAt }: Context): Interpretation {
  const code = currency(read.currency);
  const price = amounts(read, code, 'sale_gross', 'payment_tax');
  if (!price.ok) return unsupported(price.error);
  const total = minorUnits(price.value.sale_gross - price.value.payment_tax);
  if (total < 0) return unsupported('payment_tax: more than sale_gross');
  const invoice = key('invoice', sold.orderId);
  const issued: CanonicalEvent = {
    kind: 'invoice.issued',
    occurredAt,
    requires: [],
    invoice,
    customer: sold.customer,
    number: sold.orderId,
    currency: code,
    lines: [plainLine({ id: sold.orderId, quantity: read.quantity ?? '1', ...sold.line, net: total })],
    total,
    creditApplied: ZERO,
    dueAt: null,
    billedTo: { name: said(read.customer_name), email: said(read.email) },
  };
  if (total === 0) return facts(issued);
  const settlement = settlementOf(read);
  if (!settlement.ok) return unsupported(settlement.error);
  return facts(issued, {
    kind: 'payment.captured',
    occurredAt,
    requires: [invoice],
    payment: key('payment', sold.orderId),
    customer: sold.customer,
    invoice,
    currency: code,
    amount: total,
    settlement: settlement.value,
  });
}

function settlementOf(read: Payment | SubscriptionPayment): Result<Settlement, string> {
  const code = currency(read.balance_currency);
  const names = ['balance_gross', 'balance_tax', 'balance_fee', 'balance_earnings'] as const;
  const shares = amounts(read, code, ...names);
  if (!shares.ok) return shares;
  const { balance_gross: whole, balance_tax: tax, balance_fee: fee, balance_earnings: net } = shares.value;
  const gross = minorUnits(whole - tax);
  // They differ where earnings are split between vendors, too: whose the rest is is not told.
  if (gross - fee !== net) return err('balance_earnings: not balance_gross less balance_tax and balance_fee');
  return ok({ currency: code, gross, fee, feeTax: ZERO, net, exchangeRate: null, reference: read.order_id });
}

export const paid = (read: Payment, context: Context): Interpretation =>
  sale(
    read,
    {
      orderId: read.order_id,
      customer: guestOf(read.order_id),
      line: {
        description: said(read.product_name) ?? `Order ${read.order_id}`,
        product: read.product_id === undefined ? null : key('product', read.product_id),
        period: null,
      },
    },
    context,
  );

/** A payment is for the time until the next bill ("allow access until next_bill_date", Paddle's own guide). */
export function subscriptionPaid(read: SubscriptionPayment, context: Context): Interpretation {
  const start = Math.floor(context.occurredAt / DAY) * DAY + DAY / 2;
  const end = read.next_bill_date;
  return sale(
    read,
    {
      orderId: read.order_id,
      customer: key('customer', read.user_id),
      line: {
        description: said(read.plan_name) ?? `Plan ${read.subscription_plan_id}`,
        product: key('product', read.subscription_plan_id),
        period: end !== undefined && end > start ? { start, end } : null,
      },
    },
    context,
  );
}

/** The amount holds its tax: nothing was collected, so nothing is booked. */
export function failed(read: FailedPayment, { alertId, occurredAt }: Context): Interpretation {
  const code = currency(read.currency);
  const amount = exactMinor(read.amount, code, 'amount');
  if (!amount.ok) return unsupported(amount.error);
  return facts({
    kind: 'payment.failed',
    occurredAt,
    requires: [],
    payment: key('payment', `attempt-${alertId}`),
    invoice: null,
    customer: key('customer', read.user_id),
    currency: code,
    amount: amount.value,
    reason: null,
  });
}

/** A refund has no id but its alert's, which is the same on each attempt. Paddle gives its fee back with it. */
export function refunded(read: Refund, { alertId, occurredAt }: Context): Interpretation {
  const code = currency(read.currency);
  const price = amounts(read, code, 'amount', 'gross_refund', 'tax_refund');
  if (!price.ok) return unsupported(price.error);
  const { amount: stated, gross_refund: gross, tax_refund: tax } = price.value;
  if (stated !== gross) return unsupported('amount: not gross_refund');
  const amount = minorUnits(gross - tax);
  if (amount < 0) return unsupported('tax_refund: more than gross_refund');
  const settlement = refundSettlement(read);
  if (!settlement.ok) return unsupported(settlement.error);
  if (amount === 0) {
    return settlement.value.net === 0
      ? nothing('a refund of tax alone; the tax is Paddle’s')
      : unsupported('balance_earnings_decrease: a refund of tax alone that changes the balance');
  }
  const payment = key('payment', read.order_id);
  return facts({
    kind: 'refund.paid',
    occurredAt,
    requires: [payment],
    refund: key('refund', alertId),
    payment,
    invoice: key('invoice', read.order_id),
    customer: read.user_id === undefined ? guestOf(read.order_id) : key('customer', read.user_id),
    currency: code,
    // The least that is known to be refunded; `amount` decides.
    cumulative: amount,
    amount,
    creditNote: null,
    settlement: settlement.value,
  });
}

function refundSettlement(read: Refund): Result<Settlement, string> {
  const code = currency(read.balance_currency);
  const parts = amounts(
    read,
    code,
    ...(['balance_gross_refund', 'balance_tax_refund', 'balance_fee_refund', 'balance_earnings_decrease'] as const),
  );
  if (!parts.ok) return parts;
  const { balance_gross_refund: whole, balance_tax_refund: tax, balance_fee_refund: fee } = parts.value;
  const { balance_earnings_decrease: decrease } = parts.value;
  const gross = minorUnits(whole - tax);
  if (gross - fee !== decrease) {
    return err('balance_earnings_decrease: not balance_gross_refund less balance_tax_refund and balance_fee_refund');
  }
  return ok({
    currency: code,
    gross: negate(gross),
    fee: negate(fee),
    feeTax: ZERO,
    net: negate(decrease),
    exchangeRate: null,
    reference: read.order_id,
  });
}

/**
 * What was disputed, in the order's currency: `amount` holds the fee, which is told in the balance's currency and in
 * dollars only.
 */
function disputed(read: Dispute, inBalance: MinorUnits, fee: MinorUnits): Result<MinorUnits, string> {
  const code = currency(read.currency);
  const whole = exactMinor(read.amount, code, 'amount');
  if (!whole.ok) return whole;
  if (code === currency(read.balance_currency)) {
    return whole.value === inBalance + fee ? ok(inBalance) : err('amount: not balance_amount and balance_fee together');
  }
  if (code !== 'USD' || read.fee_usd === undefined) return err('amount: holds a fee that is not told in its currency');
  const feeInDollars = exactMinor(read.fee_usd, code, 'fee_usd');
  if (!feeInDollars.ok) return feeInDollars;
  const rest = minorUnits(whole.value - feeInDollars.value);
  return rest > 0 ? ok(rest) : err('fee_usd: not less than amount');
}

/** A dispute has no id: it goes by its order. `payment_dispute_closed` is one that Paddle contested and won. */
export function disputeChanged(read: Dispute, { occurredAt }: Context, step: 'withdrawn' | 'won'): Interpretation {
  const code = currency(read.balance_currency);
  const parts = amounts(read, code, 'balance_amount', 'balance_fee');
  if (!parts.ok) return unsupported(parts.error);
  const { balance_amount: taken, balance_fee: fee } = parts.value;
  const amount = disputed(read, taken, fee);
  if (!amount.ok) return unsupported(amount.error);
  const dispute = key('dispute', read.order_id);
  const payment = key('payment', read.order_id);
  const total = minorUnits(taken + fee);
  const common = { currency: code, feeTax: ZERO, exchangeRate: null, reference: read.order_id };
  const subject = {
    occurredAt,
    dispute,
    payment,
    customer: null,
    currency: currency(read.currency),
    amount: amount.value,
  };
  return step === 'withdrawn'
    ? facts({
        kind: 'dispute.withdrawn',
        requires: [payment],
        ...subject,
        settlement: { ...common, gross: negate(taken), fee, net: negate(total) },
      })
    : facts({
        kind: 'dispute.won',
        requires: [dispute],
        ...subject,
        settlement: { ...common, gross: taken, fee: negate(fee), net: total },
      });
}

export function transferred(read: Transfer, { occurredAt }: Context): Interpretation {
  const code = currency(read.currency);
  const amount = exactMinor(read.amount, code, 'amount');
  if (!amount.ok) return unsupported(amount.error);
  return facts({
    kind: 'payout.sent',
    occurredAt,
    requires: [],
    payout: key('payout', read.payout_id),
    currency: code,
    amount: amount.value,
    arrivesAt: null,
    transactions: null,
  });
}
