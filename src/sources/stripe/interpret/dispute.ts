/**
 * Disputes. Opening one moves nothing; money moves when Stripe withdraws and reinstates it, told by the dispute's own
 * balance transactions: negative out, positive back.
 */
import type { ObjectKey } from '../../../canonical/ids.ts';
import type { Currency, MinorUnits } from '../../../canonical/money.ts';
import { idFrom, idOf } from '../schemas/common.ts';
import { type BalanceTransaction, type Dispute, dispute } from '../schemas/money.ts';
import { type Context, currencyOf, customerKey, facts, keyOf, money, nothing } from './context.ts';
import { handler } from './handler.ts';
import { combinedSettlement, settlementNeeds, transactionOf } from './settlement.ts';

interface DisputeParts {
  readonly occurredAt: number;
  readonly dispute: ObjectKey;
  readonly payment: ObjectKey;
  readonly customer: ObjectKey | null;
  readonly currency: Currency;
  readonly amount: MinorUnits;
}

function partsOf(object: Dispute, context: Context): DisputeParts {
  const currency = currencyOf(object.currency);
  const owner = typeof object.charge === 'string' ? object.payment_intent : object.charge;
  return {
    occurredAt: context.occurredAt,
    dispute: keyOf('dispute', object.id),
    payment: keyOf('payment', idOf(object.payment_intent) ?? idFrom(object.charge)),
    customer: typeof owner === 'object' && owner !== null ? customerKey(owner) : null,
    currency,
    amount: money(context, 'amount', object.amount, currency),
  };
}

function transactionsOf(object: Dispute, context: Context): readonly BalanceTransaction[] {
  const listed = object.balance_transactions ?? [];
  if (listed.length > 0) return listed;
  const single = transactionOf(context, object.balance_transaction);
  return single === null ? [] : [single];
}

const needsOf = (object: Dispute) =>
  (object.balance_transactions ?? []).length > 0 ? [] : settlementNeeds(object.balance_transaction);

export const disputeOpened = handler(dispute, {
  interpret(object, context) {
    const parts = partsOf(object, context);
    return facts({ kind: 'dispute.opened', ...parts, requires: [parts.payment] });
  },
});

export const disputeWithdrawn = handler(dispute, {
  needs: needsOf,
  interpret(object, context) {
    const parts = partsOf(object, context);
    const out = transactionsOf(object, context).filter((transaction) => transaction.amount < 0);
    const settlement = combinedSettlement(context, out, parts.currency);
    return facts({ kind: 'dispute.withdrawn', ...parts, requires: [parts.payment], settlement });
  },
});

export const disputeReinstated = handler(dispute, {
  needs: needsOf,
  interpret(object, context) {
    const parts = partsOf(object, context);
    const back = transactionsOf(object, context).filter((transaction) => transaction.amount > 0);
    const settlement = combinedSettlement(context, back, parts.currency);
    return facts({ kind: 'dispute.won', ...parts, requires: [parts.payment, parts.dispute], settlement });
  },
});

/** Closed: lost is final; won brings its money by `funds_reinstated`; a closed inquiry never moved any. */
export const disputeClosed = handler(dispute, {
  interpret(object, context) {
    const parts = partsOf(object, context);
    switch (object.status) {
      case 'lost':
        return facts({ kind: 'dispute.lost', ...parts, requires: [parts.payment, parts.dispute] });
      case 'won':
        return nothing('covered by charge.dispute.funds_reinstated');
      case 'warning_closed':
      case 'prevented':
        return nothing('an inquiry was closed; no money moved');
      default:
        context.problems.add('status', 'expected lost, won, prevented or warning_closed on a closed dispute');
        return nothing('closed with a status that has no rule');
    }
  },
});
