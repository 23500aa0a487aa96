/** Checkout.com's payments, disputes and payouts → facts. Amounts are gross; fees come with its settlement reports. */
import type { CanonicalEvent } from '../../canonical/events.ts';
import type { EpochMs, ObjectKey } from '../../canonical/ids.ts';
import { type Currency, currency, type MinorUnits } from '../../canonical/money.ts';
import { type Result, unreachable } from '../../canonical/result.ts';
import { facts, isoMinor, nothing, said, unsupported } from '../reading.ts';
import { type Interpretation, keysOf } from '../source.ts';
import type { Action, Dispute, Payout } from './schemas.ts';
import type { CheckoutSettings } from './settings.ts';

const key = keysOf('checkout-com');

export interface Context {
  readonly occurredAt: EpochMs;
  readonly settings: CheckoutSettings;
}

/** ISO 4217's but for those it does not list, which all have hundredths (checkout.com/docs, "Format the amount value"). */
const exponents: Readonly<Record<string, number>> = { CLF: 2, CLP: 2, UYI: 2, UYW: 2 };

interface Money {
  readonly currency: Currency;
  readonly amount: Result<MinorUnits, string>;
}

function moneyOf(amount: number, code: string): Money {
  const own = currency(code);
  return { currency: own, amount: isoMinor(amount, own, exponents) };
}

const customerOf = (read: Action): ObjectKey | null => {
  const id = read.customer?.id;
  return id === undefined || id === null ? null : key('customer', id);
};

/**
 * A payment captured at once, or the first of its captures, is the payment. A later one (more is captured in all than by
 * itself) is a payment of its own: refunds name the payment only and are taken from the first.
 */
export function captured(read: Action, { occurredAt }: Context): Interpretation {
  const { currency: code, amount } = moneyOf(read.amount, read.currency);
  if (!amount.ok) return unsupported(`data.amount: ${amount.error}`);
  if (amount.value === 0) return nothing('nothing was captured');
  const all = read.balances?.total_captured ?? read.amount;
  if (all < read.amount) return unsupported('data.balances.total_captured: less than this capture');
  return facts({
    kind: 'payment.captured',
    occurredAt: read.processed_on ?? occurredAt,
    requires: [],
    payment: key('payment', all === read.amount ? read.id : `${read.id}/${read.action_id}`),
    customer: customerOf(read),
    invoice: null,
    currency: code,
    amount: amount.value,
    settlement: null,
  });
}

export function refunded(read: Action, { occurredAt }: Context): Interpretation {
  const { currency: code, amount } = moneyOf(read.amount, read.currency);
  if (!amount.ok) return unsupported(`data.amount: ${amount.error}`);
  if (amount.value === 0) return nothing('nothing was refunded');
  const payment = key('payment', read.id);
  return facts({
    kind: 'refund.paid',
    occurredAt: read.processed_on ?? occurredAt,
    requires: [payment],
    refund: key('refund', read.action_id),
    payment,
    invoice: null,
    customer: customerOf(read),
    currency: code,
    // The least that is known to be refunded; `amount` decides.
    cumulative: amount.value,
    amount: amount.value,
    creditNote: null,
    settlement: null,
  });
}

export function declined(read: Action, { occurredAt }: Context): Interpretation {
  const { currency: code, amount } = moneyOf(read.amount, read.currency);
  if (!amount.ok) return unsupported(`data.amount: ${amount.error}`);
  return facts({
    kind: 'payment.failed',
    occurredAt: read.processed_on ?? occurredAt,
    requires: [],
    payment: key('payment', read.id),
    invoice: null,
    customer: customerOf(read),
    currency: code,
    amount: amount.value,
    reason: said(read.response_summary)?.slice(0, 500) ?? null,
  });
}

/**
 * The amount is taken from the account as soon as the dispute is received, a fee beside it that no event tells. Each step
 * is booked once whatever is repeated, so each event tells all the steps it implies.
 */
export const disputeStep =
  (outcome: 'withdrawn' | 'won' | 'lost') =>
  (read: Dispute, { occurredAt }: Context): Interpretation => {
    const { currency: code, amount } = moneyOf(read.amount, read.currency);
    if (!amount.ok) return unsupported(`data.amount: ${amount.error}`);
    const payment = key('payment', read.payment_id);
    const subject = {
      occurredAt: read.date ?? occurredAt,
      requires: [payment],
      dispute: key('dispute', read.id),
      payment,
      customer: null,
      currency: code,
      amount: amount.value,
    };
    const steps: readonly CanonicalEvent[] = [
      { kind: 'dispute.opened', ...subject },
      { kind: 'dispute.withdrawn', ...subject, settlement: null },
    ];
    switch (outcome) {
      case 'withdrawn':
        return facts(...steps);
      case 'won':
        return facts(...steps, { kind: 'dispute.won', ...subject, settlement: null });
      case 'lost':
        return facts(...steps, { kind: 'dispute.lost', ...subject });
      default:
        return unreachable(outcome);
    }
  };

/** Payouts of the tenant's own entities are its money; those of a platform's sub-entities are theirs. */
export function paidOut(read: Payout, { occurredAt, settings }: Context): Interpretation {
  const entity = read.sub_entity_id ?? read.entity_id ?? null;
  if (entity === null) return unsupported('data.entity_id: absent, so it is not known whose money it is');
  if (!settings.ownEntities.includes(entity)) return nothing('of an entity that is not the tenant’s own');
  const { source_amount: amount, source_currency: code } = read.instruction;
  const money = moneyOf(amount, code);
  if (!money.amount.ok) return unsupported(`data.instruction.source_amount: ${money.amount.error}`);
  return facts({
    kind: 'payout.sent',
    occurredAt: read.processed_on ?? occurredAt,
    requires: [],
    payout: key('payout', read.payout_id),
    currency: money.currency,
    amount: money.amount.value,
    arrivesAt: null,
    transactions: null,
  });
}
