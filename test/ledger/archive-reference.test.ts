import { describe, expect, it } from 'vitest';
import { NodeLedger } from '../../scripts/evidence/node-ledger.ts';
import { laneKey, providerEventId, sourceId, tenantId } from '../../src/canonical/ids.ts';
import { commitLanes } from '../../src/ledger/commit.ts';
import { GENESIS } from '../../src/ledger/hash.ts';
import type { LaneCommit } from '../../src/ledger/records.ts';

const [tenant, lane, source, eventId] = [
  tenantId('acme'),
  laneKey('stripe:cus_1'),
  sourceId('stripe'),
  providerEventId('evt_1'),
];

function commitOf(position: number | null): LaneCommit {
  const none = { entries: [], objects: [], exceptions: [], resolved: [] };
  const head = { position: 0, hash: GENESIS };
  const link = position === null ? { previousHash: null, hash: null } : { previousHash: GENESIS, hash: 'a'.repeat(64) };
  return {
    ...{ tenant, lane, from: head, to: { position: position ?? 0, hash: link.hash ?? GENESIS }, ...none },
    events: [
      {
        ...{
          source,
          eventId,
          seq: 1,
          position,
          type: 'charge.succeeded',
          occurredAt: 1,
          receivedAt: 1,
          trust: 'signed',
        },
        ...{ bodyHash: 'b'.repeat(64), outcome: position === null ? 'waiting' : 'nothing', note: null, facts: [] },
        ...{ plan: { targets: [], documents: [] }, configVersion: 1, ...link },
      },
    ],
  };
}

/** What `events.archive` is after these passes: each is held, the last one applied. */
async function after(...references: readonly (string | null)[]): Promise<unknown> {
  const ledger = new NodeLedger();
  for (const [at, reference] of references.entries()) {
    const commit = commitOf(at === references.length - 1 ? 1 : null);
    await commitLanes(ledger, [commit], { reference: () => reference, late: [] }, at + 1);
  }
  const late = (reference: string) =>
    commitLanes(ledger, [], { reference: () => null, late: [{ tenant, source, eventId, reference }] }, 99);
  const archive = () => ledger.rows<{ archive: string | null }>('SELECT archive FROM events')[0]?.archive;
  const applied = archive();
  await late('late.ndjson#7');
  return [applied, archive()];
}

describe('where an event’s bytes and answers lie', () => {
  it.each([
    ['bytes stay when nothing new was asked', ['a#0', null], ['a#0', 'a#0']],
    ['later answers join the bytes', ['a#0', '+b#1'], ['a#0+b#1', 'a#0+b#1']],
    ['the last answers stand', ['a#0', '+b#1', '+c#2'], ['a#0+c#2', 'a#0+c#2']],
    ['bytes that are archived anew bring the newest answers', ['a#0', 'd#4'], ['d#4', 'd#4']],
    ['bytes that come late join the answers', [null, '+b#1'], ['+b#1', 'late.ndjson#7+b#1']],
    ['bytes that come late alone', [null, null], [null, 'late.ndjson#7']],
  ])('%s', async (_what, references, expected) => {
    expect(await after(...references)).toEqual(expected);
  });
});
