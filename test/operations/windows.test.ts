/** Windows close while consumers commit: whatever comes first, every entry is in exactly one window. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bindings } from '../../src/bindings.ts';
import type { JournalLine } from '../../src/canonical/entry.ts';
import { isoDate, laneKey, objectKey, providerEventId, sourceId, tenantId } from '../../src/canonical/ids.ts';
import { currency, minorUnits } from '../../src/canonical/money.ts';
import { commitLanes } from '../../src/ledger/commit.ts';
import type { EventRecord, LaneCommit } from '../../src/ledger/records.ts';
import { lastWindow, readWindow, type WindowRow } from '../../src/ledger/window-reads.ts';
import { closedTotals, closeWindow } from '../../src/operations/windows.ts';
import { tenantConfig } from '../../src/tenants/config.ts';
import type { SummaryRoute } from '../../src/tenants/runtime.ts';
import { simulationConfig } from '../simulation/config.ts';
import { NodeLedger } from '../simulation/node-ledger.ts';
import { nodeD1 } from '../support/node-d1.ts';

const tenant = tenantId('sim');
const route: SummaryRoute = {
  ...{ target: 'books', entity: 'sim-eu', window: '* * * * *', timeZone: 'UTC', per: 'day', linesPerJournal: 500 },
};
const config = tenantConfig.parse(simulationConfig);
const nowhere = { reference: () => null, late: [] };
const BEGIN = Date.UTC(2026, 0, 5);
const hash = (lane: number, position: number) => `${lane}-${position}`.padStart(64, '0');

const entryLine = (account: string, amount: number): JournalLine => ({
  ...{ role: 'revenue', account, currency: currency('EUR'), customer: null, tax: null, memo: null },
  amount: minorUnits(amount),
  base: minorUnits(amount),
});

interface Told {
  readonly lane: number;
  readonly position: number;
  /** False: it goes to the target as a document of its own. */
  readonly summarised: boolean;
  readonly waits: boolean;
}

const amountOf = ({ lane, position }: Told) => lane * 1_000 + position;

function eventOf(told: Told, waiting: boolean): EventRecord {
  const { lane, position, summarised } = told;
  return {
    ...{ source: sourceId('sim'), eventId: providerEventId(`e-${lane}-${position}`), seq: position, type: 'told' },
    ...{ occurredAt: BEGIN, receivedAt: BEGIN, trust: 'signed', bodyHash: hash(lane, position), note: null },
    position: waiting ? null : position,
    outcome: waiting ? 'waiting' : 'booked',
    facts: [],
    plan: { targets: [], documents: [], ...(summarised ? { summaries: ['books'] } : {}) },
    configVersion: 1,
    ...{ previousHash: null, hash: null },
  };
}

function commitOf(told: Told, waiting: boolean): LaneCommit {
  const { lane, position } = told;
  const key = laneKey(`sim:${lane}`);
  const from = { position: position - 1, hash: position === 1 ? '0'.repeat(64) : hash(lane, position - 1) };
  const amount = amountOf(told);
  return {
    ...{ tenant, lane: key, from, objects: [], exceptions: [], resolved: [] },
    to: waiting ? from : { position, hash: hash(lane, position) },
    events: [eventOf(told, waiting)],
    entries: waiting
      ? []
      : [
          {
            ...{ kind: 'invoice.issued', entity: 'sim-eu', baseCurrency: currency('EUR'), date: isoDate('2026-01-05') },
            ...{ object: objectKey('sim', 'invoice', `${lane}-${position}`), description: 'told', deferrals: [] },
            lines: [entryLine('121000', amount), entryLine('400000', -amount)],
            ...{ position, part: 0, source: sourceId('sim'), eventId: providerEventId(`e-${lane}-${position}`) },
            ...{ bodyHash: hash(lane, position), configVersion: 1 },
            ...{ previousHash: from.hash, hash: hash(lane, position) },
          },
        ],
  };
}

/** Consumers commit one event after another, each by a clock of its own, which may be behind or ahead of the others'. */
async function consume(db: NodeLedger, events: readonly Told[], skew: number): Promise<void> {
  for (const [index, told] of events.entries()) {
    const now = BEGIN + skew + index * 2;
    if (told.waits) await commitLanes(db, [commitOf(told, true)], nowhere, now);
    await commitLanes(db, [commitOf(told, false)], nowhere, now + 1);
  }
}

const accepting = {
  getByName: () => ({ accept: async () => ({ results: [{ code: 'accepted', seq: 1 }], ring: false, created: false }) }),
};
const closing = (db: NodeLedger, now: number) => {
  const env = { LEDGER_0: nodeD1(db), LANES: accepting } as unknown as Bindings;
  return closeWindow(env, { tenant, config }, route, 'clock', now);
};

const lives = fc.array(
  fc.record({
    skew: fc.integer({ min: 0, max: 40 }),
    events: fc.array(fc.record({ summarised: fc.boolean(), waits: fc.boolean() }), { minLength: 1, maxLength: 5 }),
  }),
  { minLength: 1, maxLength: 4 },
);

describe('a window that closes while entries are committed', () => {
  it('has each of them in it, or leaves it to the next one: never both, never neither', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), lives, fc.integer({ min: 1, max: 4 }), async (scheduler, consumers, closers) => {
        const ledger = new NodeLedger();
        const turn = () => scheduler.schedule(Promise.resolve()).then(() => {});
        const db = ledger.seenBy(turn, () => 'none', null);
        const told = consumers.map(({ events }, lane) =>
          events.map((event, index): Told => ({ ...event, lane: lane + 1, position: index + 1 })),
        );
        const work = [
          ...told.map((events, index) => consume(db, events, consumers[index]?.skew ?? 0)),
          ...Array.from({ length: closers }, async (_, index) => void (await closing(db, BEGIN + 20 * index))),
        ];
        await scheduler.waitFor(Promise.all(work));
        await scheduler.waitFor(closing(db, BEGIN + 1_000));

        const wanted = told
          .flat()
          .filter(({ summarised }) => summarised)
          .map(amountOf);
        const taken: number[] = [];
        for (const row of windowsIn(ledger)) {
          const inIt: number[] = [];
          const span = { after: row.afterCommit, to: row.toCommit };
          for await (const { entries } of readWindow(ledger, row, span)) {
            inIt.push(...entries.map(({ lines }) => lines[0]?.amount ?? 0));
          }
          const debit = inIt.reduce((sum, amount) => sum + amount, 0);
          expect(closedTotals(row)).toMatchObject({ entries: inIt.length, base: { debit, credit: debit } });
          taken.push(...inIt);
        }
        expect(taken.toSorted((a, b) => a - b)).toEqual(wanted.toSorted((a, b) => a - b));
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('is closed once when two close it at the same moment', async () => {
    const ledger = new NodeLedger();
    await consume(ledger, [{ lane: 1, position: 1, summarised: true, waits: false }], 0);
    const outcomes = await Promise.all([closing(ledger, BEGIN + 9), closing(ledger, BEGIN + 9)]);
    expect(outcomes.map(({ code }) => code).toSorted()).toEqual(['closed', 'overtaken']);
    expect(await lastWindow(ledger, { tenant, target: 'books', entity: 'sim-eu' })).toMatchObject({ number: 1 });
  });
});

const windowRow = z.object({
  ...{ tenant: z.string(), target: z.string(), entity: z.string(), number: z.int() },
  ...{ afterCommit: z.string(), toCommit: z.string(), closedAt: z.int(), totals: z.string() },
});
const windowsIn = (ledger: NodeLedger): WindowRow[] =>
  ledger
    .rows(
      'SELECT tenant, target, entity, number, after_commit AS afterCommit, to_commit AS toCommit, closed_at AS closedAt, totals FROM windows ORDER BY number',
    )
    .map((row) => windowRow.parse(row));
