/** What a processor says it holds for us: asked through the same read-only clients as everything else. */
import { type Currency, type MinorUnits, minorUnits } from '../../canonical/money.ts';
import type { EnrichmentNeed } from '../source.ts';
import { fromStripe, stripeCurrency } from '../stripe/amounts.ts';
import { accountBalance } from '../stripe/schemas/money.ts';

export interface BalanceReader {
  /** @param account on behalf of whom, or null. */
  readonly need: (account: string | null) => EnrichmentNeed;
  /** By currency; null when the answer is not one, or an amount has no whole minor unit in the books. */
  readonly read: (answer: unknown) => ReadonlyMap<Currency, MinorUnits> | null;
}

/** Available and pending together: both are ours, and the books know no difference. */
function readStripe(answer: unknown): ReadonlyMap<Currency, MinorUnits> | null {
  const parsed = accountBalance.safeParse(answer);
  if (!parsed.success) return null;
  const held = new Map<Currency, MinorUnits>();
  for (const part of [...parsed.data.available, ...parsed.data.pending]) {
    const code = stripeCurrency(part.currency);
    const amount = fromStripe(part.amount, code);
    if (!amount.ok) return null;
    held.set(code, minorUnits((held.get(code) ?? 0) + amount.value));
  }
  return held;
}

/** By provider. The others hold no money of ours, or have no client here. */
export const balanceReaders: ReadonlyMap<string, BalanceReader> = new Map([
  ['stripe', { need: (account) => ({ kind: 'balance', id: 'now', account }), read: readStripe }],
]);
