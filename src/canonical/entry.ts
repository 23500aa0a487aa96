/** The journal entry: the balanced double-entry consequence of one canonical event. */
import type { AccountRole } from './accounts.ts';
import type { CanonicalKind } from './events.ts';
import type { IsoDate, ObjectKey } from './ids.ts';
import type { Currency, MinorUnits } from './money.ts';

export interface JournalLine {
  readonly role: AccountRole;
  /** Account code in the tenant's chart. */
  readonly account: string;
  readonly currency: Currency;
  /** In `currency`; debit positive, credit negative. Zero only on a pure exchange difference. */
  readonly amount: MinorUnits;
  /** The same in the entity's currency, signed alike. */
  readonly base: MinorUnits;
  /** The customer on receivable and credit lines: the sub-ledger key. */
  readonly customer: ObjectKey | null;
  /** Tax code on tax lines. */
  readonly tax: string | null;
  readonly memo: string | null;
  /**
   * The open item the line belongs to, where that is another object than the entry's: the invoice whose receivable a
   * payment settles, the credit note a refund clears, the payment a refund takes from clearing.
   */
  readonly item?: ObjectKey;
}

/**
 * One slice of deferred revenue, recognised in one accounting period. On an entry it is a signed *change* of the
 * schedule: credit notes, refunds, write-offs and voids add negative ones. What is to be recognised for a period is
 * the sum of its slices over all entries less what was recognised already, so late slices correct themselves.
 */
export interface DeferralSlice {
  /** First day of the accounting period, `2026-12-01`. */
  readonly period: IsoDate;
  /** The invoice's currency; an entry of a converted payment has lines in others. */
  readonly currency: Currency;
  /** In `currency`; negative for proration credits. */
  readonly amount: MinorUnits;
  readonly base: MinorUnits;
  readonly revenueAccount: string;
  readonly deferredAccount: string;
  readonly line: string;
}

/** What `decide` makes. The ledger adds identity (lane, position, part), config version and the hash chain. */
export interface DraftEntry {
  readonly kind: CanonicalKind;
  readonly entity: string;
  /** The entity's currency, in which the `base` amounts are. */
  readonly baseCurrency: Currency;
  /** Effective date in the entity's time zone. */
  readonly date: IsoDate;
  /** The object the entry is about: the invoice, the payment, the payout. */
  readonly object: ObjectKey;
  readonly description: string;
  /** Empty for a memo (a deal won, an invoice over nothing): it stands in the books without moving them. */
  readonly lines: readonly JournalLine[];
  readonly deferrals: readonly DeferralSlice[];
}

export type Imbalance = { readonly currency: Currency | 'base'; readonly sum: number };

/** Sums that should be zero and are not: per currency, and over base amounts. Empty means balanced. */
export function imbalances(lines: readonly JournalLine[]): Imbalance[] {
  const sums = new Map<Currency | 'base', number>();
  for (const line of lines) {
    sums.set(line.currency, (sums.get(line.currency) ?? 0) + line.amount);
    sums.set('base', (sums.get('base') ?? 0) + line.base);
  }
  return [...sums].filter(([, sum]) => sum !== 0).map(([currency, sum]) => ({ currency, sum }));
}
