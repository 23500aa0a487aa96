/**
 * The difference report of a parallel run or a history load: of what was looked for at a target, what was found as
 * decided, found otherwise, not found. A report: it reads the target's postings, not a hot path.
 */
import { and, count, eq, gt, inArray, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { minorUnits } from '../canonical/money.ts';
import { eventsByIds } from './event-reads.ts';
import { cursorOf, type Page, type PageRequest, pageOf } from './pages.ts';
import type { LedgerReads } from './reads.ts';
import { ABSENT, ADOPTED } from './records.ts';
import { postings } from './schema.ts';
import { moneyOf, moneyView, planOf, postingView, viewPosting } from './views.ts';

export const totalView = z.object({
  kind: z.string(),
  same: z.int(),
  different: z.int(),
  absent: z.int().describe('not at the target'),
});

/** Documents by kind. */
export async function runTotals(db: LedgerReads, tenant: string, target: string): Promise<z.infer<typeof totalView>[]> {
  const rows = await db
    .select({
      kind: postings.kind,
      same: sql<number>`sum(${postings.message} = ${ADOPTED} AND ${postings.differences} = '[]')`,
      different: sql<number>`sum(${postings.message} = ${ADOPTED} AND ${postings.differences} <> '[]')`,
      absent: sql<number>`sum(${postings.message} = ${ABSENT})`,
      all: count(),
    })
    .from(postings)
    .where(lookedFor(tenant, target))
    .groupBy(postings.kind)
    .orderBy(postings.kind);
  return rows.map(({ kind, same, different, absent }) => ({ kind, same, different, absent }));
}

const lookedFor = (tenant: string, target: string) =>
  and(eq(postings.tenant, tenant), eq(postings.target, target), inArray(postings.message, [ADOPTED, ABSENT]));

export const differenceView = postingView.extend({
  amount: moneyView.nullable().describe('what the gateway decided: total of a bill, debits of an entry'),
});
const place = z.tuple([z.string()]);
export const differenceCursor = cursorOf('parallel-run', place);

/** What was not found, or found otherwise than decided, by key. */
export async function listDifferences(
  db: LedgerReads,
  tenant: string,
  target: string,
  page: PageRequest<z.infer<typeof place>>,
): Promise<Page<z.infer<typeof differenceView>>> {
  const rows = await db
    .select()
    .from(postings)
    .where(
      and(
        lookedFor(tenant, target),
        or(eq(postings.message, ABSENT), sql`${postings.differences} <> '[]'`),
        page.after === null ? undefined : gt(postings.key, page.after[0]),
      ),
    )
    .orderBy(postings.key)
    .limit(page.limit + 1);
  const pairs = rows.map((row): [string, string] => [row.source, row.eventId]);
  const amounts = new Map(
    (await eventsByIds(db, tenant, pairs)).flatMap((event) =>
      planOf(event).documents.map((document) => [document.key, stakeOf(document)] as const),
    ),
  );
  return pageOf(
    rows,
    page.limit,
    (row) => ({ ...viewPosting(row), amount: amounts.get(row.key) ?? null }),
    (row) => differenceCursor.encode([row.key]),
  );
}

const bill = z.looseObject({ total: z.int(), currency: z.string() });
const payment = z.looseObject({ amount: z.int(), currency: z.string() });
const entry = z.looseObject({ lines: z.array(z.looseObject({ base: z.int() })), baseCurrency: z.string() });

/** Of a stored document, whatever its kind; null for customers and products. */
function stakeOf(document: unknown): z.infer<typeof moneyView> | null {
  const [asBill, asPayment, asEntry] = [bill, payment, entry].map((schema) => schema.safeParse(document));
  if (asBill?.success) return moneyOf(bill.parse(document).total, bill.parse(document).currency);
  if (asPayment?.success) return moneyOf(payment.parse(document).amount, payment.parse(document).currency);
  if (!asEntry?.success) return null;
  const { lines, baseCurrency } = entry.parse(document);
  return moneyOf(minorUnits(lines.reduce((sum, line) => sum + Math.max(line.base, 0), 0)), baseCurrency);
}
