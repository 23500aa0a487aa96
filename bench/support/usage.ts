/** What is billed, in the units it is billed in, and what that costs. List prices in US dollars, November 2026. */

interface Price {
  readonly dollarsPerMillion: number;
  readonly note: string;
}

/** An object has 128 MB while it is active: one millisecond is 0.000128 GB-s. */
const GB_S_PER_ACTIVE_MS = 0.128 / 1000;

export const prices = {
  'Worker requests': { dollarsPerMillion: 0.3, note: '$0.30 a million' },
  'Worker CPU ms': { dollarsPerMillion: 0.02, note: '$0.02 a million' },
  'DO requests': { dollarsPerMillion: 0.15, note: '$0.15 a million' },
  'DO active ms': { dollarsPerMillion: 12.5 * GB_S_PER_ACTIVE_MS, note: '$12.50 a million GB-s at 128 MB' },
  'DO rows written': { dollarsPerMillion: 1, note: '$1.00 a million' },
  'DO rows read': { dollarsPerMillion: 0.001, note: '$0.001 a million' },
  'queue operations': { dollarsPerMillion: 0.4, note: '$0.40 a million' },
  'D1 rows written': { dollarsPerMillion: 1, note: '$1.00 a million' },
  'D1 rows read': { dollarsPerMillion: 0.001, note: '$0.001 a million' },
  'R2 writes': { dollarsPerMillion: 4.5, note: '$4.50 a million' },
  'R2 reads': { dollarsPerMillion: 0.36, note: '$0.36 a million' },
} as const satisfies Readonly<Record<string, Price>>;

export type Meter = keyof typeof prices;
export const meters = Object.keys(prices).filter((name): name is Meter => name in prices);

/** Units by `<meter>: <what used it>`, such as `D1 rows written: events`. */
export type Usage = Readonly<Record<`${Meter}: ${string}`, number>>;

/** Units of one event. */
export type PerEvent = ReadonlyMap<string, number>;

export const meterOf = (key: string): Meter => {
  const meter = meters.find((one) => key.startsWith(`${one}: `));
  if (meter === undefined) throw new Error(`nothing is billed as ${key}`);
  return meter;
};

export const dollarsPerMillion = (key: string, units: number): number => units * prices[meterOf(key)].dollarsPerMillion;

/** What was used between two readings, of one event of `events`. */
export function perEvent(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  events: number,
): PerEvent {
  return new Map(Object.entries(after).map(([key, units]) => [key, (units - (before[key] ?? 0)) / events]));
}

/** Several shapes of use in proportion. */
export function blend(parts: readonly (readonly [PerEvent, number])[]): PerEvent {
  const mixed = new Map<string, number>();
  for (const [usage, share] of parts) {
    for (const [key, units] of usage) mixed.set(key, (mixed.get(key) ?? 0) + units * share);
  }
  return mixed;
}

export const unitsOf = (usage: PerEvent, meter: Meter): number =>
  [...usage].reduce((total, [key, units]) => total + (meterOf(key) === meter ? units : 0), 0);

export const costOf = (usage: PerEvent): number =>
  [...usage].reduce((total, [key, units]) => total + dollarsPerMillion(key, units), 0);
