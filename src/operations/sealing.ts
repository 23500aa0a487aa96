/**
 * The clock's part in the daily seal. After midnight UTC the heads of all lanes of a tenant are written to R2 part by
 * part, then one row of `seals` closes the day. A seal is a consistent cut of each lane by itself, not of all lanes at one
 * moment: what a lane booked between midnight and its turn is in. A day on which nothing ran has no seal of its own; the
 * next one covers it.
 */
import type { Bindings } from '../bindings.ts';
import type { EpochMs } from '../canonical/ids.ts';
import type { LedgerDatabase } from '../ledger/database.ts';
import { hexOf, rootOf } from '../ledger/merkle.ts';
import {
  headsAfter,
  insertSeal,
  leafHashes,
  leafText,
  listSeals,
  manifestKey,
  NO_SEAL_BEFORE,
  PART_LEAVES,
  rootOfParts,
  type SealManifest,
  type SealPart,
  sealHash,
  sealManifest,
} from '../ledger/seals.ts';
import { eachShard } from './each-shard.ts';
import { errorWords, logWarning } from './log.ts';

const DAY_MS = 86_400_000;
/** Of one run of the clock: eight parts are some 32,000 lanes, a few seconds. */
const PARTS_PER_RUN = 8;
const TENANTS_PER_RUN = 25;

interface Round {
  readonly day: string;
  /** Tenants up to this one have their seal. */
  readonly after: string;
  readonly finished: boolean;
}

const rounds = new Map<number, Round>();

/** The UTC day that is over: the one to be sealed. */
export const dayToSeal = (now: EpochMs): string => new Date(now - DAY_MS).toISOString().slice(0, 10);

/**
 * Seals as much as fits into one run; the next goes on. How far it came lies in the isolate, and a new isolate only looks
 * again: what is sealed is one row read.
 */
export async function sealDue(env: Bindings, now: EpochMs): Promise<void> {
  const day = dayToSeal(now);
  await eachShard(env, 'seals', async (db, index) => {
    const known = rounds.get(index);
    const round = known?.day === day ? known : { day, after: '', finished: false };
    if (!round.finished) rounds.set(index, await sealShard(env.ARCHIVE, db, round, now));
  });
}

async function sealShard(archive: R2Bucket, db: LedgerDatabase, round: Round, now: EpochMs): Promise<Round> {
  let { after } = round;
  let parts = PARTS_PER_RUN;
  for (let count = 0; count < TENANTS_PER_RUN && parts > 0; count += 1) {
    const tenant = await nextTenant(db, after);
    if (tenant === null) return { ...round, finished: true };
    try {
      const step = await sealTenant(archive, db, { tenant, day: round.day, parts }, now);
      parts -= step.parts;
      if (step.outcome === 'unfinished') return { ...round, after };
    } catch (error) {
      // Its parts are kept; it is tried again when the round has come back to it in a new isolate, or tomorrow.
      logWarning('seal_failed', { tenant, day: round.day, error: errorWords(error) });
    }
    after = tenant;
  }
  return { ...round, after };
}

async function nextTenant(db: LedgerDatabase, after: string): Promise<string | null> {
  const { results } = await db
    .prepare('SELECT tenant FROM lanes WHERE tenant > ?1 ORDER BY tenant LIMIT 1')
    .bind(after)
    .all<{ tenant: string }>();
  return results[0]?.tenant ?? null;
}

export interface SealStep {
  readonly outcome: 'sealed' | 'unfinished';
  /** Parts written. */
  readonly parts: number;
}

/**
 * Goes on with a tenant's seal of a day, by at most so many parts. Idempotent, and safe beside another run: parts are
 * named by their content, and whoever finds the manifest changed stops.
 */
export async function sealTenant(
  archive: R2Bucket,
  db: LedgerDatabase,
  { tenant, day, parts: budget }: { readonly tenant: string; readonly day: string; readonly parts: number },
  now: EpochMs,
): Promise<SealStep> {
  const [newest] = await listSeals(db, tenant, null, 1);
  if (newest !== undefined && newest.day >= day) return { outcome: 'sealed', parts: 0 };
  const found = await readManifest(archive, tenant, day);
  let manifest = found?.manifest ?? { tenant, day, complete: false, parts: [] };
  const before = manifest.parts.length;
  while (!manifest.complete && manifest.parts.length < before + budget) {
    const leaves = await headsAfter(db, tenant, manifest.parts.at(-1)?.last ?? '', PART_LEAVES);
    const complete = leaves.length < PART_LEAVES;
    const part = await writePart(archive, manifest, leaves);
    manifest = { ...manifest, complete, parts: part === null ? manifest.parts : [...manifest.parts, part] };
  }
  const written = manifest.parts.length - before;
  if (found?.manifest.complete !== true) {
    const kept = await archive.put(manifestKey(tenant, day), JSON.stringify(manifest), {
      httpMetadata: { contentType: 'application/json' },
      onlyIf: found === null ? { etagDoesNotMatch: '*' } : { etagMatches: found.etag },
    });
    if (kept === null || !manifest.complete) return { outcome: 'unfinished', parts: written };
  }
  const row = {
    tenant,
    day,
    root: await rootOfParts(manifest.parts),
    lanes: manifest.parts.reduce((sum, { leaves }) => sum + leaves, 0),
    previous: newest?.hash ?? NO_SEAL_BEFORE,
    archive: manifestKey(tenant, day),
    sealed_at: now,
  };
  await insertSeal(db, { ...row, hash: await sealHash(row) });
  return { outcome: 'sealed', parts: written };
}

async function writePart(
  archive: R2Bucket,
  { tenant, day, parts }: SealManifest,
  leaves: readonly { readonly lane: string; readonly position: number; readonly hash: string }[],
): Promise<SealPart | null> {
  const [first, last] = [leaves[0], leaves.at(-1)];
  if (first === undefined || last === undefined) return null;
  const root = hexOf(await rootOf(await leafHashes(leaves)));
  const number = String(parts.length).padStart(5, '0');
  const key = `seals/${tenant}/${day}/${number}-${root.slice(0, 16)}.ndjson`;
  await archive.put(key, `${leaves.map(leafText).join('\n')}\n`, {
    httpMetadata: { contentType: 'application/x-ndjson' },
  });
  return { key, first: first.lane, last: last.lane, leaves: leaves.length, root };
}

/** Null: there is none. @throws when it is not a manifest. */
export async function readManifest(
  archive: R2Bucket,
  tenant: string,
  day: string,
): Promise<{ readonly manifest: SealManifest; readonly etag: string } | null> {
  const object = await archive.get(manifestKey(tenant, day));
  return object === null ? null : { manifest: sealManifest.parse(JSON.parse(await object.text())), etag: object.etag };
}
