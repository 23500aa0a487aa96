/** Books to be checked: the demo's webhooks through the whole gateway in memory, sealed on two days. */
import { vi } from 'vitest';
import { demoStory } from '../../../scripts/demo/story.ts';
import { DatabaseEvidence } from '../../../scripts/evidence/database-evidence.ts';
import { type Report, type VerifyOptions, verify } from '../../../scripts/evidence/verify.ts';
import { Workbook } from '../../../scripts/evidence/workbook.ts';
import { DAY, Gateway, HOUR } from '../../support/gateway.ts';

export async function demoBooks(count: number, customers: number): Promise<Gateway> {
  const gateway = await Gateway.open();
  const story = demoStory({ count, customers });
  gateway.stripeApi.show(...story.world.objects);
  for (const [payout, transactions] of Object.entries(story.world.payouts))
    gateway.stripeApi.contains(payout, transactions);
  const deliveries = story.phases.flat().filter(({ forged }) => !forged);
  for (const [number, each] of deliveries.entries()) {
    await gateway.send(each.source, each.body);
    if (number % 7 === 0) await gateway.run();
    if (number === Math.floor(deliveries.length / 2)) {
      await gateway.pass(DAY);
      await gateway.seal();
    }
  }
  await gateway.pass(2 * HOUR);
  vi.setSystemTime(gateway.now + DAY);
  await gateway.seal();
  return gateway;
}

export const evidenceOf = (gateway: Gateway): DatabaseEvidence =>
  new DatabaseEvidence(gateway.ledger, 'demo', gateway.archive);

export async function checked(gateway: Gateway, options?: VerifyOptions): Promise<Report> {
  const workbook = new Workbook();
  try {
    return await verify(evidenceOf(gateway), workbook, options);
  } finally {
    workbook.close();
  }
}
