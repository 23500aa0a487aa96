import { describe, expect, it } from 'vitest';
import { allTroubles, minimise, type Scenario, simulate } from './simulate.ts';
import type { Defect } from './world.ts';

const SEEDS = 2_000;

const scenario = (seed: number, defect: Defect = 'none'): Scenario => ({
  seed,
  customers: 1 + (seed % 4),
  trouble: allTroubles,
  defect,
});

/** A seed found before there was recognition: the same history as then. */
const unrecognised = (seed: number, defect: Defect = 'none'): Scenario => ({
  ...scenario(seed, defect),
  trouble: { ...allTroubles, recognition: 0 },
});

/** Runs seeds until one fails; null when none does. */
async function firstFailure(seeds: number, defect: Defect): Promise<Scenario | null> {
  for (let seed = 1; seed <= seeds; seed++) {
    const verdict = await simulate(scenario(seed, defect));
    if (verdict.violations.length > 0) return scenario(seed, defect);
  }
  return null;
}

describe('the simulated gateway', () => {
  it(`keeps its promise through ${SEEDS} histories with every kind of trouble`, { timeout: 900_000 }, async () => {
    const failing = await firstFailure(SEEDS, 'none');
    if (failing === null) return;
    const { scenario: smallest, verdict } = await minimise(failing);
    expect.fail(
      [`seed ${failing.seed}: ${JSON.stringify(smallest)}`, ...verdict.violations, ...verdict.trace].join('\n'),
    );
  });

  it('comes to the same end twice with the same seed', async () => {
    const [first, second] = [await simulate(scenario(7)), await simulate(scenario(7))];
    expect(second.trace).toEqual(first.trace);
    expect(second).toEqual(first);
    expect(first.accepted).toBeGreaterThan(5);
  });

  // A second hand-over of the same event by the same lane, while a pass was working on it, gave it a place further back.
  it('keeps the order of a linked lane when its hand-over is repeated after a crash', async () => {
    expect((await simulate({ ...unrecognised(5), customers: 2 })).violations).toEqual([]);
  });

  // A pass committed an event, died, and the event came back under a new number before the next pass read the books.
  it('recovers an event from the books that is in its lane under two numbers', async () => {
    expect((await simulate(unrecognised(51))).violations).toEqual([]);
  });

  // no_take_back: the linked lane sent an event on to the lane it had come from, which held it for handed away.
  it.each<Defect>(['no_dedupe', 'settle_before_commit', 'blind_retry', 'no_take_back', 'recognise_twice'])(
    'finds the planted defect %s, and nothing in the same history without it',
    { timeout: 120_000 },
    async (defect) => {
      const found = await firstFailure(200, defect);
      if (found === null) throw new Error('not found in 200 histories');
      expect((await simulate({ ...found, defect: 'none' })).violations).toEqual([]);
    },
  );
});
