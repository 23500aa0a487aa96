/**
 * Pulls the day's exchange rates for the tenants whose config names a feed. A day without rates is nobody's surprise
 * until a fact needs one: then it is an exception `rate_missing`, and closes by itself once the rate is there.
 */
import { type EpochMs, tenantId } from '../canonical/ids.ts';
import type { LedgerDatabase } from '../ledger/database.ts';
import { recordRates } from '../ledger/rates.ts';
import type { TargetHttp } from '../targets/connector.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';
import { ECB_DAILY, readEcbRates } from './ecb-rates.ts';
import { logWarning } from './log.ts';

/** The bank publishes about 16:00 CET: asked twice an hour, so that a failed pull is made good soon. */
const EVERY_MINUTES = 30;
const TIMEOUT_MS = 20_000;

export interface FeedPorts {
  readonly tenants: () => Promise<readonly string[]>;
  readonly find: (tenant: string) => Promise<TenantRuntime | null>;
  readonly ledger: (shard: string) => LedgerDatabase;
  readonly http: TargetHttp;
  /** Offers again what was parked for want of a rate. */
  readonly resume: (tenant: string, shard: string) => Promise<void>;
}

export const isFeedTime = (now: EpochMs): boolean => new Date(now).getUTCMinutes() % EVERY_MINUTES === 7;

/** One request per address, whatever the number of tenants. Never throws for a feed's sake: what fails is logged. */
export async function pullRates(ports: FeedPorts, now: EpochMs): Promise<void> {
  const byAddress = new Map<string, TenantRuntime[]>();
  for (const name of await ports.tenants()) {
    const tenant = await ports.find(name);
    const feed = tenant?.config.rates;
    if (tenant === null || feed === undefined || feed === null) continue;
    const url = feed.url ?? ECB_DAILY;
    byAddress.set(url, [...(byAddress.get(url) ?? []), tenant]);
  }
  for (const [url, tenants] of byAddress) {
    const answer = await ports.http.send({ method: 'GET', url, headers: {}, body: null, timeoutMs: TIMEOUT_MS });
    if (answer.kind !== 'answer' || answer.status !== 200) {
      const why = answer.kind === 'answer' ? `answered ${answer.status}` : answer.message;
      logWarning('rates_feed_failed', { why });
      continue;
    }
    const rates = readEcbRates(answer.body);
    if (!rates.ok) {
      logWarning('rates_feed_failed', { why: rates.error });
      continue;
    }
    for (const { tenant, config } of tenants) {
      const { differing } = await recordRates(ports.ledger(config.shard), tenantId(tenant), rates.value, now);
      if (differing.length > 0) logWarning('rates_differ', { tenant, rates: differing.length });
      // Whether or not this pull brought anything new: an earlier one may have been cut off before it came to this.
      await ports.resume(tenant, config.shard);
    }
  }
}
