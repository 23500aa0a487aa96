/** What a golden case is: a story in a few events, and the balances an accountant expects of it, as literal numbers. */
import type { AccountRole } from '../../src/canonical/accounts.ts';
import type { ExchangeRate, Policies } from '../../src/canonical/decision.ts';
import type { CanonicalEvent } from '../../src/canonical/events.ts';
import type { Interpretation } from '../../src/sources/source.ts';
import type { Desk } from '../canonical/rules/books.ts';

/** One thing the books are told. */
export interface Told {
  /** `2026-01-15` */
  readonly date: string;
  /** Who tells it: `Stripe`, `Chargebee`, `the clock`, `a person`. */
  readonly by: string;
  /** In the teller's word: `invoice.finalized`. */
  readonly type: string;
  /** Which object: `in_1`. */
  readonly about: string;
  /** What a source makes of it; for the gateway's own facts made from the books as they stand. */
  readonly reading: (desk: Desk) => Interpretation;
}

/** A role's account; of taxes one per code. */
export type Account = AccountRole | `tax ${string}`;
/** By currency: account → balance as a decimal, debit positive. Accounts at zero are left out. */
export type Balances = Readonly<Record<string, Readonly<Partial<Record<Account, string>>>>>;

export interface GoldenCase {
  /** File name of its page. */
  readonly slug: string;
  readonly title: string;
  /** The story, for an accountant: what happened, and what the books make of it. */
  readonly story: string;
  readonly policy?: Partial<Policies>;
  /** The entity's currency; EUR unless said. */
  readonly base?: string;
  /** IANA name; Europe/Paris unless said. */
  readonly timeZone?: string;
  readonly rates?: readonly ExchangeRate[];
  readonly closedUntil?: string;
  readonly events: readonly Told[];
  readonly balances: Balances;
  /** Balances in the entity's currency; said where a currency other than it moved. */
  readonly inBase?: Balances[string];
  /** What is still deferred, by month: `{ '2026-02': '14.00' }`, in the currency of the case. */
  readonly deferred?: Readonly<Record<string, string>>;
  /** Causes of what a person is asked, in order, those of what was booked all the same included. */
  readonly asks?: readonly string[];
  /** How many of its events move nothing, whatever the reason; 0 unless said. */
  readonly silent?: number;
  readonly remarks?: readonly string[];
}

export interface Family {
  readonly topic: string;
  readonly about: string;
  readonly cases: readonly GoldenCase[];
}

export const said = (facts: readonly CanonicalEvent[], note: string | null = null): Interpretation => ({
  kind: 'facts',
  facts,
  note,
});

/** A source's reading depends on nothing but the event: made once, however often a case is played. */
export function readOnce(read: () => Interpretation): Told['reading'] {
  let made: Interpretation | null = null;
  return () => {
    made ??= read();
    return made;
  };
}
