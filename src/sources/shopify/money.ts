/** Transactions, refunds and disputes. Money is at the gateway; its fees and payouts are told by the gateway, not here. */
import type { CanonicalEvent } from '../../canonical/events.ts';
import { currency } from '../../canonical/money.ts';
import { unreachable } from '../../canonical/result.ts';
import { exactMinor, facts, nothing, unsupported } from '../reading.ts';
import type { Interpretation } from '../source.ts';
import { type Context, key } from './context.ts';
import type { Dispute, Refund, Transaction } from './schemas.ts';

/** Money that no processor holds: recorded by hand, cash, or a gift card's stored value. */
const isElsewhere = (gateway: string | null | undefined): boolean =>
  /^(manual|cash|gift_card|shopify_store_credit|money order|bank deposit)$|cash on delivery/i.test(gateway ?? '');

const isTest = (transaction: Transaction, { settings }: Context): boolean =>
  transaction.test && settings.testOrders === 'refuse';

const wrongMode: Interpretation = {
  kind: 'quarantine',
  reason: { code: 'wrong_mode', detail: 'test: expected a real transaction' },
};

export function transactionCreated(transaction: Transaction, context: Context): Interpretation {
  if (isTest(transaction, context)) return wrongMode;
  switch (transaction.kind) {
    case 'authorization':
    case 'emv_authorization':
    case 'void':
      return nothing('money is held or released, not moved');
    case 'refund':
      return nothing('told by refunds/create');
    case 'change':
      return nothing('change given in cash');
    case 'capture':
    case 'sale':
      return collected(transaction, context);
    default:
      return unreachable(transaction.kind);
  }
}

function collected(transaction: Transaction, context: Context): Interpretation {
  const code = currency(transaction.currency);
  const amount = exactMinor(transaction.amount, code, 'amount');
  if (!amount.ok) return unsupported(amount.error);
  if (transaction.order_id === null || transaction.order_id === undefined) return unsupported('order_id: absent');
  const invoice = key('invoice', transaction.order_id);
  const common = {
    occurredAt: transaction.processed_at ?? transaction.created_at ?? context.occurredAt,
    payment: key('payment', transaction.id),
    customer: null,
    invoice,
    currency: code,
    amount: amount.value,
  };
  switch (transaction.status) {
    case 'pending':
      return nothing('pending; its outcome is another transaction or order event');
    case 'failure':
    case 'error':
      return facts({ kind: 'payment.failed', ...common, requires: [], reason: transaction.error_code ?? null });
    case 'success':
      if (isElsewhere(transaction.gateway))
        return unsupported('gateway: cash, manual and stored-value money is at no processor');
      if (amount.value <= 0) return unsupported('amount: expected more than nothing');
      return facts({ kind: 'payment.captured', ...common, requires: [invoice], settlement: null });
    default:
      return unsupported('status: expected pending, failure, error or success');
  }
}

/**
 * Each refund transaction is one refund of the transaction it names. What goods it was for is not booked from here:
 * whether a refund line's subtotal holds its tax depends on the shop, so the books take tax back pro rata.
 */
export function refundCreated(refund: Refund, context: Context): Interpretation {
  const all: CanonicalEvent[] = [];
  for (const [index, transaction] of refund.transactions.entries()) {
    const path = `transactions[${index}]`;
    if (transaction.kind !== 'refund' || transaction.status === 'failure' || transaction.status === 'error') continue;
    if (isTest(transaction, context)) return wrongMode;
    if (transaction.status !== 'success') return unsupported(`${path}.status: expected a finished refund`);
    if (isElsewhere(transaction.gateway))
      return unsupported(`${path}.gateway: cash, manual and stored-value money is at no processor`);
    if (transaction.parent_id === null || transaction.parent_id === undefined)
      return unsupported(`${path}.parent_id: absent`);
    const code = currency(transaction.currency);
    const amount = exactMinor(transaction.amount, code, `${path}.amount`);
    if (!amount.ok) return unsupported(amount.error);
    if (amount.value <= 0) return unsupported(`${path}.amount: expected more than nothing`);
    const payment = key('payment', transaction.parent_id);
    all.push({
      kind: 'refund.paid',
      occurredAt: transaction.processed_at ?? refund.processed_at ?? refund.created_at ?? context.occurredAt,
      requires: [payment],
      refund: key('refund', transaction.id),
      payment,
      invoice: key('invoice', refund.order_id),
      customer: null,
      currency: code,
      // The least that is known to be refunded; `amount` decides.
      cumulative: amount.value,
      amount: amount.value,
      creditNote: null,
      settlement: null,
    });
  }
  if (all.length > 0) return facts(...all);
  return refund.refund_line_items.length > 0 || refund.order_adjustments.length > 0
    ? unsupported('transactions: goods were taken back without money; what is owed is lowered by a person')
    : nothing('nothing was given back');
}

/** Shopify names the order, not the payment; an inquiry withholds nothing. Each state tells the steps it implies. */
export function disputeChanged(dispute: Dispute, context: Context): Interpretation {
  const code = currency(dispute.currency);
  const amount = exactMinor(dispute.amount, code, 'amount');
  if (!amount.ok) return unsupported(amount.error);
  const subject = {
    occurredAt: dispute.finalized_on ?? dispute.initiated_at ?? context.occurredAt,
    requires: [],
    dispute: key('dispute', dispute.id),
    payment: key('payment', `of-order-${dispute.order_id}`),
    customer: null,
    currency: code,
    amount: amount.value,
  };
  const opened: CanonicalEvent = { kind: 'dispute.opened', ...subject };
  if (dispute.type === 'inquiry') return facts(opened);
  const withdrawn: CanonicalEvent = { kind: 'dispute.withdrawn', ...subject, settlement: null };
  switch (dispute.status) {
    case 'needs_response':
    case 'under_review':
      return facts(opened, withdrawn);
    case 'won':
      return facts(opened, withdrawn, { kind: 'dispute.won', ...subject, settlement: null });
    case 'lost':
    case 'accepted':
      return facts(opened, withdrawn, { kind: 'dispute.lost', ...subject });
    case 'charge_refunded':
      return nothing('the charge was refunded instead; the refund has an event of its own');
    default:
      return unsupported('status: no rule for it');
  }
}
