/**
 * `npm run rebuild`: decides everything again from the archived bytes and the config versions, in a fresh SQLite ledger, and
 * lists where that differs from the books of the running gateway. `--into <folder>` keeps what was made. Exit code 1 when
 * anything differs.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpEvidence, tenantAt } from './evidence/http-evidence.ts';
import { NodeLedger } from './evidence/node-ledger.ts';
import { rebuild } from './evidence/rebuild.ts';
import { argumentsOf } from './runtime/arguments.ts';
import { gateway } from './runtime/operator-api.ts';

const usage = `usage: npm run rebuild -- [--tenant <tenant>] [--into <folder>]
       --into   keeps what was made there: ledger.sqlite`;

async function main(): Promise<boolean> {
  const { values } = argumentsOf(usage, { options: { tenant: { type: 'string' }, into: { type: 'string' } } });
  const at = gateway();
  const evidence = new HttpEvidence(at, await tenantAt(at, values.tenant));
  const folder = values.into ?? mkdtempSync(join(tmpdir(), 'ledgergate-rebuild-'));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'ledger.sqlite');
  if (existsSync(file)) throw new Error(`${file} is there already: a rebuild begins with nothing.`);
  const startedAt = performance.now();
  const ledger = new NodeLedger(undefined, file);
  try {
    const made = await rebuild(evidence, ledger);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${evidence.tenant}: ${made.events} events and ${made.entries} entries decided again in ${seconds} s`);
    console.log(`  ${made.sameHashes} of ${made.events + made.entries} links have the same hash`);
    if (made.byContent > 0) console.log(`  ${made.byContent} events were compared column by column`);
    for (const line of made.borrowed) console.log(`  recorded facts were taken for ${line}`);
    for (const { table, key, what, expected, found } of made.differences)
      console.log(`  ${table} ${key}: ${what}\n    in the books ${expected}\n    made again   ${found}`);
    if (made.count > made.differences.length) console.log(`  and ${made.count - made.differences.length} more`);
    if (made.following > 0) console.log(`  ${made.following} links follow on a difference in their lane`);
    console.log(made.count === 0 ? 'The same books.' : `${made.count} differences.`);
    return made.count === 0;
  } finally {
    ledger.close();
    if (values.into === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
