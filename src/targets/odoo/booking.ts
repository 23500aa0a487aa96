/**
 * The post protocol, in bulk: load by external id, read the drafts and compare, post, read back and compare again.
 * Written once for moves and payments; `BookedKind` says what differs.
 */
import type { z } from 'zod';
import type { Result } from '../../canonical/result.ts';
import type { OdooTargetConfig } from '../../tenants/config.ts';
import type { Receipt } from '../connector.ts';
import { type Budget, divide } from './bulk.ts';
import type { OdooClient } from './client.ts';
import { type Failure, type Rejection, rejected } from './errors.ts';
import { byKey, byRecord, type Naming, namesAdopted } from './naming.ts';
import {
  type BookedDocument,
  compare,
  dateDifference,
  type Found,
  lockedBy,
  periodLocked,
  refuseDraft,
} from './readback.ts';
import type { References } from './references.ts';
import { difference, fail, isOpen, type Work } from './work.ts';

/** Rows in one `load`: keeps it well within the time a worker of Odoo is given. */
const maxRows = 2000;

export interface BookedKind<Document extends BookedDocument> {
  readonly model: 'account.move' | 'account.payment';
  /** The field our key stands in, by which it is searched. */
  readonly keyField: string;
  /** What else a search says, to find only this kind. */
  readonly domain: readonly (readonly [string, string, unknown])[];
  readonly readFields: readonly string[];
  readonly row: z.ZodType<Found>;
  /** A draft must be looked up, not loaded again. */
  readonly lookFirst: boolean;
  /** What is done to checked drafts before they are posted. */
  readonly beforePost?: (drafts: readonly Work<Document>[], books: Books) => Promise<void>;
  /** Columns and rows for these documents. */
  layout(
    documents: readonly Document[],
    naming: Naming,
  ): {
    readonly fields: readonly string[];
    rows(document: Document, naming: Naming): Result<string[][], Rejection>;
  };
}

export interface Books {
  readonly client: OdooClient;
  readonly config: OdooTargetConfig;
  readonly references: References;
  readonly budget: Budget;
}

interface Row<Document extends BookedDocument> {
  readonly work: Work<Document>;
  readonly rows: string[][];
  lookedUp: boolean;
}

/** Decides every open work it is given. */
export async function book<Document extends BookedDocument>(
  kind: BookedKind<Document>,
  works: readonly Work<Document>[],
  books: Books,
): Promise<void> {
  for (const work of works) refuseEarly(work, books);
  const unsure = works.filter((work) => isOpen(work) && (work.uncertain || kind.lookFirst));
  if (unsure.length > 0) {
    const looked = await adopt(kind, unsure, books);
    if (!looked.ok) fail(unsure, looked.error, false);
  }
  for (const work of works) refuseLocked(work, books);
  await loadAll(
    kind,
    works.filter((work) => isOpen(work) && work.remoteId === null),
    books,
  );
  const drafts = await checkDrafts(kind, works.filter(isOpen), books);
  await kind.beforePost?.(drafts, books);
  await postDrafts(kind, drafts, books);
}

function refuseEarly<Document extends BookedDocument>(work: Work<Document>, { references }: Books): void {
  if (!isOpen(work) || work.document.kind === 'payment') return;
  if (work.document.baseCurrency !== references.companyCurrency) {
    const message = `the entity keeps its books in ${work.document.baseCurrency}, the Odoo company in another currency`;
    fail([work], rejected('config', 'currency_differs', message), false);
  }
}

/** After the look-up: what is posted already stays posted, whatever was locked since. */
function refuseLocked<Document extends BookedDocument>(work: Work<Document>, books: Books): void {
  if (!isOpen(work)) return;
  const lock = lockedBy(work.document, books.references, books.config);
  if (lock !== null) fail([work], periodLocked(work.document, lock), false);
}

/** Searches by key. Posted ones are settled with their receipt; a draft's id is kept where it must not be reloaded. */
async function adopt<Document extends BookedDocument>(
  kind: BookedKind<Document>,
  works: readonly Work<Document>[],
  books: Books,
): Promise<Result<null, Failure>> {
  const found = await findByKey(
    kind,
    works.map((work) => work.document.key),
    books,
  );
  if (!found.ok) return found;
  for (const work of works) {
    const copies = found.value.get(work.document.key) ?? [];
    const [record] = copies;
    if (record === undefined) continue;
    if (record.state === 'posted') settleApplied(work, record, books, copies.length);
    else if (kind.lookFirst) work.remoteId = record.id;
  }
  return { ok: true, value: null };
}

/** All that is not cancelled, by key: posted before drafts, then the oldest first. */
export async function findByKey<Document extends BookedDocument>(
  kind: BookedKind<Document>,
  keys: readonly string[],
  { client, config }: Pick<Books, 'client' | 'config'>,
): Promise<Result<ReadonlyMap<string, readonly Found[]>, Failure>> {
  const rows = await client.searchRead(
    kind.model,
    [[kind.keyField, 'in', keys], ['company_id', '=', config.companyId], ...kind.domain],
    kind.row,
    [...kind.readFields],
  );
  if (!rows.ok) return rows;
  const found = new Map<string, Found[]>();
  for (const record of rows.value) {
    if (record.key === null || record.state === 'cancelled') continue;
    found.set(record.key, [...(found.get(record.key) ?? []), record]);
  }
  for (const records of found.values()) {
    records.sort((a, b) => (a.state === b.state ? a.id - b.id : a.state === 'posted' ? -1 : 1));
  }
  return { ok: true, value: found };
}

async function loadAll<Document extends BookedDocument>(
  kind: BookedKind<Document>,
  works: readonly Work<Document>[],
  books: Books,
): Promise<void> {
  const adopted = works.filter(namesAdopted);
  // One `load` has one way of naming what its rows refer to.
  await loadNamed(
    kind,
    works.filter((work) => !adopted.includes(work)),
    () => byKey,
    books,
  );
  await loadNamed(kind, adopted, (work) => byRecord(work.receipts), books);
}

async function loadNamed<Document extends BookedDocument>(
  kind: BookedKind<Document>,
  works: readonly Work<Document>[],
  namingOf: (work: Work<Document>) => Naming,
  books: Books,
): Promise<void> {
  const [first] = works;
  if (first === undefined) return;
  const layout = kind.layout(
    works.map((work) => work.document),
    namingOf(first),
  );
  const prepared: Row<Document>[] = [];
  for (const work of works) {
    const rows = layout.rows(work.document, namingOf(work));
    if (rows.ok) prepared.push({ work, rows: rows.value, lookedUp: work.uncertain });
    else fail([work], rows.error, false);
  }
  for (const chunk of chunks(prepared, books.config.limits.batch)) {
    await divide(
      chunk,
      books.budget,
      (row) => isOpen(row.work) && row.work.remoteId === null,
      (rows) => loadOnce(kind, rows, layout.fields, books),
      (rows, failure) =>
        fail(
          rows.map((row) => row.work),
          failure,
          true,
        ),
    );
  }
}

/** One `load`. When it is refused, whatever is posted already is found out first: that is refused by its nature. */
async function loadOnce<Document extends BookedDocument>(
  kind: BookedKind<Document>,
  rows: readonly Row<Document>[],
  fields: readonly string[],
  books: Books,
): Promise<Result<null, Failure>> {
  const data = rows.flatMap((row) => row.rows);
  const loaded = await books.client.load(kind.model, fields, data, rows.length);
  if (loaded.ok) {
    rows.forEach((row, index) => {
      row.work.remoteId = loaded.value[index] ?? null;
    });
    return { ok: true, value: null };
  }
  const fresh = rows.filter((row) => !row.lookedUp);
  if (loaded.error.kind === 'rejected' && fresh.length > 0) {
    for (const row of fresh) row.lookedUp = true;
    const looked = await adopt(
      kind,
      fresh.map((row) => row.work),
      books,
    );
    if (!looked.ok) return looked;
  }
  return loaded;
}

/** Reads what was loaded, settles what turns out posted, refuses what is not as sent; gives what may be posted. */
async function checkDrafts<Document extends BookedDocument>(
  kind: BookedKind<Document>,
  works: readonly Work<Document>[],
  books: Books,
): Promise<readonly Work<Document>[]> {
  if (works.length === 0) return [];
  const found = await readById(kind, works, books);
  if (!found.ok) {
    fail(works, found.error, true);
    return [];
  }
  for (const work of works) {
    const record = found.value.get(work.remoteId ?? 0);
    if (record === undefined) {
      fail([work], rejected('business', 'deleted_at_target', 'it was deleted in Odoo while it was being posted'), true);
    } else if (record.state === 'posted') {
      settleApplied(work, record, books, 1);
    } else if (record.state === 'cancelled') {
      fail([work], rejected('business', 'cancelled_at_target', 'a person cancelled this document in Odoo'), true);
    } else {
      work.moveId = record.moveId;
      const { wrong } = compare(work.document, record, books.config, books.references, work.receipts);
      if (wrong.length > 0) fail([work], refuseDraft(wrong), true);
      else if (dateDifference(work.document, record).length > 0) fail([work], periodLocked(work.document, null), true);
    }
  }
  return works.filter(isOpen);
}

async function postDrafts<Document extends BookedDocument>(
  kind: BookedKind<Document>,
  works: readonly Work<Document>[],
  books: Books,
): Promise<void> {
  if (works.length === 0) return;
  const refusals = new Map<Work<Document>, Failure>();
  await divide(
    works,
    books.budget,
    (work) => isOpen(work) && !refusals.has(work),
    (drafts) =>
      books.client.act(
        kind.model,
        'action_post',
        drafts.flatMap((work) => work.remoteId ?? []),
      ),
    (drafts, failure) => {
      if (failure.kind !== 'rejected') fail(drafts, failure, true);
      else for (const work of drafts) refusals.set(work, failure);
    },
  );
  const attempted = works.filter(isOpen);
  if (attempted.length === 0) return;
  const found = await readById(kind, attempted, books);
  for (const work of attempted) {
    const record = found.ok ? found.value.get(work.remoteId ?? 0) : undefined;
    const refusal = refusals.get(work);
    if (record?.state === 'posted') settleApplied(work, record, books, 1);
    else if (refusal !== undefined) fail([work], refusal, true);
    else if (record !== undefined) fail([work], notPosted, true);
    // Posted, as far as is known, but not seen: whatever the reason, it has to be looked up.
    else work.outcome = { outcome: 'uncertain', message: 'posted, but it could not be read back', retryAfterMs: null };
  }
}

const notPosted = rejected(
  'business',
  'confirmation_needed',
  'Odoo asks a person to confirm it and left it as a draft',
);

async function readById<Document extends BookedDocument>(
  kind: BookedKind<Document>,
  works: readonly Work<Document>[],
  { client }: Books,
): Promise<Result<ReadonlyMap<number, Found>, Failure>> {
  const ids = works.flatMap((work) => work.remoteId ?? []);
  const rows = await client.read(kind.model, ids, kind.row, kind.readFields);
  return rows.ok ? { ok: true, value: new Map(rows.value.map((row) => [row.id, row])) } : rows;
}

function settleApplied<Document extends BookedDocument>(
  work: Work<Document>,
  record: Found,
  books: Books,
  copies: number,
): void {
  work.remoteId = record.id;
  work.moveId = record.moveId;
  work.outcome = { outcome: 'applied', receipt: receiptOf(work, record, books, copies) };
}

/** The receipt of what stands posted in Odoo, with everything that is not as sent. */
export function receiptOf<Document extends BookedDocument>(
  work: Pick<Work<Document>, 'document' | 'receipts'>,
  record: Found,
  { config, references }: Pick<Books, 'config' | 'references'>,
  copies: number,
): Receipt {
  const { document } = work;
  const { wrong, rounded } = compare(document, record, config, references, work.receipts);
  return {
    remoteId: `${document.kind === 'payment' ? 'account.payment' : 'account.move'}/${record.id}`,
    remoteName: record.name,
    remoteDate: record.date,
    differences: [
      ...dateDifference(document, record),
      ...wrong,
      ...rounded,
      ...(record.moveId === null ? [difference('journal entry', 'one', 'none')] : []),
      ...(copies > 1 ? [difference('copies', '1', String(copies))] : []),
    ],
  };
}

function chunks<Document extends BookedDocument>(rows: readonly Row<Document>[], batch: number): Row<Document>[][] {
  const all: Row<Document>[][] = [];
  let chunk: Row<Document>[] = [];
  let size = 0;
  for (const row of rows) {
    if (chunk.length > 0 && (chunk.length >= batch || size + row.rows.length > maxRows)) {
      all.push(chunk);
      chunk = [];
      size = 0;
    }
    chunk.push(row);
    size += row.rows.length;
  }
  return chunk.length === 0 ? all : [...all, chunk];
}
