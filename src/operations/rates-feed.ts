/**
 * Pulls the day's exchange rates for the tenants whose config names a feed. A day without rates is nobody's surprise
 * until a fact needs one: then it is an exception `rate_missing`, and closes by itself once the rate is there.
 */
import { type EpochMs, tenantId } from '../canonical/ids.ts';
import type { LedgerDatabase } from '../ledger/database.ts';
import { type NewRate, recordRates } from '../ledger/rates.ts';
import type { TargetHttp } from '../targets/connector.ts';
import type { FeedTenant } from '../tenants/publication.ts';
import { ECB_DAILY, readEcbRates } from './ecb-rates.ts';
import { errorWords, logWarning } from './log.ts';

/** The bank publishes about 16:00 CET: asked twice an hour, so that a failed pull is made good soon. */
const EVERY_MINUTES = 30;
const TIMEOUT_MS = 20_000;
/** Of one minute; a round that has more goes on in the next. */
const TENANTS_AT_ONCE = 500;
const ADDRESSES_AT_ONCE = 20;

export interface FeedPorts {
  /** Tenants with a feed after this one, by name. */
  readonly tenants: (after: string, limit: number) => Promise<readonly FeedTenant[]>;
  readonly ledger: (shard: string) => LedgerDatabase;
  readonly http: TargetHttp;
}

export const isFeedTime = (now: EpochMs): boolean => new Date(now).getUTCMinutes() % EVERY_MINUTES === 7;

/**
 * A part of a round over the tenants. One request per address and minute, whatever the number of tenants. What fails, be
 * it a feed or one tenant's books, is logged and is nobody else's trouble; the next round tries it again.
 *
 * @param after the tenant the round came to; '' begins one.
 * @returns where the next minute goes on; null: the round is over.
 */
export async function pullRates(ports: FeedPorts, after: string, now: EpochMs): Promise<string | null> {
  const page = await ports.tenants(after, TENANTS_AT_ONCE);
  const byAddress = new Map<string, Promise<readonly NewRate[]>>();
  for (const [index, { tenant, shard, url }] of page.entries()) {
    const address = url ?? ECB_DAILY;
    if (!byAddress.has(address) && byAddress.size === ADDRESSES_AT_ONCE) return page[index - 1]?.tenant ?? after;
    const rates = byAddress.get(address) ?? askFeed(ports.http, address);
    byAddress.set(address, rates);
    await record(ports, { tenant, shard }, await rates, now);
  }
  return page.length < TENANTS_AT_ONCE ? null : (page.at(-1)?.tenant ?? null);
}

/** None where the feed does not answer with rates, which is logged. */
async function askFeed(http: TargetHttp, url: string): Promise<readonly NewRate[]> {
  const answer = await http.send({ method: 'GET', url, headers: {}, body: null, timeoutMs: TIMEOUT_MS });
  if (answer.kind !== 'answer' || answer.status !== 200) {
    logWarning('rates_feed_failed', { why: answer.kind === 'answer' ? `answered ${answer.status}` : answer.message });
    return [];
  }
  const rates = readEcbRates(answer.body);
  if (rates.ok) return rates.value;
  logWarning('rates_feed_failed', { why: rates.error });
  return [];
}

async function record(
  ports: FeedPorts,
  { tenant, shard }: Pick<FeedTenant, 'tenant' | 'shard'>,
  rates: readonly NewRate[],
  now: EpochMs,
): Promise<void> {
  if (rates.length === 0) return;
  try {
    const { differing } = await recordRates(ports.ledger(shard), tenantId(tenant), rates, now);
    if (differing.length > 0) logWarning('rates_differ', { tenant, rates: differing.length });
  } catch (error) {
    logWarning('rates_not_recorded', { tenant, error: errorWords(error) });
  }
}
