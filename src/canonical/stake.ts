/** What facts move, for whoever has to decide about them. */
import type { ExceptionDraft } from './decision.ts';
import type { CanonicalEvent } from './events.ts';
import { type Currency, type Money, minorUnits } from './money.ts';

/** Of the first fact that says an amount; nothing where none does. */
export function stakeOf(facts: readonly CanonicalEvent[]): Pick<ExceptionDraft, 'amount' | 'currency'> {
  for (const fact of facts) {
    const stake = amountOf(fact);
    if (stake !== null) return stake;
  }
  return { amount: null, currency: null };
}

function amountOf(fact: CanonicalEvent): Money | null {
  switch (fact.kind) {
    case 'revenue.recognized':
      return inOneCurrency(fact.open.map(({ amount, currency }) => ({ amount, currency })));
    case 'journal.posted':
    case 'journal.summarised':
      return inOneCurrency(
        fact.lines.map(({ amount, currency }) => ({ amount: minorUnits(Math.max(amount, 0)), currency })),
      );
    default:
      if (!('currency' in fact) || fact.currency === null) return null;
      if ('total' in fact) return { amount: fact.total, currency: fact.currency };
      if ('cumulative' in fact) return { amount: fact.cumulative, currency: fact.currency };
      return 'amount' in fact && fact.amount !== null ? { amount: fact.amount, currency: fact.currency } : null;
  }
}

/** The sum; null where there are several currencies, or none. */
function inOneCurrency(amounts: readonly Money[]): Money | null {
  const currencies = new Set<Currency>(amounts.map(({ currency }) => currency));
  const [currency, other] = currencies;
  if (currency === undefined || other !== undefined) return null;
  return { amount: minorUnits(amounts.reduce((sum, { amount }) => sum + amount, 0)), currency };
}
