/**
 * Posting stage: documents → targets, per target, in each lane's order (posting-pass.ts).
 *
 * Every outcome is one of applied, rejected, uncertain, not sent; what is not applied stays in the lane's outbox with
 * a time for the next try, and stands on the exception list with its amount once a person should know.
 */
import { errorWords } from '../operations/log.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';
import type { StagePorts } from './ports.ts';
import { again, type ItemOutcome, type PostingItem } from './posting-item.ts';
import { PostingPass } from './posting-pass.ts';

/** Posts items of one tenant to one target. Items of a lane come in applied order. Never throws. */
export async function postToTarget(
  tenant: TenantRuntime,
  target: string,
  items: readonly PostingItem[],
  ports: StagePorts,
): Promise<ItemOutcome[]> {
  try {
    const connector = await ports.connector(tenant, target);
    if (connector === null) return items.map((item) => again(item, item.uncertain, ports.now()));
    const pass = new PostingPass(tenant, target, connector, ports.gate(tenant, target), ports);
    return await pass.run(items);
  } catch (error) {
    // Something before or after the calls failed (credentials, D1): what was sent is not known any more.
    ports.report({ what: 'stage_failed', lane: null, stage: 'post', error: errorWords(error) });
    return items.map((item) => again(item, true, ports.now()));
  }
}
