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

  it.each<Defect>(['no_dedupe', 'settle_before_commit', 'blind_retry'])(
    'finds the planted defect %s',
    { timeout: 120_000 },
    async (defect) => {
      expect(await firstFailure(200, defect)).not.toBeNull();
    },
  );
});
