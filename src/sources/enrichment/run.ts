/** The part that is the same for every provider: no key, bounds, workers, first failure stops the rest. */
import { type EnrichmentNeed, enrichmentKey } from '../source.ts';
import { Disconnected, type EnrichmentAccess, type EnrichmentOutcome, MAX_NEEDS } from './port.ts';

export type Answer =
  | { readonly answer: 'found'; readonly value: unknown }
  /** Asked, and there is none, or this key may not read it. */
  | { readonly answer: 'none' }
  /** The access has ended for good: only a person can renew it. */
  | { readonly answer: 'disconnected'; readonly message: string }
  | { readonly answer: 'retry'; readonly retryAfterMs: number | null; readonly message: string };

export type Ask = (need: EnrichmentNeed, access: EnrichmentAccess & { readonly apiKey: string }) => Promise<Answer>;

const MAX_FAILURES = 4;

/** Asks within the budget; what was answered is given back even when something else must be asked again. */
export async function fetchAll(
  needs: readonly EnrichmentNeed[],
  access: EnrichmentAccess,
  ask: Ask,
): Promise<EnrichmentOutcome> {
  const distinct = [...new Map(needs.map((need) => [enrichmentKey(need), need])).values()];
  if (distinct.length > MAX_NEEDS) throw new RangeError(`${distinct.length} needs in one call`);
  const { apiKey } = access;
  const enrichment = new Map<string, unknown>();
  if (apiKey === null) {
    for (const need of distinct) enrichment.set(enrichmentKey(need), null);
    return { outcome: 'fetched', enrichment };
  }
  let failure: (Answer & { readonly answer: 'retry' }) | null = null;
  let failures = 0;
  const queue = distinct.values();
  const worker = async (): Promise<void> => {
    // One iterator shared by all workers: each takes the next need, none is taken twice.
    for (const need of queue) {
      const answer = await ask(need, { ...access, apiKey });
      if (answer.answer === 'retry') {
        failure ??= answer;
        failures += 1;
        // One object that the provider cannot serve must not keep the others from being fetched; a provider that is
        // down is asked no more than this.
        if (failures >= MAX_FAILURES) return;
        continue;
      }
      enrichment.set(enrichmentKey(need), entryFor(answer));
    }
  };
  const workers = Math.max(1, Math.min(access.budget.concurrency, distinct.length));
  await Promise.all(Array.from({ length: workers }, worker));
  return settled(failure, enrichment);
}

function entryFor(answer: Exclude<Answer, { answer: 'retry' }>): unknown {
  if (answer.answer === 'disconnected') return new Disconnected(answer.message);
  return answer.answer === 'found' ? answer.value : null;
}

const settled = (
  failure: (Answer & { readonly answer: 'retry' }) | null,
  enrichment: ReadonlyMap<string, unknown>,
): EnrichmentOutcome =>
  failure === null
    ? { outcome: 'fetched', enrichment }
    : { outcome: 'retry', enrichment, retryAfterMs: failure.retryAfterMs, message: failure.message };
