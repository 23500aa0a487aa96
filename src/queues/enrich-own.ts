/** What the gateway's own events need to know: answered from the books, read once their lane is leased. */
import type { TenantId } from '../canonical/ids.ts';
import type { LedgerDatabase } from '../ledger/database.ts';
import { openSchedules } from '../ledger/schedules.ts';
import { type Enrichment, type EnrichmentNeed, enrichmentKey } from '../sources/source.ts';
import { answerWindows } from './enrich-windows.ts';

/**
 * Slices one run recognises at most: an entry and its facts stay well inside a row of D1. What is over is found by the
 * month's next run.
 */
export const MAX_SLICES = 1_000;

type Delayed = (need: EnrichmentNeed, error: unknown) => void;

/** Answers by need; one that could not be answered just now is told to `delayed` and left out, so that its event waits. */
export async function answerOwn(
  db: LedgerDatabase,
  tenant: TenantId,
  needs: readonly EnrichmentNeed[],
  delayed: Delayed,
): Promise<Enrichment> {
  const ofMonths = needs.filter(({ kind }) => kind !== 'window');
  const answers = await Promise.all([
    answerMonths(db, tenant, ofMonths, delayed),
    answerWindows(db, tenant, needs, delayed),
  ]);
  return new Map(answers.flatMap((some) => [...some]));
}

/**
 * Of several runs of one month in a pass only the first is answered: none of them has been committed yet, so they would
 * all read the same slices and recognise them twice. The others wait and read what the first has left.
 */
async function answerMonths(
  db: LedgerDatabase,
  tenant: TenantId,
  needs: readonly EnrichmentNeed[],
  delayed: Delayed,
): Promise<Enrichment> {
  const answers = new Map<string, unknown>();
  const months = new Set<string>();
  for (const need of needs) {
    if (need.kind !== 'open_schedules') {
      answers.set(enrichmentKey(need), null);
      continue;
    }
    const [entity = '', period = ''] = need.id.split('/');
    const month = `${entity}/${period}`;
    if (months.has(month)) continue;
    months.add(month);
    try {
      const open = await openSchedules(db, tenant, entity, period, MAX_SLICES);
      answers.set(
        enrichmentKey(need),
        open.map((slice) => ({ ...slice, line: '' })),
      );
    } catch (error) {
      delayed(need, error);
    }
  }
  return answers;
}
