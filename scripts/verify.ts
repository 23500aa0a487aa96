/**
 * `npm run verify`: recomputes the books of a running gateway from their raw rows and names what does not fit. LEDGERGATE_URL
 * and LEDGERGATE_TOKEN say which gateway; without them it is the local one. Exit code 1 when anything does not fit.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpEvidence, tenantAt } from './evidence/http-evidence.ts';
import { verify } from './evidence/verify.ts';
import { Workbook } from './evidence/workbook.ts';
import { argumentsOf } from './runtime/arguments.ts';
import { gateway } from './runtime/operator-api.ts';

const usage = `usage: npm run verify -- [--tenant <tenant>] [--no-bodies] [--seal <day>=<hash>]...
       --no-bodies   leave the archived bytes alone (reading them needs a token with role operate)
       --seal        a seal's hash that was kept outside: the books up to that day have to be the same`;

function keptSeals(given: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    given.map((text): [string, string] => {
      const [, day, hash] = /^(\d{4}-\d{2}-\d{2})=([0-9a-f]{64})$/.exec(text) ?? [];
      if (day === undefined || hash === undefined) throw new Error(`${text} is not <day>=<hash>\n${usage}`);
      return [day, hash];
    }),
  );
}

async function main(): Promise<boolean> {
  const { values } = argumentsOf(usage, {
    options: {
      tenant: { type: 'string' },
      'no-bodies': { type: 'boolean', default: false },
      seal: { type: 'string', multiple: true, default: [] },
    },
  });
  const kept = keptSeals(values.seal);
  const at = gateway();
  const evidence = new HttpEvidence(at, await tenantAt(at, values.tenant));
  const folder = mkdtempSync(join(tmpdir(), 'ledgergate-verify-'));
  const workbook = new Workbook(join(folder, 'workbook.sqlite'));
  try {
    const report = await verify(evidence, workbook, { kept, bodies: !values['no-bodies'] });
    const checked = Object.entries(report.checked).map(([what, count]) => `${count} ${what}`);
    console.log(`${evidence.tenant}: ${checked.join(', ')}`);
    for (const note of report.notes) console.log(`  ${note}`);
    for (const { table, key, what, expected, found } of report.findings)
      console.log(`  ${table} ${key}\n    ${what}\n    expected ${expected}\n    found    ${found}`);
    const more = report.count - report.findings.length;
    if (more > 0) console.log(`  and ${more} more`);
    console.log(report.count === 0 ? 'Everything fits.' : `${report.count} things do not fit.`);
    return report.count === 0;
  } finally {
    workbook.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
