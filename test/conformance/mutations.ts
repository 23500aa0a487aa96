/** Attacks a valid delivery in every way that one change can: nothing altered may be proven, and nothing may throw. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Delivery, Verification } from '../../src/verification/verification.ts';

export interface Attack {
  readonly delivery: Delivery;
  readonly verify: (delivery: Delivery) => Promise<Verification>;
  /** Headers the proof depends on: each is altered, removed and doubled. */
  readonly proof: readonly string[];
  /** Cheap schemes take ten thousand; those with a public key fewer. */
  readonly runs?: number;
  /** Whether every byte of the body is bound; else bodies are left alone here and attacked by the provider's own test. */
  readonly bindsBody?: boolean;
}

type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'append'; readonly byte: number }
  | { readonly kind: 'header'; readonly which: number; readonly at: number; readonly code: number }
  | { readonly kind: 'drop'; readonly which: number }
  | { readonly kind: 'double'; readonly which: number };

const nat = fc.nat({ max: 100_000 });
const ofBody: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('flip' as const), at: nat, bit: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), at: nat }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('append' as const), byte: fc.nat(255) }) },
);
const ofHeaders: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('header' as const),
      which: nat,
      at: nat,
      code: fc.integer({ min: 33, max: 126 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), which: nat }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('double' as const), which: nat }) },
);

/** Null when the mutation changed nothing. */
function mutated({ delivery, proof }: Attack, mutation: Mutation): Delivery | null {
  const { body } = delivery;
  const headers = new Headers(delivery.headers);
  if (mutation.kind === 'flip') {
    const copy = body.slice();
    const index = mutation.at % copy.length;
    copy[index] = (copy[index] ?? 0) ^ (1 << mutation.bit);
    return { ...delivery, body: copy };
  }
  if (mutation.kind === 'cut') return { ...delivery, body: body.slice(0, mutation.at % body.length) };
  if (mutation.kind === 'append') return { ...delivery, body: new Uint8Array([...body, mutation.byte]) };
  const name = proof[mutation.which % proof.length] ?? '';
  const before = headers.get(name) ?? '';
  if (mutation.kind === 'drop') headers.delete(name);
  else if (mutation.kind === 'double') headers.append(name, before);
  else {
    const at = mutation.at % before.length;
    const after = before.slice(0, at) + String.fromCharCode(mutation.code) + before.slice(at + 1);
    if (after === before) return null;
    headers.set(name, after);
  }
  return { ...delivery, headers };
}

export async function expectNoMutationProven(attack: Attack): Promise<void> {
  expect((await attack.verify(attack.delivery)).ok).toBe(true);
  const mutation = attack.bindsBody === false ? ofHeaders : fc.oneof(ofBody, ofHeaders);
  await fc.assert(
    fc.asyncProperty(mutation, async (each) => {
      const altered = mutated(attack, each);
      if (altered === null) return;
      expect((await attack.verify(altered)).ok).toBe(false);
    }),
    { numRuns: attack.runs ?? 10_000 },
  );
}
