/**
 * Provider balance = clearing balance: what the processor says it holds against what the books have on clearing from that
 * source, and what is known to lie between the two. It explains; it never books the difference away.
 */
import { z } from 'zod';
import type { LedgerDatabase } from '../ledger/database.ts';

/** Something that would make the two sides differ. */
export interface Explanation {
  /** `held_events`: accepted, not booked yet. `open_exceptions`: for a person. `fees_unknown`: booked gross. */
  readonly what: 'held_events' | 'open_exceptions' | 'fees_unknown';
  readonly count: number;
  /** At stake, in the currency compared; null where it is not known before it is booked. */
  readonly amount: number | null;
}

/** One currency of one source. Minor units. */
export interface Comparison {
  readonly currency: string;
  /** Null: the provider could not be asked, or offers no balance. */
  readonly provider: number | null;
  readonly books: number;
  readonly difference: number | null;
  /** Empty where the two agree. */
  readonly explanations: readonly Explanation[];
}

/** Every currency that either side knows; one that the provider does not name is nothing to it. Pure. */
export function compareBalances(
  provider: ReadonlyMap<string, number> | null,
  books: ReadonlyMap<string, number>,
  explain: (currency: string) => readonly Explanation[],
): Comparison[] {
  const currencies = [...new Set([...(provider?.keys() ?? []), ...books.keys()])].sort();
  return currencies.flatMap((currency) => {
    const own = books.get(currency) ?? 0;
    const theirs = provider === null ? null : (provider.get(currency) ?? 0);
    if (own === 0 && (theirs === null || theirs === 0)) return [];
    const difference = theirs === null ? null : theirs - own;
    const explanations = difference === 0 ? [] : explain(currency).filter(({ count }) => count > 0);
    return [{ currency, provider: theirs, books: own, difference, explanations }];
  });
}

/** Rows of open work that are looked at; beyond it the count stands still. */
const COUNTED = 10_000;

const held = `SELECT source, count(*) AS count FROM (SELECT source FROM events INDEXED BY events_held
WHERE tenant = ?1 AND outcome IN ('waiting','parked','quarantined') LIMIT ${COUNTED}) GROUP BY source`;
const open = `SELECT source, currency, count(*) AS count, sum(amount) AS amount FROM (SELECT source, currency, amount FROM exceptions INDEXED BY exceptions_open
WHERE tenant = ?1 AND status = 'open' LIMIT ${COUNTED}) GROUP BY source, currency`;

const heldRows = z.array(z.object({ source: z.string(), count: z.int() }));
const openRows = z.array(
  z.object({
    source: z.string().nullable(),
    currency: z.string().nullable(),
    count: z.int(),
    amount: z.int().nullable(),
  }),
);

export interface OpenOfSources {
  /** Events held, by source. */
  readonly held: ReadonlyMap<string, number>;
  readonly exceptions: z.infer<typeof openRows>;
}

/** What is not in the books yet. From the partial indexes of open work: it costs what is open. */
export async function openOfSources(db: LedgerDatabase, tenant: string): Promise<OpenOfSources> {
  const [events, exceptions] = await Promise.all(
    [held, open].map(async (sql) => (await db.prepare(sql).bind(tenant).all<unknown>()).results),
  );
  return {
    held: new Map(heldRows.parse(events).map(({ source, count }) => [source, count])),
    exceptions: openRows.parse(exceptions),
  };
}

/** Explanations from open work, for one source and currency. */
export function openWorkOf(
  { held: events, exceptions }: OpenOfSources,
  source: string,
  currency: string,
): Explanation[] {
  const mine = exceptions.filter((row) => row.source === source && row.currency === currency);
  return [
    { what: 'held_events', count: events.get(source) ?? 0, amount: null },
    {
      what: 'open_exceptions',
      count: mine.reduce((sum, { count }) => sum + count, 0),
      amount: mine.reduce((sum, { amount }) => sum + (amount ?? 0), 0),
    },
  ];
}
