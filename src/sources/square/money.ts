/** Payments, refunds, disputes and payouts: the seller's balance at Square. */
import type { CanonicalEvent } from '../../canonical/events.ts';
import { minorUnits, negate } from '../../canonical/money.ts';
import { unreachable } from '../../canonical/result.ts';
import { readInstant } from '../instants.ts';
import { facts, nothing, unsupported } from '../reading.ts';
import type { Interpretation } from '../source.ts';
import { amountOf, type Context, currencyOf, customerKey, key, settlementOf } from './context.ts';
import type { Dispute, Money, Payment, Payout, Refund } from './schemas.ts';

/** Recorded at Square, kept elsewhere: cash in the till, a cheque, a gift card's stored value. */
function isElsewhere(payment: Payment): boolean {
  if (payment.source_type === 'CASH' || payment.source_type === 'EXTERNAL') return true;
  return payment.card_details?.card?.card_brand === 'SQUARE_GIFT_CARD';
}

const present = (...values: readonly (Money | undefined)[]): Money[] => values.filter((value) => value !== undefined);

/** Both events carry the whole payment; only COMPLETED is money. Its repeats bring the fee, or nothing. */
export function paymentChanged(payment: Payment, { occurredAt }: Context): Interpretation {
  const common = {
    payment: key('payment', payment.id),
    customer: customerKey(payment.customer_id),
    // Square names the order, not the invoice; `invoice.payment_made` assigns it.
    invoice: null,
    currency: currencyOf(payment.total_money),
    amount: amountOf(payment.total_money),
    occurredAt,
    requires: [],
  };
  switch (payment.status) {
    case 'APPROVED':
    case 'PENDING':
      return nothing('authorised; money moves when the payment is completed');
    case 'CANCELED':
      return nothing('cancelled before any money moved');
    case 'FAILED': {
      const reason = payment.card_details?.errors?.[0]?.code ?? null;
      return facts({ kind: 'payment.failed', ...common, reason });
    }
    case 'COMPLETED': {
      if (isElsewhere(payment))
        return unsupported('payment.source_type: cash, external and gift-card money is not at Square');
      if (payment.total_money.amount <= 0) return unsupported('payment.total_money.amount: expected more than nothing');
      const fees = payment.processing_fee.map((fee) => fee.amount_money);
      // An application's fee is known at once, Square's own comes later: half of the fees would look like all of them.
      const all = fees.length === 0 ? [] : [...fees, ...present(payment.app_fee_money)];
      const settlement = settlementOf(payment.total_money.amount, payment.total_money.currency, all, payment.id);
      return facts({ kind: 'payment.captured', ...common, settlement });
    }
    default:
      return unreachable(payment.status);
  }
}

export function refundChanged(refund: Refund, { occurredAt }: Context): Interpretation {
  switch (refund.status) {
    case 'PENDING':
    case 'APPROVED':
      return nothing('the refund is under way; money moves when it is completed');
    case 'REJECTED':
    case 'FAILED':
    case 'CANCELED':
      return nothing('the refund did not take place');
    case 'COMPLETED': {
      if (refund.payment_id === undefined) return unsupported('refund.payment_id: absent (a refund of no payment)');
      if (refund.amount_money.amount <= 0) return unsupported('refund.amount_money.amount: expected more than nothing');
      const payment = key('payment', refund.payment_id);
      const amount = amountOf(refund.amount_money);
      // Square states its fee on the refund as negative: it is given back, and so is an application's share.
      const appFee = present(refund.app_fee_money).map((fee) => ({ ...fee, amount: -fee.amount }));
      const fees = [...refund.processing_fee.map((fee) => fee.amount_money), ...appFee];
      return facts({
        kind: 'refund.paid',
        occurredAt,
        requires: [payment],
        refund: key('refund', refund.id),
        payment,
        invoice: null,
        customer: null,
        currency: currencyOf(refund.amount_money),
        // The least that is known to be refunded; `amount` decides.
        cumulative: amount,
        amount,
        creditNote: null,
        settlement: settlementOf(-refund.amount_money.amount, refund.amount_money.currency, fees, refund.id),
      });
    }
    default:
      return unreachable(refund.status);
  }
}

/**
 * Square withholds the amount while a chargeback is open and gives it back when it is won. An inquiry withholds nothing.
 * Each step is booked once whatever is repeated, so each state tells all the steps it implies.
 */
export function disputeChanged(dispute: Dispute, { occurredAt }: Context): Interpretation {
  const subject = {
    occurredAt,
    dispute: key('dispute', dispute.id),
    payment: key('payment', dispute.disputed_payment.payment_id),
    customer: null,
    currency: currencyOf(dispute.amount_money),
    amount: amountOf(dispute.amount_money),
    requires: [key('payment', dispute.disputed_payment.payment_id)],
  };
  const opened: CanonicalEvent = { kind: 'dispute.opened', ...subject };
  const withdrawn: CanonicalEvent = { kind: 'dispute.withdrawn', ...subject, settlement: null };
  switch (dispute.state) {
    case 'INQUIRY_EVIDENCE_REQUIRED':
    case 'INQUIRY_PROCESSING':
      return facts(opened);
    case 'INQUIRY_CLOSED':
      return nothing('an inquiry was closed; no money moved');
    case 'EVIDENCE_REQUIRED':
    case 'PROCESSING':
      return facts(opened, withdrawn);
    case 'WON':
      return facts(opened, withdrawn, { kind: 'dispute.won', ...subject, settlement: null });
    case 'LOST':
    case 'ACCEPTED':
      return facts(opened, withdrawn, { kind: 'dispute.lost', ...subject });
    default:
      return unreachable(dispute.state);
  }
}

/** `payout.sent` and `payout.paid` are the same money on its way and arrived: the first that comes books it. */
export function payoutChanged(payout: Payout, { occurredAt }: Context): Interpretation {
  const subject = { payout: key('payout', payout.id), currency: currencyOf(payout.amount_money), occurredAt };
  const amount = amountOf(payout.amount_money);
  if (payout.status === 'FAILED') {
    return facts({ kind: 'payout.returned', ...subject, requires: [subject.payout], amount });
  }
  const arrivesAt = payout.arrival_date === undefined ? null : readInstant(`${payout.arrival_date}T00:00:00`);
  const fee = payout.payout_fee.reduce((sum, one) => sum + one.amount_money.amount, 0);
  if (payout.payout_fee.some((one) => one.amount_money.currency !== payout.amount_money.currency)) {
    return unsupported('payout.payout_fee: another currency than the payout');
  }
  const sent: CanonicalEvent = {
    kind: 'payout.sent',
    ...subject,
    requires: [],
    amount,
    arrivesAt,
    transactions: null,
  };
  if (fee === 0) return facts(sent);
  // Square states a cost of the seller's as negative here in some versions, positive in others; it is always a cost.
  const cost = minorUnits(fee);
  const description = 'Square instant payout fee';
  return facts(
    {
      kind: 'processor.fee',
      occurredAt,
      requires: [],
      fee: key('fee', payout.id),
      currency: subject.currency,
      amount: cost < 0 ? negate(cost) : cost,
      description,
    },
    sent,
  );
}
