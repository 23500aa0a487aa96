/** What facts move, for whoever has to decide about them. */
import type { ExceptionDraft } from './decision.ts';
import type { CanonicalEvent } from './events.ts';

/** Of the first fact that says an amount; nothing where none does. */
export function stakeOf(facts: readonly CanonicalEvent[]): Pick<ExceptionDraft, 'amount' | 'currency'> {
  for (const fact of facts) {
    if (!('currency' in fact) || fact.currency === null) continue;
    if ('total' in fact) return { amount: fact.total, currency: fact.currency };
    if ('cumulative' in fact) return { amount: fact.cumulative, currency: fact.currency };
    if ('amount' in fact) return { amount: fact.amount, currency: fact.currency };
  }
  return { amount: null, currency: null };
}
