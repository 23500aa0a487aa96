/** What every source must hold, whoever the provider is. Each source's test calls this with samples of its own. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegisteredSource } from '../../src/sources/registered.ts';
import type { Enrichment, Interpretation, StoredEvent } from '../../src/sources/source.ts';
import type { Delivery } from '../../src/verification/verification.ts';
import { configured, stored, verifiedBody } from './interpreting.ts';

export interface SourceSamples {
  /** The source's config as a tenant writes it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly secrets: readonly string[];
  readonly wrongSecrets: readonly string[];
  readonly url?: string;
  readonly contentType: string;
  /** Bodies of real or realistic deliveries; the first is the one that is attacked. */
  readonly bodies: readonly Uint8Array<ArrayBuffer>[];
  /** Headers as the provider sends them with this body at this time (epoch ms). */
  readonly headers: (body: Uint8Array<ArrayBuffer>, at: number) => Promise<Readonly<Record<string, string>>>;
  /** Headers that say what a body is, where the body does not; also asked for bodies that were altered. */
  readonly readHeaders?: (body: Uint8Array<ArrayBuffer>) => Readonly<Record<string, string>>;
  /** Headers without which nothing is proven; [] when the proof is in the address. */
  readonly proof: readonly string[];
  /** Whether the proof covers the bytes, and the time. */
  readonly bindsBody: boolean;
  readonly bindsTime: boolean;
  readonly enrichment?: Enrichment;
}

const NOW = Date.UTC(2026, 10, 22, 12);
const MAX_EVENTS = 250;
const MAX_NEEDS = 50;

const live = (values: readonly string[]) => values.map((value) => ({ value, notBefore: null, notAfter: null }));

const changed = (bytes: Uint8Array<ArrayBuffer>, at: number, bit: number): Uint8Array<ArrayBuffer> => {
  const copy = bytes.slice();
  const index = at % copy.length;
  copy[index] = (copy[index] ?? 0) ^ (1 << bit);
  return copy;
};

/** Values that have broken parsers before. */
const hostile: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  -Number.MAX_SAFE_INTEGER,
  '',
  'x'.repeat(6000),
  '__proto__',
  [],
  {},
  { id: '' },
  [null],
];

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...path, key]));
  return [path, ...inner];
}

function withValue(value: unknown, path: Path, replacement: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((each, i) => (String(i) === String(key) ? withValue(each, rest, replacement) : each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, name === key ? withValue(each, rest, replacement) : each]),
  );
}

function asJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

const objectFields = new Set([
  'customer',
  'invoice',
  'payment',
  'refund',
  'creditNote',
  'dispute',
  'payout',
  'adjustment',
  'product',
  'subscription',
  'deal',
  'contract',
]);

/** Every number is a safe integer (amounts, instants, versions), every object key is the provider's and whole. */
export function expectSoundFacts(provider: string, interpretation: Interpretation): void {
  if (interpretation.kind === 'quarantine') {
    expect(interpretation.reason.detail.length).toBeLessThanOrEqual(500);
    return;
  }
  const key = new RegExp(`^${provider}:[a-z_]+:.+$`, 's');
  const visit = (value: unknown, name: string): void => {
    if (typeof value === 'number') expect(Number.isSafeInteger(value), `${name} = ${value}`).toBe(true);
    else if (typeof value === 'string' && objectFields.has(name)) expect(value, name).toMatch(key);
    else if (typeof value === 'object' && value !== null && name !== 'references') {
      for (const [inner, each] of Object.entries(value)) visit(each, Array.isArray(value) ? name : inner);
    }
  };
  for (const fact of interpretation.facts) {
    for (const required of fact.requires) expect(required).toMatch(key);
    visit(fact, fact.kind);
  }
}

export function sourceContract(name: string, source: RegisteredSource, samples: SourceSamples): void {
  const setUp = configured(source, samples.config);
  const [first] = samples.bodies;
  if (first === undefined) throw new Error('the contract needs at least one body');

  const delivered = async (body = first, at = NOW, receivedAt = at): Promise<Delivery> => ({
    method: 'POST',
    url: new URL(samples.url ?? 'https://gateway.test/in/acme/source'),
    headers: new Headers({ 'content-type': samples.contentType, ...(await samples.headers(body, at)) }),
    body,
    receivedAt,
  });
  const verify = (delivery: Delivery, secrets = samples.secrets) => setUp.verify(delivery, live(secrets));
  const eventsOf = (body: Uint8Array<ArrayBuffer>): StoredEvent[] => {
    const parsed = setUp.parse(verifiedBody(body, samples.contentType, NOW, samples.readHeaders?.(body)));
    if (!parsed.ok) return [];
    expect(parsed.value.length).toBeLessThanOrEqual(MAX_EVENTS);
    return parsed.value.map((event) => stored(event, NOW));
  };
  /** Everything the gateway would ever do with a body, twice; answers must be equal and sound. */
  const exercise = (body: Uint8Array<ArrayBuffer>) => {
    for (const event of eventsOf(body)) {
      const needs = setUp.enrichment(event);
      expect(needs.length).toBeLessThanOrEqual(MAX_NEEDS);
      expect(setUp.enrichment(event)).toEqual(needs);
      for (const enrichment of [new Map(), samples.enrichment ?? new Map()]) {
        const interpretation = setUp.interpret(event, enrichment);
        expect(setUp.interpret(event, enrichment)).toEqual(interpretation);
        expectSoundFacts(setUp.provider, interpretation);
      }
    }
  };

  describe(`${name} keeps the contract of sources`, () => {
    it('proves every sample', async () => {
      for (const body of samples.bodies) expect((await verify(await delivered(body))).ok).toBe(true);
    });

    it('proves nothing with another secret, or with none', async () => {
      expect((await verify(await delivered(), samples.wrongSecrets)).ok).toBe(false);
      expect((await verify(await delivered(), [])).ok).toBe(false);
    });

    it.skipIf(samples.proof.length === 0)('proves nothing without its proof', async () => {
      for (const header of samples.proof) {
        const delivery = await delivered();
        delivery.headers.delete(header);
        expect((await verify(delivery)).ok, header).toBe(false);
        delivery.headers.set(header, 'x');
        expect((await verify(delivery)).ok, header).toBe(false);
      }
    });

    it.skipIf(!samples.bindsBody)('proves no altered byte', async () => {
      const delivery = await delivered();
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
          expect((await verify({ ...delivery, body: changed(first, at, bit) })).ok).toBe(false);
        }),
        { numRuns: 50 },
      );
    });

    it.skipIf(!samples.bindsTime)('proves nothing an hour early or late', async () => {
      for (const shift of [-3_600_000, 3_600_000]) {
        expect((await verify(await delivered(first, NOW, NOW + shift))).ok).toBe(false);
      }
    });

    it('understands every sample in full', () => {
      for (const body of samples.bodies) {
        const parsed = setUp.parse(verifiedBody(body, samples.contentType, NOW, samples.readHeaders?.(body)));
        if (!parsed.ok) throw new Error(parsed.error.reason.detail);
        expect(parsed.value.length).toBeGreaterThan(0);
        for (const event of parsed.value) {
          expect(event.quarantine).toBeNull();
          expect(event.eventId).not.toBe('');
          expect(Number.isSafeInteger(event.occurredAt)).toBe(true);
          const interpretation = setUp.interpret(stored(event, NOW), samples.enrichment ?? new Map());
          expect(interpretation.kind === 'quarantine' ? interpretation.reason : null).toBeNull();
        }
        exercise(body);
      }
    });

    it('throws on no bytes', () => {
      fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => exercise(new Uint8Array(bytes))));
      fc.assert(
        fc.property(fc.constantFrom(...samples.bodies), fc.nat(), fc.integer({ min: 0, max: 7 }), (body, at, bit) =>
          exercise(changed(body, at, bit)),
        ),
      );
    });

    it('throws on no JSON, and books no unsound number from it', () => {
      const json = samples.bodies.map(asJson).filter((value) => value !== undefined);
      const attacked = json.map((value) => ({ value, paths: pathsOf(value) }));
      if (attacked.length === 0) return;
      fc.assert(
        fc.property(
          fc.constantFrom(...attacked),
          fc.nat(),
          fc.constantFrom(...hostile),
          ({ value, paths }, at, bad) => {
            const text = JSON.stringify(withValue(value, paths[at % paths.length] ?? [], bad));
            exercise(new Uint8Array(new TextEncoder().encode(text)));
          },
        ),
        { numRuns: 400 },
      );
    });

    it('answers what the provider takes for an answer', () => {
      for (const status of ['accepted', 'duplicate', 'quarantined'] as const) {
        const response = setUp.acknowledge({ status, events: [{ id: 'e1', lane: 'l', seq: 1 }] });
        expect(response.status).toBeGreaterThanOrEqual(200);
        expect(response.status).toBeLessThan(300);
      }
    });

    it('refuses settings it does not know', () => {
      expect(source.configure({ ...samples.config, noSuchSetting: 1 }).ok).toBe(false);
    });
  });
}
