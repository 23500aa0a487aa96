/** Merkle trees as RFC 6962 (2.1) builds them: leaves and nodes are hashed apart, so that neither passes for the other. */

export type Digest = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const LEAF = 0;
const NODE = 1;

async function sha256(...parts: readonly Uint8Array[]): Promise<Digest> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
}

export const leafHash = (data: string): Promise<Digest> => sha256(new Uint8Array([LEAF]), encoder.encode(data));
const nodeHash = (left: Digest, right: Digest): Promise<Digest> => sha256(new Uint8Array([NODE]), left, right);

export const hexOf = (digest: Digest): string =>
  Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @throws when it is not 64 lower hex digits. */
export function digestOf(hex: string): Digest {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new Error('not a SHA-256');
  return Uint8Array.from({ length: 32 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16));
}

/** The largest power of two below `count`, which is at least 2. */
const split = (count: number): number => 2 ** Math.floor(Math.log2(count - 1));

/**
 * The root over hashes that are leaves, or roots of equally large perfect subtrees of which only the last may be
 * smaller: both trees have the same shape.
 */
export async function rootOf(hashes: readonly Digest[]): Promise<Digest> {
  const [only] = hashes;
  if (only === undefined) return sha256();
  if (hashes.length === 1) return only;
  const at = split(hashes.length);
  const [left, right] = [await rootOf(hashes.slice(0, at)), await rootOf(hashes.slice(at))];
  return nodeHash(left, right);
}

/** The hashes beside the way from `hashes[index]` to the root, the nearest first. */
export async function pathOf(hashes: readonly Digest[], index: number): Promise<Digest[]> {
  if (hashes.length <= 1) return [];
  const at = split(hashes.length);
  return index < at
    ? [...(await pathOf(hashes.slice(0, at), index)), await rootOf(hashes.slice(at))]
    : [...(await pathOf(hashes.slice(at), index - at)), await rootOf(hashes.slice(0, at))];
}

/**
 * The root that an inclusion path leads to (RFC 9162, 2.1.3.2); null when the path does not fit a tree of `size` leaves.
 * Equal to the sealed root: the leaf is in the tree.
 */
export async function rootFromPath(
  leaf: Digest,
  index: number,
  size: number,
  path: readonly Digest[],
): Promise<Digest | null> {
  if (index < 0 || index >= size) return null;
  let [node, last, hash] = [index, size - 1, leaf];
  for (const beside of path) {
    if (last === 0) return null;
    if (node % 2 === 1 || node === last) {
      hash = await nodeHash(beside, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
    } else {
      hash = await nodeHash(hash, beside);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 ? hash : null;
}
