/** Balance transactions → settlements: Stripe's own statement of what reached its balance and what it kept. */
import type { Settlement } from '../../../canonical/events.ts';
import type { Currency } from '../../../canonical/money.ts';
import type { EnrichmentNeed } from '../../source.ts';
import { rateFromStripe } from '../amounts.ts';
import { type BalanceTransaction, type BalanceTransactionReference, balanceTransaction } from '../schemas/money.ts';
import { type Context, currencyOf, exactly, fetched, money } from './context.ts';

type MaybeTransaction = BalanceTransactionReference | null | undefined;

/** Only a bare id has to be fetched. */
export const settlementNeeds = (ref: MaybeTransaction): Pick<EnrichmentNeed, 'kind' | 'id'>[] =>
  typeof ref === 'string' ? [{ kind: 'balance_transaction', id: ref }] : [];

/** The transaction itself: expanded in the event, or fetched; null when neither. */
export function transactionOf(context: Context, ref: MaybeTransaction): BalanceTransaction | null {
  if (ref === null || ref === undefined) return null;
  if (typeof ref !== 'string') return ref;
  const parsed = balanceTransaction.safeParse(fetched(context, 'balance_transaction', ref));
  return parsed.success ? parsed.data : null;
}

/**
 * Tax on fees is told apart by `fee_details` of type `tax`. `presentment` is the currency the payer saw. A transaction
 * that does not add up is a problem of the event, because cash is booked from it.
 */
export function settlementOf(context: Context, transaction: BalanceTransaction, presentment: Currency): Settlement {
  const currency = currencyOf(transaction.currency);
  const path = 'balance_transaction';
  const feeTaxSum = (transaction.fee_details ?? [])
    .filter((detail) => detail.type === 'tax')
    .reduce((sum, detail) => sum + detail.amount, 0);
  const gross = money(context, `${path}.amount`, transaction.amount, currency);
  const feeWithTax = money(context, `${path}.fee`, transaction.fee, currency);
  const feeTax = money(context, `${path}.fee_details`, feeTaxSum, currency);
  const net = money(context, `${path}.net`, transaction.net, currency);
  if (gross - feeWithTax !== net) context.problems.add(path, 'expected net = amount − fee');
  const exchangeRate = transaction.exchange_rate ?? null;
  return {
    currency,
    gross,
    fee: exactly(context, `${path}.fee`, feeWithTax - feeTax),
    feeTax,
    net,
    exchangeRate: exchangeRate === null ? null : rateFromStripe(exchangeRate, presentment, currency),
    reference: transaction.id,
  };
}

/** Several transactions of one fact (a dispute withdrawn in two parts) as one; null for none or mixed currencies. */
export function combinedSettlement(
  context: Context,
  transactions: readonly BalanceTransaction[],
  presentment: Currency,
): Settlement | null {
  const all = transactions.map((transaction) => settlementOf(context, transaction, presentment));
  const [first] = all;
  if (first === undefined || all.some((each) => each.currency !== first.currency)) return null;
  const total = (part: 'gross' | 'fee' | 'feeTax' | 'net') =>
    exactly(
      context,
      `balance_transactions.${part}`,
      all.reduce((sum, each) => sum + each[part], 0),
    );
  return { ...first, gross: total('gross'), fee: total('fee'), feeTax: total('feeTax'), net: total('net') };
}
