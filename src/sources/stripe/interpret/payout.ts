/** Payouts, and with them what only a payout's list of transactions tells: Stripe's own fees and balance changes. */
import { z } from 'zod';
import type { BalanceAdjusted, PayoutSent, ProcessorFee } from '../../../canonical/events.ts';
import type { ObjectKey } from '../../../canonical/ids.ts';
import type { Currency } from '../../../canonical/money.ts';
import { negate } from '../../../canonical/money.ts';
import { type BalanceTransaction, balanceTransaction, type Payout, payout, topup } from '../schemas/money.ts';
import {
  type Context,
  currencyOf,
  facts,
  fetched,
  fromSeconds,
  keyOf,
  money,
  nothing,
  type Outcome,
  paymentKey,
} from './context.ts';
import { handler } from './handler.ts';
import { settlementOf } from './settlement.ts';

/** Unknown transactions are not dropped: a list with one that the schema refuses counts as not fetched. */
const transactionList = z.object({ data: z.array(balanceTransaction).max(2000) });

type Treatment = 'payment' | 'booked_elsewhere' | 'fee' | 'adjustment';

/**
 * By `reporting_category`, which Stripe names as the one for accounting
 * (docs.stripe.com/reports/reporting-categories), or by `type` where an old version has none.
 */
const treatments: ReadonlyMap<string, Treatment> = new Map(
  Object.entries({
    charge: 'payment',
    payment: 'payment',
    refund: 'booked_elsewhere',
    payment_refund: 'booked_elsewhere',
    refund_failure: 'booked_elsewhere',
    payment_failure_refund: 'booked_elsewhere',
    partial_capture_reversal: 'booked_elsewhere',
    dispute: 'booked_elsewhere',
    dispute_reversal: 'booked_elsewhere',
    payout: 'booked_elsewhere',
    payout_reversal: 'booked_elsewhere',
    payout_failure: 'booked_elsewhere',
    payout_cancel: 'booked_elsewhere',
    fee: 'fee',
    network_cost: 'fee',
    stripe_fee: 'fee',
    stripe_fx_fee: 'fee',
    tax_fee: 'fee',
  } satisfies Record<string, Treatment>),
);

const categoryOf = (transaction: BalanceTransaction): string => transaction.reporting_category ?? transaction.type;
const treatmentOf = (transaction: BalanceTransaction): Treatment =>
  treatments.get(categoryOf(transaction)) ?? 'adjustment';

/** The object whose transaction it is: the payment of a charge, refund or dispute; else its own fee or adjustment. */
function listedKey(transaction: BalanceTransaction): ObjectKey {
  switch (treatmentOf(transaction)) {
    case 'fee':
      return keyOf('fee', transaction.id);
    case 'adjustment':
      return keyOf('adjustment', transaction.id);
    case 'payment':
    case 'booked_elsewhere': {
      const { source } = transaction;
      if (typeof source !== 'object' || source === null) return keyOf('payment', source ?? transaction.id);
      return paymentKey(source.payment_intent, source.charge ?? source.id) ?? keyOf('payment', source.id);
    }
  }
}

/** Every transaction but the payout's own, so that they sum to what was paid out. */
function listed(transaction: BalanceTransaction, fallback: Currency, context: Context) {
  const { source } = transaction;
  const presentment = typeof source === 'object' && typeof source?.currency === 'string' ? source.currency : null;
  const currency = presentment === null ? fallback : currencyOf(presentment);
  return { payment: listedKey(transaction), settlement: settlementOf(context, transaction, currency) };
}

function ownFact(transaction: BalanceTransaction, context: Context): ProcessorFee | BalanceAdjusted {
  const currency = currencyOf(transaction.currency);
  const net = money(context, 'balance_transaction.net', transaction.net, currency);
  const occurredAt =
    transaction.created === null || transaction.created === undefined
      ? context.occurredAt
      : fromSeconds(transaction.created);
  if (treatmentOf(transaction) === 'fee') {
    const description = transaction.description ?? 'Stripe fee';
    const fee = keyOf('fee', transaction.id);
    return { kind: 'processor.fee', occurredAt, requires: [], fee, currency, amount: negate(net), description };
  }
  const adjustment = keyOf('adjustment', transaction.id);
  const category = categoryOf(transaction);
  return { kind: 'balance.adjusted', occurredAt, requires: [], adjustment, currency, amount: net, category };
}

function sent(object: Payout, context: Context): Outcome {
  const currency = currencyOf(object.currency);
  const parsed = transactionList.safeParse(fetched(context, 'payout_transactions', object.id));
  const all = parsed.success ? parsed.data.data : null;
  const transactions = all
    ?.filter((transaction) => transaction.type !== 'payout')
    .map((transaction) => listed(transaction, currency, context));
  const own = (all ?? []).filter((transaction) => ['fee', 'adjustment'].includes(treatmentOf(transaction)));
  const payoutSent: PayoutSent = {
    kind: 'payout.sent',
    occurredAt: context.occurredAt,
    requires: [],
    payout: keyOf('payout', object.id),
    currency,
    amount: money(context, 'amount', object.amount, currency),
    arrivesAt:
      object.arrival_date === null || object.arrival_date === undefined ? null : fromSeconds(object.arrival_date),
    transactions: transactions ?? null,
  };
  return facts(...own.map((transaction) => ownFact(transaction, context)), payoutSent);
}

export const payoutPaid = handler(payout, {
  needs: (object) => (object.automatic === false ? [] : [{ kind: 'payout_transactions', id: object.id }]),
  interpret: sent,
});

/**
 * A payout that bounced. Payouts are booked when paid, so one that failed before (its `previous_attributes.status` says
 * so) has nothing to take back.
 */
export const payoutFailed = handler(payout, {
  interpret(object, context) {
    const before = context.event.data.previous_attributes?.status;
    if (typeof before === 'string' && before !== 'paid')
      return nothing('failed before it was paid; nothing was booked');
    const currency = currencyOf(object.currency);
    const key = keyOf('payout', object.id);
    return facts({
      kind: 'payout.returned',
      occurredAt: context.occurredAt,
      requires: [key],
      payout: key,
      currency,
      amount: money(context, 'amount', object.amount, currency),
    });
  },
});

/**
 * A change of the balance that has no rule of its own: suspense, and a person. The key is the balance transaction's, so
 * that the payout's list does not bring the same change again.
 * @param sign -1 where the object's amount leaves the balance.
 */
export function balanceAdjusted(
  {
    currency: code,
    amount,
    balance_transaction: transaction,
  }: Pick<z.infer<typeof topup>, 'currency' | 'amount' | 'balance_transaction'>,
  context: Context,
  category: 'topup' | 'transfer',
  sign: 1 | -1,
): Outcome {
  const currency = currencyOf(code);
  return facts({
    kind: 'balance.adjusted',
    occurredAt: context.occurredAt,
    requires: [],
    adjustment: keyOf('adjustment', typeof transaction === 'string' ? transaction : transaction.id),
    currency,
    amount: money(context, 'amount', sign * amount, currency),
    category,
  });
}

export const topupSucceeded = handler(topup, {
  interpret: (object, context) => balanceAdjusted(object, context, 'topup', 1),
});
