/** What is open, and what became of it: exceptions and postings. */
import { and, eq, gt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { cursorOf, filteredPage, type PageRequest, SCAN } from './pages.ts';
import type { LedgerReads } from './reads.ts';
import { exceptions, postings } from './schema.ts';
import { viewException, viewPosting } from './views.ts';

const timedPlace = z.tuple([z.number(), z.string()]);
const idPlace = z.tuple([z.string()]);
export const openExceptionCursor = cursorOf('open-exceptions', timedPlace);
export const exceptionCursor = cursorOf('exceptions', idPlace);

export interface ExceptionFilter {
  readonly cause?: string | undefined;
  readonly lane?: string | undefined;
  readonly target?: string | undefined;
}

const matchesException = (filter: ExceptionFilter) => (row: typeof exceptions.$inferSelect) =>
  (filter.cause === undefined || row.cause === filter.cause) &&
  (filter.lane === undefined || row.lane === filter.lane) &&
  (filter.target === undefined || row.target === filter.target);

/** Open exceptions, oldest first. */
export async function listOpenExceptions(
  db: LedgerReads,
  tenant: string,
  filter: ExceptionFilter,
  page: PageRequest<z.infer<typeof timedPlace>>,
) {
  const scan = Object.values(filter).every((value) => value === undefined) ? page.limit + 1 : SCAN;
  const rows = await db
    .select()
    .from(exceptions)
    .where(
      and(
        eq(exceptions.tenant, tenant),
        sql`${exceptions.status} = 'open'`,
        page.after === null
          ? undefined
          : sql`(${exceptions.openedAt}, ${exceptions.id}) > (${page.after[0]}, ${page.after[1]})`,
      ),
    )
    .orderBy(exceptions.openedAt, exceptions.id)
    .limit(scan);
  return filteredPage(rows, page.limit, scan, matchesException(filter), viewException, (row) =>
    openExceptionCursor.encode([row.openedAt, row.id]),
  );
}

/** All exceptions, or the resolved ones, by id (cause first). */
export async function listExceptions(
  db: LedgerReads,
  tenant: string,
  status: 'resolved' | 'all',
  filter: ExceptionFilter,
  page: PageRequest<z.infer<typeof idPlace>>,
) {
  const rows = await db
    .select()
    .from(exceptions)
    .where(and(eq(exceptions.tenant, tenant), page.after === null ? undefined : gt(exceptions.id, page.after[0])))
    .orderBy(exceptions.id)
    .limit(SCAN);
  const matches = matchesException(filter);
  return filteredPage(
    rows,
    page.limit,
    SCAN,
    (row) => (status === 'all' || row.status !== 'open') && matches(row),
    viewException,
    (row) => exceptionCursor.encode([row.id]),
  );
}

export async function findException(db: LedgerReads, tenant: string, id: string) {
  const row = await db
    .select()
    .from(exceptions)
    .where(and(eq(exceptions.tenant, tenant), eq(exceptions.id, id)))
    .get();
  return row ?? null;
}

/** Exceptions whose id is one of `ids` or continues it after a slash. By primary-key ranges. */
export async function exceptionsAbout(db: LedgerReads, tenant: string, ids: readonly string[]) {
  if (ids.length === 0) return [];
  const rows = await db
    .select()
    .from(exceptions)
    .where(
      and(
        eq(exceptions.tenant, tenant),
        sql`${exceptions.id} IN (
          SELECT x.id FROM json_each(${JSON.stringify(ids)}) k CROSS JOIN exceptions x
          ON x.tenant = ${tenant} AND x.id >= k.value AND x.id < k.value || '0' LIMIT 200)`,
      ),
    );
  return rows.filter((row) => ids.some((id) => row.id === id || row.id.startsWith(`${id}/`)));
}

export const openPostingCursor = cursorOf('open-postings', z.tuple([z.number(), z.string(), z.string()]));
export const postingCursor = cursorOf('postings', z.tuple([z.string(), z.string()]));

export interface PostingFilter {
  readonly target?: string | undefined;
  readonly outcome?: string | undefined;
}

/** Postings that are neither applied nor skipped, longest unchanged first. */
export async function listOpenPostings(
  db: LedgerReads,
  tenant: string,
  filter: PostingFilter,
  page: PageRequest<readonly [number, string, string]>,
) {
  const scan = filter.target === undefined && filter.outcome === undefined ? page.limit + 1 : SCAN;
  const rows = await db
    .select()
    .from(postings)
    .where(
      and(
        eq(postings.tenant, tenant),
        sql`${postings.outcome} not in ('applied','skipped')`,
        page.after === null
          ? undefined
          : sql`(${postings.updatedAt}, ${postings.target}, ${postings.key}) > (${page.after[0]}, ${page.after[1]}, ${page.after[2]})`,
      ),
    )
    .orderBy(postings.updatedAt, postings.target, postings.key)
    .limit(scan);
  return filteredPage(rows, page.limit, scan, matchesPosting(filter), viewPosting, (row) =>
    openPostingCursor.encode([row.updatedAt, row.target, row.key]),
  );
}

const matchesPosting = (filter: PostingFilter) => (row: typeof postings.$inferSelect) =>
  (filter.target === undefined || row.target === filter.target) &&
  (filter.outcome === undefined || row.outcome === filter.outcome);

/** Postings by target and key. */
export async function listPostings(
  db: LedgerReads,
  tenant: string,
  filter: PostingFilter,
  page: PageRequest<readonly [string, string]>,
) {
  const scan = filter.outcome === undefined ? page.limit + 1 : SCAN;
  const rows = await db
    .select()
    .from(postings)
    .where(
      and(
        eq(postings.tenant, tenant),
        filter.target === undefined ? undefined : eq(postings.target, filter.target),
        page.after === null
          ? undefined
          : sql`(${postings.target}, ${postings.key}) > (${page.after[0]}, ${page.after[1]})`,
      ),
    )
    .orderBy(postings.target, postings.key)
    .limit(scan);
  return filteredPage(rows, page.limit, scan, matchesPosting(filter), viewPosting, (row) =>
    postingCursor.encode([row.target, row.key]),
  );
}

/** Postings by `[target, key]`. */
export async function postingsByKeys(db: LedgerReads, tenant: string, keys: readonly (readonly [string, string])[]) {
  if (keys.length === 0) return [];
  return db
    .select()
    .from(postings)
    .where(
      and(
        eq(postings.tenant, tenant),
        sql`(${postings.target}, ${postings.key}) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(keys)}))`,
      ),
    );
}
