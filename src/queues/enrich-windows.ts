/** Enrichment `window`: the journals of a closed posting window, made from its entries when its summary is decided. */
import type { TenantId } from '../canonical/ids.ts';
import { differing, WindowTally } from '../canonical/summary.ts';
import type { LedgerDatabase } from '../ledger/database.ts';
import { findWindow, readWindow } from '../ledger/window-reads.ts';
import { closedTotals } from '../operations/windows.ts';
import { type Enrichment, type EnrichmentNeed, enrichmentKey } from '../sources/source.ts';

/** Answers needs of kind `window`; one that could not be answered just now is told to `delayed` and left out. */
export async function answerWindows(
  db: LedgerDatabase,
  tenant: TenantId,
  needs: readonly EnrichmentNeed[],
  delayed: (need: EnrichmentNeed, error: unknown) => void,
): Promise<Enrichment> {
  const answers = new Map<string, unknown>();
  for (const need of needs) {
    if (need.kind !== 'window') continue;
    try {
      answers.set(enrichmentKey(need), await windowOf(db, tenant, need.id));
    } catch (error) {
      delayed(need, error);
    }
  }
  return answers;
}

/** Null: there is no such window. */
async function windowOf(db: LedgerDatabase, tenant: TenantId, id: string): Promise<unknown> {
  const [target = '', entity = '', number = ''] = id.split('/');
  const row = await findWindow(db, { tenant, target, entity }, Number(number));
  if (row === null) return null;
  const closed = closedTotals(row);
  const tally = new WindowTally(closed);
  for await (const { entries } of readWindow(db, row, { after: row.afterCommit, to: row.toCommit })) {
    for (const entry of entries) tally.add(entry);
  }
  const off = differing(closed, tally.totals());
  if (off !== null) return { differs: off };
  return tally.journals().map((journal) => ({ ...journal, label: labelOf(row.number, closed, journal) }));
}

function labelOf(
  number: number,
  { per }: ReturnType<typeof closedTotals>,
  { date, part }: { readonly date: string; readonly part: number | null },
): string {
  const of = per === 'month' ? date.slice(0, 7) : date;
  return `Summary of ${of}, window ${number}${part === null ? '' : `, part ${part}`}`;
}
