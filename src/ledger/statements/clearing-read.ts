/** The clearing proof from the books: every entry once, then what the payouts found on the way list. */
import { err, ok, type Result } from '../../canonical/result.ts';
import type { LedgerDatabase } from '../database.ts';
import type { BookedEntry } from '../entry-pages.ts';
import { readPayouts } from '../object-reads.ts';
import { type Clearing, ClearingStatement, checkPayout, type PayoutCheck } from './clearing.ts';
import { readStatement } from './statement.ts';

export interface ClearingReport extends Clearing {
  /** In the order in which they were booked. */
  readonly payouts: readonly PayoutCheck[];
}

/** Payouts of one report: one a day for a decade, of several accounts. */
const MAX_PAYOUTS = 10_000;

export async function readClearing(
  db: LedgerDatabase,
  tenant: string,
  pages: AsyncIterable<readonly BookedEntry[]>,
): Promise<Result<ClearingReport, string>> {
  const statement = new ClearingStatement();
  const read = await readStatement(pages, statement);
  if (!read.ok) return read;
  const booked = new Map(statement.payouts.map((payout) => [payout.payout, payout]));
  if (booked.size > MAX_PAYOUTS) return err(`more than ${MAX_PAYOUTS} payouts`);
  const payouts: PayoutCheck[] = [];
  for await (const announced of readPayouts(db, tenant, [...booked.values()])) {
    const known = booked.get(announced.payout);
    if (known === undefined) continue;
    statement.listed(announced);
    payouts.push(checkPayout(known, announced));
  }
  if (statement.refusal !== null) return err(statement.refusal);
  return ok({ ...statement.result(), payouts });
}
