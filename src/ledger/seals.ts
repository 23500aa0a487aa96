/**
 * Daily seals: a Merkle root over the heads of all lanes of a tenant, each seal chained to the one before. Leaves lie in
 * R2 in parts of a power of two, so that a part's root is a node of the whole tree: a proof reads one part.
 */
import { z } from 'zod';
import type { LedgerDatabase } from './database.ts';
import { canonicalJson, GENESIS, sha256Hex } from './hash.ts';
import { type Digest, digestOf, hexOf, leafHash, pathOf, rootOf } from './merkle.ts';

/** Leaves of a part: a power of two, about half a megabyte. */
export const PART_LEAVES = 4096;

export const sealLeaf = z.object({ lane: z.string(), position: z.int(), hash: z.string() });
export type SealLeaf = z.infer<typeof sealLeaf>;

const partView = z.object({
  key: z.string(),
  /** First and last lane in it, by key order. */
  first: z.string(),
  last: z.string(),
  leaves: z.int().positive(),
  root: z.string(),
});
export type SealPart = z.infer<typeof partView>;

/** The archive object that a seal's row names; without `complete` a seal in the making. */
export const sealManifest = z.object({
  tenant: z.string(),
  day: z.string(),
  complete: z.boolean(),
  parts: z.array(partView).max(10_000),
});
export type SealManifest = z.infer<typeof sealManifest>;

export const manifestKey = (tenant: string, day: string): string => `seals/${tenant}/${day}.json`;

/** A leaf as it is archived and hashed: canonical JSON of lane, position and head hash. */
export const leafText = ({ lane, position, hash }: SealLeaf): string => canonicalJson({ lane, position, hash });

/** @throws when the text is not leaves, or so many that no part has them. */
export function leavesOf(part: string): SealLeaf[] {
  const lines = part.split('\n').filter((line) => line !== '');
  if (lines.length > PART_LEAVES) throw new Error('a part of a seal has too many leaves');
  return lines.map((line) => sealLeaf.parse(JSON.parse(line)));
}

export const leafHashes = (leaves: readonly SealLeaf[]): Promise<Digest[]> =>
  Promise.all(leaves.map((leaf) => leafHash(leafText(leaf))));

export const rootOfParts = async (parts: readonly Pick<SealPart, 'root'>[]): Promise<string> =>
  hexOf(await rootOf(parts.map(({ root }) => digestOf(root))));

export const sealRow = z.object({
  tenant: z.string(),
  day: z.string(),
  root: z.string(),
  lanes: z.int(),
  previous: z.string(),
  hash: z.string(),
  archive: z.string(),
  sealed_at: z.int(),
});
export type SealRow = z.infer<typeof sealRow>;

/** Covers every column of the row but itself. `previous` is the hash of the seal before, 64 zeros for the first. */
export const sealHash = ({ tenant, day, root, lanes, previous, archive, sealed_at }: Omit<SealRow, 'hash'>) =>
  sha256Hex(canonicalJson({ tenant, day, root, lanes, previous, archive, sealedAt: sealed_at }));

export const NO_SEAL_BEFORE = GENESIS;

const columns = 'tenant, day, root, lanes, previous, hash, archive, sealed_at';

export async function findSeal(db: LedgerDatabase, tenant: string, day: string): Promise<SealRow | null> {
  const { results } = await db
    .prepare(`SELECT ${columns} FROM seals WHERE tenant = ?1 AND day = ?2`)
    .bind(tenant, day)
    .all<SealRow>();
  return results[0] ?? null;
}

/** Newest first, before a day. */
export async function listSeals(db: LedgerDatabase, tenant: string, before: string | null, limit: number) {
  const { results } = await db
    .prepare(`SELECT ${columns} FROM seals WHERE tenant = ?1 AND day < ?2 ORDER BY day DESC LIMIT ?3`)
    .bind(tenant, before ?? '9999-12-31', limit)
    .all<SealRow>();
  return results;
}

/** A second seal of the day changes nothing: the first stands. */
export async function insertSeal(db: LedgerDatabase, row: SealRow): Promise<void> {
  await db
    .prepare(`INSERT OR IGNORE INTO seals (${columns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`)
    .bind(row.tenant, row.day, row.root, row.lanes, row.previous, row.hash, row.archive, row.sealed_at)
    .run();
}

/** The next heads after a lane, by key. One index walk. */
export async function headsAfter(
  db: LedgerDatabase,
  tenant: string,
  after: string,
  limit: number,
): Promise<SealLeaf[]> {
  const { results } = await db
    .prepare('SELECT lane, position, hash FROM lanes WHERE tenant = ?1 AND lane > ?2 ORDER BY lane LIMIT ?3')
    .bind(tenant, after, limit)
    .all<SealLeaf>();
  return results;
}

const encoder = new TextEncoder();

/** In the order of the lanes' index, which is that of their UTF-8 bytes. */
function bytesBefore(one: string, other: string): boolean {
  const [a, b] = [encoder.encode(one), encoder.encode(other)];
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at === -1 ? a.length < b.length : (a[at] ?? 0) < (b[at] ?? -1);
}

export interface InclusionProof {
  readonly leaf: SealLeaf;
  /** The leaf's place among all of them, from 0, and how many there are. */
  readonly index: number;
  readonly size: number;
  /** Hashes beside the way to the root, nearest first, hex. */
  readonly path: readonly string[];
}

/** That a lane's head is under the root of these parts; null when the lane is not among them. */
export async function proveInclusion(
  manifest: SealManifest,
  lane: string,
  readPart: (key: string) => Promise<readonly SealLeaf[]>,
): Promise<InclusionProof | null> {
  const { parts } = manifest;
  const at = parts.findIndex(({ first, last }) => !bytesBefore(lane, first) && !bytesBefore(last, lane));
  const part = parts[at];
  if (part === undefined) return null;
  const leaves = await readPart(part.key);
  const within = leaves.findIndex((leaf) => leaf.lane === lane);
  const leaf = leaves[within];
  if (leaf === undefined) return null;
  const inside = await pathOf(await leafHashes(leaves), within);
  const outside = await pathOf(
    parts.map(({ root }) => digestOf(root)),
    at,
  );
  return {
    leaf,
    index: at * PART_LEAVES + within,
    size: parts.reduce((sum, { leaves: count }) => sum + count, 0),
    path: [...inside, ...outside].map(hexOf),
  };
}
