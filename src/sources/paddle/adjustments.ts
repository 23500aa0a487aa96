/** Adjustments → facts, without tax as all of Paddle's amounts (see transactions.ts). Only what is approved has happened. */
import type { CanonicalEvent, InvoiceLine, Settlement } from '../../canonical/events.ts';
import { currency, minorUnits, negate, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { instantOf } from '../instants.ts';
import { exactSum, facts, nothing, plainLine, unsupported } from '../reading.ts';
import { type Interpretation, keysOf } from '../source.ts';
import type { Adjustment } from './schemas.ts';

const key = keysOf('paddle');

export function adjusted(read: Adjustment, occurredAt: number): Interpretation {
  if (read.status === 'pending_approval') return nothing('it waits for approval');
  if (read.status === 'rejected') return nothing('it was rejected');
  if (read.status !== 'approved') return unsupported('status: an adjustment that was taken back');
  const { subtotal, tax, total } = read.totals;
  if (subtotal + tax !== total) return unsupported('totals: subtotal and tax do not make total');
  switch (read.action) {
    case 'refund':
      return refunded(read, occurredAt);
    case 'credit':
      return credited(read, occurredAt);
    case 'chargeback':
    case 'chargeback_reverse':
      return charged(read, occurredAt);
    case 'chargeback_warning':
      return nothing('a warning moves no money');
    default:
      return unsupported('action: no mapping for it');
  }
}

const about = (read: Adjustment) => ({
  payment: key('payment', read.transaction_id),
  customer: read.customer_id === null || read.customer_id === undefined ? null : key('customer', read.customer_id),
  currency: currency(read.currency_code),
});

/** `amount` is this refund's own, so `cumulative` says no more than that at least this much was refunded. */
function refunded(read: Adjustment, occurredAt: number): Interpretation {
  const settlement = settlementOf(read, -1);
  if (!settlement.ok) return unsupported(settlement.error);
  const { payment, ...common } = about(read);
  const amount = minorUnits(read.totals.subtotal);
  return facts({
    kind: 'refund.paid',
    occurredAt: instantOf(read.updated_at ?? occurredAt),
    requires: [payment],
    refund: key('refund', read.id),
    payment,
    invoice: key('invoice', read.transaction_id),
    ...common,
    cumulative: amount,
    amount,
    creditNote: null,
    settlement: settlement.value,
  });
}

/** Of a transaction billed and not yet paid: less is owed. What goes to the customer's balance holds Paddle's tax. */
function credited(read: Adjustment, occurredAt: number): Interpretation {
  if (read.credit_applied_to_balance === true) return unsupported('credit_applied_to_balance: a balance is involved');
  const { customer, currency: code } = about(read);
  if (customer === null) return unsupported('customer_id: absent');
  const lines = read.items.map(
    (item): InvoiceLine => plainLine({ id: item.id, description: 'Credit', net: item.totals.subtotal }),
  );
  if (exactSum(lines.map((line) => line.net)) !== read.totals.subtotal) {
    return unsupported('items: do not sum to totals.subtotal');
  }
  const total = minorUnits(read.totals.subtotal);
  const invoice = key('invoice', read.transaction_id);
  return facts({
    kind: 'credit_note.issued',
    occurredAt: instantOf(read.updated_at ?? occurredAt),
    requires: [invoice],
    creditNote: key('credit_note', read.id),
    invoice,
    customer,
    number: null,
    currency: code,
    lines,
    total,
    reducesReceivable: total,
    refunded: ZERO,
    creditedToBalance: ZERO,
    paidOutOfBand: ZERO,
  });
}

/** A chargeback has no id but its adjustment's, which its reversal does not name: both go by the transaction. */
function charged(read: Adjustment, occurredAt: number): Interpretation {
  const won = read.action === 'chargeback_reverse';
  const settlement = settlementOf(read, won ? 1 : -1);
  if (!settlement.ok) return unsupported(settlement.error);
  const common = about(read);
  const dispute = key('dispute', read.transaction_id);
  const at = instantOf(read.updated_at ?? occurredAt);
  const amount = minorUnits(read.totals.subtotal);
  const step = { occurredAt: at, dispute, ...common, amount };
  const moved: CanonicalEvent = won
    ? { kind: 'dispute.won', requires: [dispute], settlement: settlement.value, ...step }
    : { kind: 'dispute.withdrawn', requires: [common.payment], settlement: settlement.value, ...step };
  return facts(moved);
}

/**
 * What Paddle's balance changed by: the earnings it takes back (or gives again). It returns its fee but for what it
 * retains, so the fee is negative on a refund. A chargeback fee is not in the earnings and is left to a person.
 */
function settlementOf(read: Adjustment, sign: 1 | -1): Result<Settlement | null, string> {
  const payout = read.payout_totals;
  if (payout === null || payout === undefined) return ok(null);
  const chargebackFee = payout.chargeback_fee?.amount ?? 0;
  if (chargebackFee !== 0) return err('payout_totals.chargeback_fee: a fee beside the earnings');
  const gross = minorUnits(payout.total - payout.tax);
  if (gross - payout.fee !== payout.earnings) return err('payout_totals: total less tax and fee is not earnings');
  const signed = (amount: number) => (sign === 1 ? minorUnits(amount) : negate(minorUnits(amount)));
  return ok({
    currency: currency(payout.currency_code),
    gross: signed(gross),
    fee: signed(payout.fee),
    feeTax: ZERO,
    net: signed(payout.earnings),
    exchangeRate: null,
    reference: read.id,
  });
}
