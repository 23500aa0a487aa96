/** Deferred revenue when the dust has settled: on its account what is scheduled, and every month recognised once. */
import type { DeferralSlice, JournalLine } from '../../src/canonical/entry.ts';
import type { World } from './world.ts';

export interface DeferringEntry {
  readonly kind: string;
  readonly source: string;
  readonly event_id: string;
  readonly lines: string;
  readonly deferrals: string;
}

const placeOf = (slice: DeferralSlice): string =>
  JSON.stringify([slice.period, slice.currency, slice.revenueAccount, slice.deferredAccount]);

/** Schedules are the sum of all entries' slices, and stand on the deferred revenue account. */
export function deferredIsScheduled(world: World, entries: readonly DeferringEntry[]): string[] {
  const open = new Map<string, number>();
  let account = 0;
  for (const entry of entries) {
    const deferrals: DeferralSlice[] = JSON.parse(entry.deferrals);
    for (const slice of deferrals) open.set(placeOf(slice), (open.get(placeOf(slice)) ?? 0) + slice.amount);
    const lines: JournalLine[] = JSON.parse(entry.lines);
    for (const line of lines) if (line.role === 'deferredRevenue') account -= line.amount;
  }
  const problems: string[] = [];
  let scheduled = 0;
  for (const { place, amount } of world.ledger.rows<{ place: string; amount: number }>(
    'SELECT json_array(period, currency, revenue_account, deferred_account) AS place, amount FROM schedules',
  )) {
    if ((open.get(place) ?? 0) !== amount)
      problems.push(`${place} is scheduled with ${amount}, its entries say ${open.get(place) ?? 0}`);
    open.delete(place);
    scheduled += amount;
  }
  for (const [place, amount] of open)
    if (amount !== 0) problems.push(`no schedule for ${place}, its entries say ${amount}`);
  if (account !== scheduled) problems.push(`deferred revenue stands at ${account}, its schedules at ${scheduled}`);
  return problems;
}

/**
 * In the order of commits, what is recognised of a month by then is what was planned for it at some moment before: a
 * run that recognises again what another has would come to a sum that was never planned. In the end nothing is left of
 * a month that was told to be over when all was quiet.
 */
export function recognisedOnce(world: World, entries: readonly DeferringEntry[]): string[] {
  const problems: string[] = [];
  const [planned, recognised] = [new Map<string, number[]>(), new Map<string, number>()];
  const commits = world.ledger
    .rows<{ events: string }>('SELECT events FROM commits ORDER BY id')
    .map(({ events }): [string, string][] => JSON.parse(events));
  // An event that waited is named by an earlier commit too: it is booked by the last.
  const bookedBy = new Map(
    commits.flatMap((events, at) => events.map(([source, id]) => [`${source}/${id}`, at] as const)),
  );
  const byCommit = Map.groupBy(entries, (entry) => bookedBy.get(`${entry.source}/${entry.event_id}`));
  for (const at of commits.keys()) {
    const booked = byCommit.get(at) ?? [];
    for (const entry of booked.filter(({ kind }) => kind === 'revenue.recognized')) {
      const deferrals: DeferralSlice[] = JSON.parse(entry.deferrals);
      for (const slice of deferrals) {
        const sum = (recognised.get(placeOf(slice)) ?? 0) - slice.amount;
        recognised.set(placeOf(slice), sum);
        if (!(planned.get(placeOf(slice)) ?? [0]).includes(sum))
          problems.push(`${entry.event_id} comes to ${sum} for ${placeOf(slice)}, which was never planned`);
      }
    }
    for (const entry of booked.filter(({ kind }) => kind !== 'revenue.recognized')) {
      const deferrals: DeferralSlice[] = JSON.parse(entry.deferrals);
      for (const slice of deferrals) {
        const known = planned.get(placeOf(slice)) ?? [0];
        planned.set(placeOf(slice), [...known, (known.at(-1) ?? 0) + slice.amount]);
      }
    }
  }
  const left = world.openMonths();
  const over = new Set(
    [...world.accepted.keys()].filter((id) => id.endsWith('/very-last')).map((id) => id.split('/')[2]),
  );
  for (const month of left)
    if (over.has(month.slice(0, 7))) problems.push(`${month} is over and something of it is not recognised`);
  return problems;
}
