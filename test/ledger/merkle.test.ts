import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestOf, hexOf, leafHash, pathOf, rootFromPath, rootOf } from '../../src/ledger/merkle.ts';

const leaves = (count: number) => Promise.all(Array.from({ length: count }, (_, at) => leafHash(`leaf ${at}`)));
const sha256 = (...parts: (Buffer | string)[]): Buffer =>
  createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest();

describe('a Merkle tree', () => {
  // RFC 6962, 2.1: the hash of an empty list is that of the empty string; leaves are hashed behind 0x00, nodes behind 0x01.
  it('is what RFC 6962 says for none, one and three leaves', async () => {
    const [a, b, c] = ['leaf 0', 'leaf 1', 'leaf 2'].map((text) => sha256('\x00', text));
    if (a === undefined || b === undefined || c === undefined) throw new Error('three leaves');
    const three = sha256('\x01', sha256('\x01', a, b), c);
    expect(hexOf(await rootOf([]))).toBe(sha256('').toString('hex'));
    expect(hexOf(await rootOf(await leaves(1)))).toBe(a.toString('hex'));
    expect(hexOf(await rootOf(await leaves(3)))).toBe(three.toString('hex'));
  });

  it('proves each of its leaves, and no other in its place', async () => {
    for (const size of [1, 2, 3, 5, 8, 13]) {
      const hashes = await leaves(size);
      const root = hexOf(await rootOf(hashes));
      const stranger = await leafHash('somebody else');
      for (const [index, leaf] of hashes.entries()) {
        const path = await pathOf(hashes, index);
        const reached = await rootFromPath(leaf, index, size, path);
        expect(reached === null ? null : hexOf(reached)).toBe(root);
        const wrong = await rootFromPath(stranger, index, size, path);
        expect(wrong === null ? null : hexOf(wrong)).not.toBe(root);
      }
    }
  });

  it('takes no path that is too long, too short, or of a leaf beyond the end', async () => {
    const hashes = await leaves(5);
    const [leaf] = hashes;
    if (leaf === undefined) throw new Error('five leaves');
    const path = await pathOf(hashes, 0);
    expect(await rootFromPath(leaf, 0, 5, path.slice(1))).toBeNull();
    expect(await rootFromPath(leaf, 0, 5, [...path, leaf])).toBeNull();
    expect(await rootFromPath(leaf, 5, 5, path)).toBeNull();
  });

  it('has the same root over the roots of equal parts as over all leaves', async () => {
    const hashes = await leaves(11);
    const parts = await Promise.all([hashes.slice(0, 4), hashes.slice(4, 8), hashes.slice(8)].map(rootOf));
    expect(hexOf(await rootOf(parts))).toBe(hexOf(await rootOf(hashes)));
  });

  it('reads its own hex and nothing else', async () => {
    const leaf = await leafHash('x');
    expect(digestOf(hexOf(leaf))).toEqual(leaf);
    expect(() => digestOf('ff')).toThrow('not a SHA-256');
  });
});
