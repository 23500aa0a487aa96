/**
 * `npm test`: every check, then every test, in the order in which a failure is cheapest to understand. Goes on after a
 * failure, so that one run tells everything. The last line is `N passed, N failed`, checks and tests counted alike.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { z } from 'zod';
import { dependencyViolations } from './checks/dependency-rules.ts';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'ledgergate-test-'));

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

interface Check {
  readonly name: string;
  readonly run: () => Promise<Outcome>;
}

/** Runs a tool of node_modules/.bin and keeps what it says. */
function tool(name: string, ...args: readonly string[]): () => Promise<Outcome> {
  return () =>
    new Promise((resolve, reject) => {
      const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: '1' };
      const child = spawn(name, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
      const chunks: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
      child.on('error', reject);
      child.on('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(chunks).toString('utf8') }));
    });
}

async function dependencyDirection(): Promise<Outcome> {
  const folders = ['src', 'sandbox', 'scripts', 'bench', 'relay', 'test'].filter((folder) =>
    existsSync(join(root, folder)),
  );
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => ({
        path: `${folder}/${path.replaceAll('\\', '/')}`,
        text: readFileSync(join(root, folder, path), 'utf8'),
      })),
  );
  const violations = dependencyViolations(files);
  return { ok: violations.length === 0, output: violations.join('\n') };
}

const checks: readonly Check[] = [
  { name: 'format and lint', run: tool('biome', 'check', '--error-on-warnings', '.') },
  { name: 'types (Workers)', run: tool('tsc', '--noEmit', '-p', 'tsconfig.json') },
  { name: 'types (Node)', run: tool('tsc', '--noEmit', '-p', 'tsconfig.node.json') },
  { name: 'unused code', run: tool('knip', '--no-progress') },
  { name: 'dependency direction', run: dependencyDirection },
  { name: 'generated files', run: tool('node', 'scripts/generate.ts', '--check') },
  {
    name: 'production bundle',
    run: tool('wrangler', 'deploy', '--dry-run', '--env', 'production', '--outdir', join(scratch, 'bundle')),
  },
];

const vitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
});

/** All projects; its own reporter writes as it goes. A run that breaks before its report counts as one failure. */
async function tests(): Promise<{ passed: number; failed: number; skipped: number }> {
  const report = join(scratch, 'vitest.json');
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await new Promise<number>((resolve, reject) => {
    const child = spawn('vitest', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
  let text: string;
  try {
    text = readFileSync(report, 'utf8');
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const { numPassedTests, numFailedTests, numPendingTests } = vitestReport.parse(JSON.parse(text));
  // A suite that could not be loaded, or an error outside any test, fails the run without a failed test.
  const failed = numFailedTests === 0 && code !== 0 ? 1 : numFailedTests;
  return { passed: numPassedTests, failed, skipped: numPendingTests };
}

let passed = 0;
let failed = 0;
try {
  for (const check of checks) {
    const startedAt = Date.now();
    const { ok, output } = await check.run();
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    console.log(`${ok ? styleText('green', 'ok    ') : styleText('red', 'FAILED')}  ${check.name}  (${seconds} s)`);
    if (ok) passed += 1;
    else {
      failed += 1;
      console.log(output.trimEnd());
    }
  }
  console.log(`\n${styleText('bold', 'Tests')}`);
  const result = await tests();
  passed += result.passed;
  failed += result.failed;
  if (result.skipped > 0) console.log(`${result.skipped} skipped: each says why above`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
