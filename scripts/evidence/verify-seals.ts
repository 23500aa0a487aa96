/** Seals: each row by itself, the chain of them, the root over the archived leaves, and every sealed head on its lane's chain. */
import { GENESIS } from '../../src/ledger/hash.ts';
import { hexOf, rootOf } from '../../src/ledger/merkle.ts';
import {
  leafHashes,
  manifestKey,
  NO_SEAL_BEFORE,
  rootOfParts,
  type SealRow,
  sealHash,
} from '../../src/ledger/seals.ts';
import type { Evidence, Findings } from './evidence.ts';
import type { Workbook } from './workbook.ts';

/** @param kept hashes that somebody kept outside, by day: what the seals have to be. */
export async function checkSeals(
  evidence: Evidence,
  workbook: Workbook,
  kept: ReadonlyMap<string, string>,
  findings: Findings,
): Promise<number> {
  const expected = new Map(kept);
  let previous = NO_SEAL_BEFORE;
  let count = 0;
  for await (const row of evidence.rows('seals')) {
    count += 1;
    findings.same('seals', row.day, 'previous: the hash of the seal before', previous, row.previous);
    findings.same('seals', row.day, 'the hash of its content', await sealHash(row), row.hash);
    findings.same('seals', row.day, 'archive', manifestKey(evidence.tenant, row.day), row.archive);
    const outside = expected.get(row.day);
    if (outside !== undefined) findings.same('seals', row.day, 'the hash kept outside', outside, row.hash);
    expected.delete(row.day);
    await checkLeaves(evidence, workbook, row, findings);
    previous = row.hash;
  }
  for (const [day, hash] of expected) findings.add('seals', day, 'the seal whose hash was kept outside', hash, 'none');
  return count;
}

async function checkLeaves(evidence: Evidence, workbook: Workbook, row: SealRow, findings: Findings): Promise<void> {
  const roots: { readonly root: string }[] = [];
  let lanes = 0;
  for (let part = 0; ; part += 1) {
    const leaves = await evidence.leaves(row.day, part);
    if (leaves === null)
      return findings.add('seals', row.day, `archived leaves, part ${part}`, 'an object in the archive', 'none');
    if (leaves.length === 0) break;
    lanes += leaves.length;
    roots.push({ root: hexOf(await rootOf(await leafHashes(leaves))) });
    for (const { lane, position, hash } of leaves) {
      const link = workbook.linkAt(lane, position) ?? GENESIS;
      findings.same(
        'seals',
        `${row.day}/${lane}`,
        `the sealed head: the lane’s link at ${lane}#${position}`,
        link,
        hash,
      );
    }
  }
  findings.same('seals', row.day, 'lanes: leaves in the archive', lanes, row.lanes);
  findings.same('seals', row.day, 'root: over the archived leaves', await rootOfParts(roots), row.root);
}
