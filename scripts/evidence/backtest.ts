/** What would stand in the books, had another config decided since a day: which entries, by account and amount. */
import { z } from 'zod';
import type { LedgerDatabase } from '../../src/ledger/database.ts';
import type { TenantRuntime } from '../../src/tenants/runtime.ts';
import { recordedConfigs } from './configs.ts';
import type { Evidence } from './evidence.ts';
import { Replay, type Replayed } from './replay.ts';
import { eventKey } from './verify-rows.ts';

/** Minor units of `currency`; debit positive. `would` − `was` is what the proposed config moves. */
export interface Moved {
  readonly entity: string;
  readonly account: string;
  readonly currency: string;
  readonly was: number;
  readonly would: number;
}

export interface ChangedEvent {
  readonly event: string;
  readonly type: string;
  readonly dates: { readonly was: readonly string[]; readonly would: readonly string[] };
  readonly outcome: { readonly was: string; readonly would: string };
  readonly moved: readonly Moved[];
}

export interface Backtest {
  /** Decided with the proposed config. */
  readonly events: number;
  readonly changed: number;
  /** At most 500. */
  readonly list: readonly ChangedEvent[];
  /** By entity, account and currency, over all changed events. */
  readonly totals: readonly Moved[];
  /** Events that would have asked the provider for what was never asked: their recorded facts were taken. */
  readonly borrowed: number;
}

const MAX_LISTED = 500;
const storedLines = z.array(z.looseObject({ account: z.string(), currency: z.string(), amount: z.int() }));

type Line = { readonly entity: string; readonly account: string; readonly currency: string; readonly amount: number };

function moves(was: readonly Line[], would: readonly Line[]): Moved[] {
  const sums = new Map<string, Moved>();
  const add = (line: Line, side: 'was' | 'would'): void => {
    const { entity, account, currency } = line;
    const key = [entity, account, currency].join('\n');
    const sum = sums.get(key) ?? { entity, account, currency, was: 0, would: 0 };
    sums.set(key, { ...sum, [side]: sum[side] + line.amount });
  };
  for (const line of was) add(line, 'was');
  for (const line of would) add(line, 'would');
  return [...sums.values()].filter((sum) => sum.was !== sum.would);
}

/** Null: both configs say the same of it. An event that would be booked later, or never, is changed too. */
function change({ row, entries, record, recordEntries }: Replayed): ChangedEvent | null {
  const was = entries.flatMap((entry) =>
    storedLines.parse(JSON.parse(entry.lines)).map((line) => ({ ...line, entity: entry.entity })),
  );
  const would = recordEntries.flatMap((entry) => entry.lines.map((line) => ({ ...line, entity: entry.entity })));
  const moved = moves(was, would);
  const dates = { was: entries.map(({ date }) => date), would: recordEntries.map(({ date }) => date) };
  const outcome = {
    was: row.outcome,
    would:
      record === null
        ? 'not decided'
        : record.note === null || record.position !== null
          ? record.outcome
          : `${record.outcome}: ${record.note}`,
  };
  const same = moved.length === 0 && dates.was.join() === dates.would.join() && outcome.was === outcome.would;
  return same ? null : { event: eventKey(row), type: row.type, dates, outcome, moved };
}

/**
 * Decides the whole history again in a fresh ledger: with the recorded versions what was decided before `since`, with
 * `proposed` the rest, so that the proposed config meets the books as they were then.
 * @param since epoch ms.
 */
export async function backtest(
  evidence: Evidence,
  into: LedgerDatabase,
  proposed: TenantRuntime,
  since: number,
): Promise<Backtest> {
  const list: ChangedEvent[] = [];
  const totals = new Map<string, Moved>();
  let [events, changed, borrowed] = [0, 0, 0];
  const onEvent = (replayed: Replayed): void => {
    if (replayed.row.decided_at < since) return;
    events += 1;
    if (replayed.borrowed !== null) borrowed += 1;
    const found = change(replayed);
    if (found === null) return;
    changed += 1;
    if (list.length < MAX_LISTED) list.push(found);
    for (const moved of found.moved) {
      const key = [moved.entity, moved.account, moved.currency].join('\n');
      const sum = totals.get(key) ?? { ...moved, was: 0, would: 0 };
      totals.set(key, { ...sum, was: sum.was + moved.was, would: sum.would + moved.would });
    }
  };
  const recorded = recordedConfigs(evidence);
  const runtime = async (version: number, decidedAt: number) => (decidedAt < since ? recorded(version) : proposed);
  await new Replay({ evidence, into, runtime, onEvent }).run();
  const order = (one: Moved, other: Moved): number =>
    `${one.entity} ${one.account} ${one.currency}` < `${other.entity} ${other.account} ${other.currency}` ? -1 : 1;
  return { events, changed, list, totals: [...totals.values()].sort(order), borrowed };
}
