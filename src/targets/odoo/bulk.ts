/** Bulk calls are all or nothing; this finds the documents to blame without letting them hold the others. */
import type { Result } from '../../canonical/result.ts';
import type { Failure } from './errors.ts';

/** Calls one `post` may spend on dividing refused bulks; a hundred documents with ten bad ones need about seventy. */
export const divisionBudget = 120;

export interface Budget {
  calls: number;
}

/**
 * Runs `attempt` on all items; when the target refuses them together, on halves, down to single items, whose refusal is
 * their own. Settings and connection are nobody's fault: such a failure is told of all items at once.
 *
 * @param attempt answers `ok` when everything it was given is done. It may settle items itself; `open` tells which
 *   still need work.
 * @param failed called with the items a failure stands for: one for a refusal, all for the rest.
 */
export async function divide<Item>(
  items: readonly Item[],
  budget: Budget,
  open: (item: Item) => boolean,
  attempt: (items: readonly Item[]) => Promise<Result<unknown, Failure>>,
  failed: (items: readonly Item[], failure: Failure) => void,
): Promise<void> {
  const pending = [items];
  for (let batch = pending.shift(); batch !== undefined; batch = pending.shift()) {
    const left = batch.filter(open);
    if (left.length === 0) continue;
    if (budget.calls <= 0) {
      failed(left, { kind: 'unsent', code: 'budget', message: 'too many refusals in one batch', retryAfterMs: 0 });
      continue;
    }
    budget.calls--;
    const answer = await attempt(left);
    if (answer.ok) continue;
    const rest = left.filter(open);
    const { error } = answer;
    const ownFault = error.kind === 'rejected' && error.class !== 'config';
    if (ownFault && rest.length < left.length) {
      // The attempt found some already done, and those may have been the reason.
      pending.unshift(rest);
      continue;
    }
    if (!ownFault || rest.length <= 1) {
      failed(rest, error);
      if (ownFault) continue;
      // The target is down, busy or refuses us: what waits would fare no better.
      const waiting = pending.flat().filter(open);
      if (waiting.length > 0) failed(waiting, error.kind === 'transient' ? { ...error, kind: 'unsent' } : error);
      return;
    }
    const middle = Math.ceil(rest.length / 2);
    pending.unshift(rest.slice(0, middle), rest.slice(middle));
  }
}
