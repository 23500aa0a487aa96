/**
 * `npm run demo`: sends a few hundred webhooks of three providers to the running gateway, waits until they are booked and
 * posted, and says what became of them. Sent again it changes nothing; `--again` insists on that. The exit code is 0
 * only when everything adds up.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { z } from 'zod';
import { type Evidence, findings } from './demo/audit.ts';
import { Operator, type TrialBalance } from './demo/operator.ts';
import { uploadWorld, waitUntilDrained } from './demo/rounds.ts';
import { type Answer, sendAll } from './demo/send.ts';
import { demoStory } from './demo/story.ts';
import { readDemoFile, stateDirectory, writePrivately } from './runtime/credentials.ts';
import { heading, progressBar, table } from './runtime/terminal.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '300' },
    customers: { type: 'string', default: '20' },
    again: { type: 'boolean', default: false },
  },
});
const options = {
  count: z.coerce.number().int().min(30).max(100_000).parse(values.count),
  customers: z.coerce.number().int().min(4).max(1000).parse(values.customers),
};

const stateDir = stateDirectory(join(import.meta.dirname, '..'));
const memory = join(stateDir, 'demo-balances.json');

async function main(): Promise<boolean> {
  const demo = readDemoFile(stateDir);
  const operator = new Operator(demo);
  const known = new Set((await operator.events()).map((event) => `${event.source} ${event.id}`));
  const story = demoStory(options);
  await uploadWorld(story.world, demo);

  const bar = progressBar('Sending ', story.phases.flat().length);
  let sent = 0;
  const startedAt = Date.now();
  const answers: Answer[] = [];
  for (const phase of story.phases) {
    const sending = { demo, concurrency: 8, patienceMs: 60_000, onAnswer: () => bar.update(++sent) };
    answers.push(...(await sendAll(phase, sending)));
  }
  bar.stop();
  const told = withSalesforceDuplicates(answers, known);
  const lanes = [...new Set(told.flatMap((answer) => answer.events.map((event) => event.lane)))];
  const { drained, totals } = await waitUntilDrained(operator, lanes, 240_000);
  const evidence: Evidence = {
    answers: told,
    events: await operator.events(),
    exceptions: await operator.exceptions(),
    trialBalance: await operator.trialBalance(),
    odoo: await operator.odoo(),
  };
  console.log(`${((Date.now() - startedAt) / 1000).toFixed(1)} s from the first webhook to the last posting`);
  report(evidence);
  const results = [
    { what: 'nothing is still on its way', ok: drained, detail: drained ? '' : JSON.stringify(totals) },
    ...findings(evidence),
    ...repetition(told, evidence.trialBalance),
  ];
  console.log('');
  for (const { what, ok, detail } of results) {
    console.log(
      `  ${what}: ${ok ? styleText('green', 'yes') : styleText('red', 'NO')}${detail === '' ? '' : `  (${detail})`}`,
    );
  }
  return results.every((result) => result.ok);
}

/** Salesforce's Ack does not tell a duplicate; what was known before, or came twice in this run, is one. */
function withSalesforceDuplicates(answers: readonly Answer[], known: ReadonlySet<string>): readonly Answer[] {
  const seen = new Set(known);
  return answers.map((answer) => {
    if (answer.delivery.source !== 'salesforce' || answer.status !== 'accepted') return answer;
    const keys = answer.events.map((event) => `salesforce ${event.id}`);
    const duplicate = keys.length > 0 && keys.every((key) => seen.has(key));
    for (const key of keys) seen.add(key);
    return duplicate ? { ...answer, status: 'duplicate' } : answer;
  });
}

function report({ answers, exceptions, trialBalance, odoo }: Evidence): void {
  const count = (status: Answer['status']): string =>
    String(answers.filter((answer) => answer.status === status).length);
  const posted =
    odoo.partners +
    (odoo.payments.posted ?? odoo.payments.paid ?? 0) +
    Object.values(odoo.moves).reduce((sum, states) => sum + (states.posted ?? 0), 0);
  console.log(heading('Webhooks'));
  console.log(
    table([
      ['accepted', count('accepted')],
      ['duplicate', count('duplicate')],
      ['rejected', count('refused')],
      ['quarantined', count('quarantined')],
      ['documents in Odoo', String(posted)],
      ['open exceptions', String(exceptions.length)],
    ]),
  );
  for (const exception of exceptions.slice(0, 5))
    console.log(`    ${exception.cause}: ${exception.message.slice(0, 160)}`);
  console.log(heading(`Trial balance (${trialBalance.baseCurrency ?? 'nothing booked'})`));
  console.log(
    table(
      trialBalance.accounts.map((row): [string, string] => [
        `${row.account} ${row.role ?? ''}${row.currency === trialBalance.baseCurrency ? '' : ` (${row.currency})`}`,
        row.baseClosing.text,
      ]),
    ),
  );
}

const remembered = z.object({ options: z.string(), balances: z.string() });

/** Balances after this demo are remembered; when all of it was known already they must be what they were. */
function repetition(
  answers: readonly Answer[],
  trialBalance: TrialBalance,
): { what: string; ok: boolean; detail: string }[] {
  const balances = JSON.stringify(trialBalance.accounts);
  const before = existsSync(memory) ? remembered.parse(JSON.parse(readFileSync(memory, 'utf8'))) : null;
  const repeated = answers.every((answer) => answer.status === 'duplicate' || answer.status === 'refused');
  writePrivately(memory, { options: JSON.stringify(options), balances });
  if (!repeated) return values.again ? [{ what: 'sent again, nothing was new', ok: false, detail: '' }] : [];
  const same = before === null || before.options !== JSON.stringify(options) || before.balances === balances;
  return [{ what: 'sent again, nothing changed', ok: same, detail: '' }];
}

try {
  process.exit((await main()) ? 0 : 1);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
