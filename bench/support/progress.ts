/** How far a gateway under measurement is, asked for as cheaply as it can be, because asking takes from what is measured. */
import { z } from 'zod';
import type { DemoFile } from '../../scripts/runtime/credentials.ts';

const status = z.object({
  lanes: z.object({ applied: z.int() }),
  held: z.record(z.string(), z.int()),
  exceptions: z.record(z.string(), z.int()),
  postings: z.record(z.string(), z.int()),
});

export interface Progress {
  /** Events in the books, and those that the books say are held. */
  readonly decided: number;
  readonly held: number;
  readonly exceptions: number;
  /** Documents with a try behind them that are not at their target. */
  readonly postingsOpen: number;
}

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, count) => all + count, 0);

export async function progressOf(demo: DemoFile): Promise<Progress> {
  const answer = await fetch(`${demo.gateway}/api/v1/status?tenant=demo`, {
    headers: { authorization: `Bearer ${demo.operatorToken}` },
    signal: AbortSignal.timeout(60_000),
  });
  if (!answer.ok) throw new Error(`the status was answered ${answer.status}`);
  const { lanes, held, exceptions, postings } = status.parse(await answer.json());
  return {
    decided: lanes.applied + total(held),
    held: total(held),
    exceptions: total(exceptions),
    postingsOpen: total(postings),
  };
}

/** Resolves when that many events are decided, with the time it was seen. @throws when they are not within the patience. */
export async function untilDecided(demo: DemoFile, events: number, patienceMs: number): Promise<number> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const { decided } = await progressOf(demo);
    if (decided >= events) return performance.now();
    if (performance.now() > giveUpAt) throw new Error(`only ${decided} of ${events} events were decided in time`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
