/** What an exception holds up: the events and documents of its customer that wait behind it. */
import { z } from 'zod';
import type { Bindings } from '../bindings.ts';
import { stakeOf } from '../canonical/stake.ts';
import type { LaneStatus } from '../durable-objects/customer-lane/protocol.ts';
import { eventsByIds } from '../ledger/event-reads.ts';
import type { LedgerReads } from '../ledger/reads.ts';
import { type MoneyView, moneyOf, moneyView } from '../ledger/views.ts';
import { storedFacts } from './event-place.ts';
import { laneStub } from './lanes.ts';

/** Held events and outbox items a lane is asked for. */
const ASKED = 200;

export const blockedView = z.object({
  events: z.int().describe('events of the lane that wait, or whose documents wait for the target'),
  atStake: z.array(moneyView).describe('what they move, by currency'),
  more: z.boolean().describe('there are more than were counted'),
});
type Blocked = z.infer<typeof blockedView>;

export async function blockedBehind(
  env: Bindings,
  books: LedgerReads,
  tenant: string,
  exception: {
    readonly lane: string;
    readonly seq: number | null;
    readonly status: string;
    readonly target: string | null;
  },
): Promise<Blocked> {
  const nothing: Blocked = { events: 0, atStake: [], more: false };
  if (exception.status !== 'open') return nothing;
  const status = await laneStub(env, tenant, exception.lane).status(ASKED);
  if (status === null) return nothing;
  const behind = behindOf(status, exception);
  const known = behind.flatMap(({ source, eventId }): [string, string][] =>
    source === undefined ? [] : [[source, eventId]],
  );
  const rows = await eventsByIds(books, tenant, known);
  const more = status.held.length === ASKED || status.outbox.length === ASKED;
  return { events: behind.length, atStake: sumsOf(rows.map((row) => stakeOf(storedFacts(row)))), more };
}

interface Behind {
  readonly seq: number;
  readonly source?: string;
  readonly eventId: string;
}

/** Of a refused document: what its lane has for that target. Of an event: what waits for something not yet booked. */
function behindOf(
  { held, outbox }: LaneStatus,
  exception: { readonly seq: number | null; readonly target: string | null },
): readonly Behind[] {
  const others = (one: { readonly seq: number }) => one.seq !== exception.seq;
  if (exception.target !== null) return outbox.filter((item) => item.target === exception.target && others(item));
  return held.filter((event) => event.reason.kind === 'waiting' && others(event));
}

function sumsOf(stakes: readonly ReturnType<typeof stakeOf>[]): MoneyView[] {
  const sums = new Map<string, number>();
  for (const { amount, currency } of stakes)
    if (amount !== null && currency !== null) sums.set(currency, (sums.get(currency) ?? 0) + Math.abs(amount));
  return [...sums].map(([currency, amount]) => moneyOf(amount, currency));
}
