/** `npm run simulate -- --seeds N --from S [--defect D]`: any number of simulated histories; prints the first failure's smallest. */
import { parseArgs } from 'node:util';
import { allTroubles, minimise, simulate } from './simulate.ts';
import type { Defect } from './world.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    defect: { type: 'string', default: 'none' },
  },
});
const defects: readonly Defect[] = [
  'none',
  'no_dedupe',
  'settle_before_commit',
  'blind_retry',
  'no_take_back',
  'recognise_twice',
];
const defect = defects.find((name) => name === values.defect);
const seeds = Number(values.seeds);
const from = Number(values.from);
if (defect === undefined || !Number.isSafeInteger(seeds) || !Number.isSafeInteger(from)) {
  console.error(`usage: npm run simulate -- --seeds N --from S [--defect ${defects.join('|')}]`);
  process.exit(2);
}

const startedAt = Date.now();
let events = 0;
let documents = 0;
for (let seed = from; seed < from + seeds; seed++) {
  const scenario = { seed, customers: 1 + (seed % 4), trouble: allTroubles, defect };
  const verdict = await simulate(scenario);
  events += verdict.accepted;
  documents += verdict.documents;
  if (verdict.violations.length > 0) {
    const smallest = await minimise(scenario);
    console.error(`seed ${seed} fails. Its smallest history: ${JSON.stringify(smallest.scenario)}`);
    console.error([...smallest.verdict.violations, '', ...smallest.verdict.trace].join('\n'));
    process.exit(1);
  }
}
const seconds = (Date.now() - startedAt) / 1000;
console.log(
  `${seeds} histories from seed ${from}: ${events} events accepted, ${documents} documents posted, all kept. ${seconds.toFixed(1)} s`,
);
