/** Ten thousand alterations of valid deliveries, none of which may be believed and none of which may throw. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Delivery, Verification } from '../../src/verification/verification.ts';

export interface Attacked {
  /** A delivery that is accepted. */
  readonly valid: Delivery;
  readonly verify: (delivery: Delivery) => Promise<Verification>;
  /** Headers that the proof is made of. */
  readonly headers: readonly string[];
  /** Seconds, both ways: a delivery received so much later or earlier, and more, is stale. Null where no time is signed. */
  readonly toleranceSeconds: number | null;
  /** Whether the proof covers every byte of the body; else bodies are left alone here. Default: true. */
  readonly bindsBody?: boolean;
  /** What two spellings of a header have in common that are the same proof (`bearer x`); default: the value itself. */
  readonly spelling?: (value: string) => string;
}

const RUNS = 10_000;

/** Of a header that lists signatures (Standard Webhooks): one that is there twice proves what it proves once. */
export const listedOnce = (value: string): string => [...new Set(value.split(/,? /))].join(' ');

type Attack = (valid: Delivery) => Delivery | null;

const withHeader = (valid: Delivery, name: string, change: (value: string) => string | null): Delivery | null => {
  const value = valid.headers.get(name) ?? '';
  const next = change(value);
  if (next !== null && new Headers({ [name]: next }).get(name) === value) return null;
  const headers = new Headers(valid.headers);
  if (next === null) headers.delete(name);
  else headers.set(name, next);
  return { ...valid, headers };
};

const bodyAttack = fc.oneof(
  fc.tuple(fc.nat(), fc.integer({ min: 0, max: 7 })).map(
    ([at, bit]): Attack =>
      (valid) => {
        const body = valid.body.slice();
        const index = at % body.length;
        body[index] = (body[index] ?? 0) ^ (1 << bit);
        return { ...valid, body };
      },
  ),
  fc.nat().map(
    (at): Attack =>
      (valid) => ({ ...valid, body: valid.body.slice(0, at % valid.body.length) }),
  ),
  fc.uint8Array({ minLength: 1, maxLength: 8 }).map(
    (more): Attack =>
      (valid) => {
        const body = new Uint8Array(valid.body.length + more.length);
        body.set(valid.body);
        body.set(more, valid.body.length);
        return { ...valid, body };
      },
  ),
);

const printable = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));

const headerAttack = (names: readonly string[]) =>
  fc.constantFrom(...names).chain((name) =>
    fc.oneof(
      fc.tuple(fc.nat(), printable).map(
        ([at, character]): Attack =>
          (valid) =>
            withHeader(valid, name, (value) => {
              const index = at % Math.max(value.length, 1);
              return value.slice(0, index) + character + value.slice(index + 1);
            }),
      ),
      fc.nat().map(
        (at): Attack =>
          (valid) =>
            withHeader(valid, name, (value) => value.slice(0, at % value.length)),
      ),
      fc.string({ maxLength: 80, unit: printable }).map(
        (text): Attack =>
          (valid) =>
            withHeader(valid, name, () => text),
      ),
      fc.constant<Attack>((valid) => withHeader(valid, name, () => null)),
      fc.constant<Attack>((valid) => withHeader(valid, name, () => '')),
      // Twice in one request: HTTP joins the two.
      fc.constant<Attack>((valid) => withHeader(valid, name, (value) => `${value}, ${value}`)),
    ),
  );

const timeAttack = (toleranceSeconds: number) =>
  fc.tuple(fc.constantFrom(-1, 1), fc.integer({ min: toleranceSeconds + 2, max: 10_000_000 })).map(
    ([sign, seconds]): Attack =>
      (valid) => ({ ...valid, receivedAt: valid.receivedAt + sign * seconds * 1000 }),
  );

/** Declares the test. Give it a short body: the time goes into digests. */
export function believesNoAlteration(scheme: string, attacked: Attacked): void {
  const spelling = attacked.spelling ?? ((value: string) => value);
  const proofOf = (sent: Delivery): string =>
    attacked.headers.map((name) => spelling(sent.headers.get(name) ?? '')).join('\n');
  it(`${scheme}: believes none of ${RUNS} altered deliveries`, { timeout: 120_000 }, async () => {
    expect((await attacked.verify(attacked.valid)).ok).toBe(true);
    const attacks = fc.oneof(
      ...(attacked.bindsBody === false ? [] : [bodyAttack]),
      ...(attacked.headers.length === 0 ? [] : [headerAttack(attacked.headers)]),
      ...(attacked.toleranceSeconds === null ? [] : [timeAttack(attacked.toleranceSeconds)]),
    );
    await fc.assert(
      fc.asyncProperty(attacks, async (attack) => {
        const altered = attack(attacked.valid);
        const untouched = altered?.body === attacked.valid.body && altered.receivedAt === attacked.valid.receivedAt;
        if (altered === null || (untouched && proofOf(altered) === proofOf(attacked.valid))) return;
        const verdict = await attacked.verify(altered);
        if (verdict.ok) throw new Error('an altered delivery was believed');
      }),
      { numRuns: RUNS },
    );
  });
}
