/** What the demo and the crash test share: telling the sandbox Stripe, and waiting until the lanes are empty. */
import type { DemoFile } from '../runtime/credentials.ts';
import { progressBar } from '../runtime/terminal.ts';
import type { LaneTotals, Operator } from './operator.ts';
import type { StripeWorld } from './stripe-story.ts';

/** Uploads what the sandbox Stripe's API shall show. Repeating it changes nothing. */
export async function uploadWorld(world: StripeWorld, demo: DemoFile): Promise<void> {
  for (let start = 0; start < Math.max(world.objects.length, 1); start += 500) {
    const last = start + 500 >= world.objects.length;
    const answer = await fetch(`${demo.stripeApi.url}/sandbox/objects`, {
      method: 'POST',
      headers: { authorization: `Bearer ${demo.stripeApi.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ objects: world.objects.slice(start, start + 500), payouts: last ? world.payouts : {} }),
      signal: AbortSignal.timeout(30_000),
    });
    if (!answer.ok) throw new Error(`the sandbox Stripe answered ${answer.status} to an upload`);
  }
}

/**
 * Waits until nothing in `lanes` is on its way any more, at most `patienceMs`. Answers the last sums, drained or not.
 * What is parked or quarantined is on a person's list and not waited for.
 */
export async function waitUntilDrained(
  operator: Operator,
  lanes: readonly string[],
  patienceMs: number,
): Promise<{ drained: boolean; totals: LaneTotals }> {
  const bar = progressBar('Booking ', lanes.length === 0 ? 0 : (await operator.lanes(lanes)).totals.accepted);
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const now = await operator.lanes(lanes);
    const { accepted, unsettled, waiting, outbox } = now.totals;
    bar.update(Math.max(0, accepted - unsettled - waiting - outbox));
    if (now.drained || Date.now() > giveUpAt) {
      bar.stop();
      return now;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
