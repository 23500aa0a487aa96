/**
 * Decides past events again: signed bytes and answers from the archive, order from the books, config by version, into a
 * fresh ledger. Each commit is planned as it was, all its lanes on the books before it, by the stage's own code. What
 * another consumer committed between an original plan and its commit is seen here and was not there.
 */
import { z } from 'zod';
import type { CanonicalEvent } from '../../src/canonical/events.ts';
import { type LaneKey, laneKey, providerEventId, sourceId, type TenantId, tenantId } from '../../src/canonical/ids.ts';
import type { LeasedEvent } from '../../src/durable-objects/customer-lane/protocol.ts';
import { bodyOf } from '../../src/ledger/archive-lines.ts';
import { readHead } from '../../src/ledger/books.ts';
import { commitLanes, LINK_BY_HAND } from '../../src/ledger/commit.ts';
import type { LedgerDatabase } from '../../src/ledger/database.ts';
import { type EntryRow, type EventRow, namedIn, type RowOf } from '../../src/ledger/evidence-reads.ts';
import { GENESIS, sha256Hex } from '../../src/ledger/hash.ts';
import type { EntryRecord, EventRecord } from '../../src/ledger/records.ts';
import type { Reading } from '../../src/queues/lane-plan.ts';
import type { LeasedLane, PlannedLane } from '../../src/queues/ledger-work.ts';
import { planLanes } from '../../src/queues/plan-commit.ts';
import { type EventsRead, readEvents } from '../../src/queues/read-events.ts';
import type { TenantRuntime } from '../../src/tenants/runtime.ts';
import { ArchiveShelf } from './archive-shelf.ts';
import type { Evidence } from './evidence.ts';

/** An event as it stands in the books, and as it was decided now. */
export interface Replayed {
  readonly row: EventRow;
  readonly entries: readonly EntryRow[];
  /** Null: it was not looked at (its lane waits for an earlier one). */
  readonly record: EventRecord | null;
  readonly recordEntries: readonly EntryRecord[];
  /** Why the bytes alone did not give its facts, so that the recorded ones were taken; null: they did. */
  readonly borrowed: string | null;
}

export interface ReplayPlan {
  readonly evidence: Evidence;
  readonly into: LedgerDatabase;
  /** The config that decides an event of this version and time. Called often: to be remembered by the caller. */
  readonly runtime: (version: number, decidedAt: number) => Promise<TenantRuntime>;
  readonly onEvent: (replayed: Replayed) => void;
  /** Brings what is no commit's (closed months) to where it stood at a time. Asked for ever later times. */
  readonly asOf?: (at: number) => Promise<void>;
}

/** Events that a lane could not apply and that are tried again with its next ones; more are given up. */
const MAX_PENDING = 100;

interface OpenCommit {
  readonly id: string;
  readonly at: number;
  readonly events: EventRow[];
}

export class Replay {
  readonly #plan: ReplayPlan;
  readonly #shelf: ArchiveShelf;
  readonly #tenant: TenantId;
  /** Where each lane stands in the original. */
  readonly #done = new Map<string, number>();
  readonly #pending = new Map<string, { readonly event: LeasedEvent; readonly reading: Reading }[]>();
  /** Links that people made, by time: they are in no commit. */
  #links: RowOf<'lane_links'>[] | null = null;
  #resume: string | null = null;
  #open: OpenCommit | null = null;
  commits = 0;

  constructor(plan: ReplayPlan) {
    this.#plan = plan;
    this.#shelf = new ArchiveShelf(plan.evidence);
    this.#tenant = tenantId(plan.evidence.tenant);
  }

  /** Goes on to the end of the journal; how many commits were new. */
  async run(): Promise<number> {
    const before = this.commits;
    await this.#loadLinks();
    const entries = new Map<string, EntryRow[]>();
    for (let cursor = this.#resume; ; ) {
      const { page, next, resume } = await this.#plan.evidence.journal(cursor);
      const rows = new Map(page.events.map((row) => [`${row.source}/${row.event_id}`, row]));
      for (const row of page.entries) {
        const place = `${row.lane}#${row.position}`;
        const known = entries.get(place) ?? [];
        if (!known.some(({ part }) => part === row.part)) entries.set(place, [...known, row]);
      }
      for (const commit of page.commits) {
        const names = namedIn(commit.events) ?? [];
        const open: OpenCommit =
          this.#open?.id === commit.id ? this.#open : { id: commit.id, at: commit.committed_at, events: [] };
        open.events.push(...names.slice(commit.from, commit.to).flatMap((pair) => rows.get(pair.join('/')) ?? []));
        this.#open = open;
        if (commit.to < names.length) continue;
        await this.#commit(open, entries);
        this.#open = null;
        this.commits += 1;
      }
      if (this.#open === null) entries.clear();
      this.#resume = resume;
      cursor = next;
      if (cursor === null) return this.commits - before;
    }
  }

  async #loadLinks(): Promise<void> {
    if (this.#links !== null) return;
    const links: RowOf<'lane_links'>[] = [];
    for await (const row of this.#plan.evidence.rows('lane_links'))
      if (row.learnt_from.startsWith('operator/')) links.push(row);
    this.#links = links.sort((a, b) => a.at - b.at);
  }

  async #commit(commit: OpenCommit, entries: ReadonlyMap<string, readonly EntryRow[]>): Promise<void> {
    await this.#linkByHand(commit.at);
    const applied = this.#appliedIn(commit);
    if (applied.length === 0) return;
    await this.#plan.asOf?.(commit.at);
    const byVersion = Map.groupBy(applied, (row) => row.config_version);
    const planned: PlannedLane[] = [];
    const borrowed = new Map<string, string>();
    for (const [version, rows] of byVersion) {
      const runtime = await this.#plan.runtime(version, commit.at);
      const read = await this.#read(runtime, rows, entries, commit.at, borrowed);
      const leases = await this.#leases(rows, read.events);
      const lanes = await planLanes(runtime, leases, read, this.#plan.into, commit.at);
      for (const { lease, plan } of lanes) {
        const held = plan.held.map(({ seq }) => seq);
        this.#keepPending(lease, held, read.readings);
      }
      planned.push(...lanes);
    }
    const archive = new Map(applied.map((row) => [`${row.lane}#${row.seq}`, row.archive]));
    const reference = (_tenant: TenantId, lane: LaneKey, seq: number) => archive.get(`${lane}#${seq}`) ?? null;
    const commits = planned.map((lane) => lane.commit);
    await commitLanes(this.#plan.into, commits, { reference, late: [] }, commit.at);
    const records = new Map(
      commits.flatMap((lane) => lane.events.map((event) => [`${event.source}/${event.eventId}`, event])),
    );
    const written = Map.groupBy(
      commits.flatMap((lane) => lane.entries),
      (entry) => `${entry.source}/${entry.eventId}`,
    );
    for (const row of applied) {
      const key = `${row.source}/${row.event_id}`;
      this.#plan.onEvent({
        row,
        entries: entries.get(`${row.lane}#${row.position}`) ?? [],
        record: records.get(key) ?? null,
        recordEntries: written.get(key) ?? [],
        borrowed: borrowed.get(key) ?? null,
      });
    }
  }

  /** What this commit applied, in its lanes' order; an event that was only held by it comes with a later one. */
  #appliedIn({ at, events }: OpenCommit): EventRow[] {
    const candidates = events.filter((row) => row.position !== null && row.decided_at === at);
    const applied: EventRow[] = [];
    for (const row of candidates.sort((a, b) => (a.position ?? 0) - (b.position ?? 0))) {
      const next = (this.#done.get(row.lane) ?? 0) + 1;
      if (row.position !== next) continue;
      this.#done.set(row.lane, next);
      applied.push(row);
    }
    return applied;
  }

  async #linkByHand(until: number): Promise<void> {
    for (let link = this.#links?.[0]; link !== undefined && link.at < until; link = this.#links?.[0]) {
      this.#links?.shift();
      const { lane, primary_lane: primary, learnt_from: from, at } = link;
      await this.#plan.into.prepare(LINK_BY_HAND).bind(this.#tenant, lane, primary, from, at).run();
    }
  }

  async #leases(rows: readonly EventRow[], events: ReadonlyMap<EventRow, LeasedEvent>): Promise<LeasedLane[]> {
    const leases: LeasedLane[] = [];
    for (const [lane, own] of Map.groupBy(rows, (row) => row.lane)) {
      const waiting = this.#pending.get(lane)?.map(({ event }) => event) ?? [];
      leases.push({
        code: 'leased',
        tenant: this.#tenant,
        lane: laneKey(lane),
        epoch: 0,
        until: 0,
        head: (await readHead(this.#plan.into, this.#tenant, lane)) ?? { position: 0, hash: GENESIS },
        events: [...waiting, ...own.flatMap((row) => events.get(row) ?? [])],
        outbox: [],
        blockedTargets: [],
        conflicts: [],
        conflictsOmitted: 0,
        quarantined: [],
        unarchived: null,
        more: false,
      });
    }
    return leases;
  }

  #keepPending(lease: LeasedLane, held: readonly number[], readings: EventsRead['readings']): void {
    const left = lease.events.filter((event) => held.includes(event.seq)).slice(0, MAX_PENDING);
    const kept = left.flatMap((event) => {
      const reading = readings.get(event);
      return reading === undefined ? [] : [{ event, reading }];
    });
    if (kept.length > 0) this.#pending.set(lease.lane, kept);
    else this.#pending.delete(lease.lane);
  }

  /** One event at a time: two may have been told different things by the same question at different times. */
  async #read(
    runtime: TenantRuntime,
    rows: readonly EventRow[],
    entries: ReadonlyMap<string, readonly EntryRow[]>,
    now: number,
    borrowed: Map<string, string>,
  ): Promise<EventsRead & { readonly events: ReadonlyMap<EventRow, LeasedEvent> }> {
    const events = new Map<EventRow, LeasedEvent>();
    const readings = new Map<LeasedEvent, Reading>();
    for (const row of rows) {
      for (const { event, reading } of this.#pending.get(row.lane) ?? []) readings.set(event, reading);
      const { event, answers } = await this.#leased(row);
      events.set(row, event);
      const enrich = async () => answers ?? new Map();
      const reading =
        event.body.length === 0 ? undefined : (await readEvents(runtime, [event], enrich, now)).readings.get(event);
      if (reading !== undefined && reading.kind !== 'later') readings.set(event, reading);
      else {
        borrowed.set(
          `${row.source}/${row.event_id}`,
          reading === undefined ? 'its bytes are not archived' : 'what it was read with is not archived',
        );
        readings.set(event, recorded(runtime, row, entries.get(`${row.lane}#${row.position}`) ?? []));
      }
    }
    return { events, readings, answers: new Map() };
  }

  /** The event as its lane handed it out. Without bytes when there are none. */
  async #leased(row: EventRow): Promise<{ event: LeasedEvent; answers: ReadonlyMap<string, unknown> | null }> {
    const { line, answers } = await this.#shelf.of(row);
    const archived = line === null ? null : bodyOf(line);
    const body = archived ?? (await this.#plan.evidence.laneBody(row.source, row.event_id)) ?? new Uint8Array();
    const event: LeasedEvent = {
      seq: row.seq,
      source: sourceId(row.source),
      eventId: providerEventId(row.event_id),
      type: line?.type ?? row.type,
      occurredAt: line?.occurredAt ?? row.occurred_at,
      receivedAt: line?.receivedAt ?? row.received_at,
      trust: line?.trust ?? trustTier.parse(row.trust),
      bodyHash: body.length === 0 ? row.body_hash : await sha256Hex(body),
      body,
      evidence: line?.evidence ?? {},
      held: null,
    };
    return { event, answers };
  }
}

const trustTier = z.enum(['addressed', 'authenticated', 'signed']);

/** What the books say it was read as: the chain vouches for it. Its note is not told apart from the decision's. */
function recorded(runtime: TenantRuntime, row: EventRow, entries: readonly EntryRow[]): Reading {
  const facts: readonly CanonicalEvent[] = JSON.parse(row.facts);
  const entity = entries[0]?.entity ?? runtime.sources.get(sourceId(row.source))?.entity;
  if (entity === undefined) return { kind: 'quarantine', reason: `the config has no source ${row.source}` };
  return { kind: 'facts', facts, note: null, books: runtime.books(entity) };
}
