/**
 * Recomputes the books from their rows: chains, heads, balances, schedules, commits, objects, seals, archived bytes. What
 * does not fit is named by its row. Trusts nothing it can recompute; what it cannot is listed in
 * docs/decisions/0011-evidence.md. Runs beside a working gateway: what is booked meanwhile is read too.
 */
import { namedIn } from '../../src/ledger/evidence-reads.ts';
import { type Evidence, exactJson, type Finding, Findings, type JournalStep, MAX_FINDINGS } from './evidence.ts';
import { type ArchiveChecked, checkArchive } from './verify-archive.ts';
import { checkChains, checkHead } from './verify-chain.ts';
import { checkEntry, checkEvent, checkObject, entryKey, eventKey, Totals } from './verify-rows.ts';
import { checkSeals } from './verify-seals.ts';
import type { Workbook } from './workbook.ts';

export interface Report {
  /** At most 200, in the order found. */
  readonly findings: readonly Finding[];
  readonly count: number;
  readonly checked: Readonly<
    Record<'lanes' | 'events' | 'entries' | 'objects' | 'commits' | 'seals' | 'bodies', number>
  >;
  /** What could not be checked, and why. */
  readonly notes: readonly string[];
}

export interface VerifyOptions {
  /** Seal hashes kept outside, by day. */
  readonly kept?: ReadonlyMap<string, string>;
  /** False: archived bytes are left alone. */
  readonly bodies?: boolean;
}

/** How often lanes and balances are read anew because something was booked in between. */
const MAX_ROUNDS = 5;

/** Reads everything once. Rejects when the books cannot be read; what does not fit is in the report. */
export async function verify(evidence: Evidence, workbook: Workbook, options: VerifyOptions = {}): Promise<Report> {
  const journal = new JournalReader(evidence, workbook);
  const notes: string[] = [];
  for await (const row of evidence.rows('events')) workbook.storedEvent(row.source, row.event_id);
  for await (const row of evidence.rows('entries')) workbook.storedEntry(row.lane, row.position, row.part);
  await journal.read();
  let state = await readState(evidence, workbook, journal);
  for (let round = 1; (await journal.read()) > 0; round += 1) {
    if (round === MAX_ROUNDS) {
      notes.push(
        'The books kept moving: heads, balances, schedules and objects are compared as of slightly different moments.',
      );
      break;
    }
    state = await readState(evidence, workbook, journal);
  }
  const { findings } = journal;
  checkCommits(workbook, findings);
  findings.list.push(...state.findings.list);
  findings.count += state.findings.count;
  const seals = await checkSeals(evidence, workbook, options.kept ?? new Map(), findings);
  const archive: ArchiveChecked =
    options.bodies === false
      ? { bodies: 0, notArchived: 0, refused: false }
      : await checkArchive(evidence, workbook, findings);
  if (options.bodies === false) notes.push('Archived bytes were not read.');
  if (archive.refused) notes.push('Archived bytes were not read: this token may only read. Use one with role operate.');
  if (archive.notArchived > 0) notes.push(`${archive.notArchived} events have their bytes in the lane only.`);
  if (state.unhashed > 0) notes.push(`${state.unhashed} object rows are from before hashes.`);
  const { events, entries, commits } = journal;
  const { lanes, objects } = state;
  return {
    findings: findings.list.slice(0, MAX_FINDINGS),
    count: findings.count,
    checked: { lanes, events, entries, objects, commits, seals, bodies: archive.bodies },
    notes,
  };
}

/** Reads the journal as far as it goes, and later what has been added since. */
class JournalReader {
  readonly findings = new Findings();
  readonly totals = new Totals();
  commits = 0;
  events = 0;
  entries = 0;
  readonly #evidence: Evidence;
  readonly #workbook: Workbook;
  #resume: string | null = null;
  #lastId = '';

  constructor(evidence: Evidence, workbook: Workbook) {
    this.#evidence = evidence;
    this.#workbook = workbook;
  }

  /** How many commits were new. */
  async read(): Promise<number> {
    const before = this.commits;
    for (let cursor = this.#resume; ; ) {
      const step = await this.#evidence.journal(cursor);
      await this.#take(step);
      this.#resume = step.resume;
      cursor = step.next;
      if (cursor === null) return this.commits - before;
    }
  }

  async #take({ page }: JournalStep): Promise<void> {
    const { findings } = this;
    for (const row of page.events) await checkEvent(row, findings);
    for (const row of page.entries) await checkEntry(row, findings);
    this.#workbook.together(() => {
      for (const commit of page.commits) this.#takeCommit(commit);
      for (const row of page.events) this.#workbook.event(row);
      for (const row of page.entries) {
        if (!this.#workbook.entry(row)) continue;
        this.entries += 1;
        this.totals.add(row, findings);
      }
    });
    const decided = new Map(page.events.map((row) => [eventKey(row), row]));
    for (const row of page.entries) {
      const event = decided.get(eventKey(row));
      if (event === undefined) continue;
      findings.same('entries', entryKey(row), 'booked_at: when its event was decided', event.decided_at, row.booked_at);
      findings.same('entries', entryKey(row), 'body_hash: its event’s', event.body_hash, row.body_hash);
    }
    for (const commit of page.commits) {
      for (const pair of (namedIn(commit.events) ?? []).slice(commit.from, commit.to)) {
        const row = decided.get(pair.join('/'));
        if (row === undefined || row.position === null || row.decided_at !== commit.committed_at) continue;
        this.#workbook.movedFrom(row.lane, row.position - 1, commit.id);
        this.events += 1;
      }
    }
  }

  #takeCommit(commit: JournalStep['page']['commits'][number]): void {
    const { findings } = this;
    const { id, committed_at: at } = commit;
    const list = exactJson(commit.events) === null ? null : namedIn(commit.events);
    if (list === null)
      findings.add(
        'commits',
        id,
        'events',
        'pairs of source and event id, as the gateway writes them',
        commit.events.slice(0, 80),
      );
    for (const [source, eventId] of (list ?? []).slice(commit.from, commit.to))
      this.#workbook.named(source, eventId, id, at);
    if (commit.from > 0) return;
    this.commits += 1;
    // Ids of before carry a suffix after the time.
    const earliest = id.length === 15 ? Math.max(at, Number(this.#lastId.slice(0, 15)) + 1) : at;
    findings.same(
      'commits',
      id,
      'id: the time of the commit, or one more than the commit before',
      String(earliest).padStart(15, '0'),
      id.slice(0, 15),
    );
    this.#lastId = id;
  }
}

interface State {
  readonly findings: Findings;
  readonly lanes: number;
  readonly objects: number;
  /** Object rows without a hash. */
  readonly unhashed: number;
}

/** What is rewritten with every commit: compared with what the journal says at this moment. */
async function readState(evidence: Evidence, workbook: Workbook, journal: JournalReader): Promise<State> {
  const findings = new Findings();
  let [lanes, objects, unhashed] = [0, 0, 0];
  checkChains(workbook, findings, (end) => workbook.endsAt(end));
  for await (const row of evidence.rows('lanes')) {
    lanes += 1;
    const end = workbook.takeEnd(row.lane);
    checkHead(row, end ?? { position: 0, hash: '0'.repeat(64), at: 'the beginning' }, workbook, findings);
  }
  for (const end of workbook.ends())
    findings.add('lanes', end.lane, `the head of a lane that ends at ${end.at}`, end.hash, 'no row');
  await journal.totals.compareBalances(evidence.rows('balances'), findings);
  await journal.totals.compareSchedules(evidence.rows('schedules'), findings);
  for await (const row of evidence.rows('objects')) {
    objects += 1;
    if (row.hash === null) unhashed += 1;
    workbook.seenObject(row.object);
    await checkObject(row, workbook.wholly(row.lane), findings);
  }
  for (const { object, entry } of workbook.unseenObjects())
    findings.add('objects', object, `the state of what ${entry} is about`, 'a row', 'none');
  return { findings, lanes, objects, unhashed };
}

/** Commits against events, both ways; and rows that nothing leads to. */
function checkCommits(workbook: Workbook, findings: Findings): void {
  for (const row of workbook.missingEvents())
    findings.add('events', eventKey(row), `the event that commit ${row.commit_id} names`, 'a row', 'none');
  for (const row of workbook.undecided())
    findings.add(
      'events',
      eventKey(row),
      'decided_at: the time of a commit that names it',
      row.decided_at,
      `no such commit`,
    );
  for (const row of workbook.strayEvents())
    findings.add('events', eventKey(row), 'the commit that decided it', 'a commit that names it', 'none');
  for (const row of workbook.strayEntries())
    findings.add('entries', entryKey(row), 'its event', `an applied event at ${row.lane}#${row.position}`, 'none');
}
