/**
 * What people and scripts read of the books: event-reads.ts, entry-reads.ts, work-reads.ts, balance-reads.ts and
 * audit-reads.ts. Every read goes by a primary key or a partial index and looks at a bounded number of rows, so that its
 * cost does not grow with the books (test/workerd/api-rows-read.test.ts holds it to that). Time-ordered lists walk
 * `commits`, whose rows name the events they decided; no hot table carries a time index.
 */
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1';

export type LedgerReads = DrizzleD1Database;
export const readsOf = (db: D1Database): LedgerReads => drizzle(db);
