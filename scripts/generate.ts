/**
 * `npm run generate`: writes the files that follow from others. `npm test` runs it with `--check` and fails when one of
 * them is not what it would write. Migrations are made by hand with `npx drizzle-kit generate`; only their freshness is
 * checked here.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { openApi } from '../src/routes/api/openapi.ts';
import { routes } from '../src/routes/api/routes.ts';
import { sources } from '../src/sources/registry.ts';
import { tenantConfig } from '../src/tenants/config.ts';
import { goldenPages } from '../test/golden/pages.ts';
import { sourcesPage } from './sources-page.ts';

const root = join(import.meta.dirname, '..');
const checking = process.argv.includes('--check');
const stale: string[] = [];

function put(path: string, text: string): void {
  const current = existsSync(path) ? readFileSync(path, 'utf8') : null;
  if (current === text) return;
  if (checking) stale.push(path);
  else writeFileSync(path, text);
}

/** Runs a tool and returns what it printed. @throws with its output when it fails. */
function tool(name: string, args: readonly string[]): string {
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: '1' };
  const result = spawnSync(name, args, { cwd: root, encoding: 'utf8', env });
  if (result.status !== 0) throw new Error(`${name} ${args.join(' ')} failed:\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

function configSchema(): void {
  const schema = z.toJSONSchema(tenantConfig, { io: 'input', unrepresentable: 'any' });
  put(
    join(root, 'tenants/schema.json'),
    `${JSON.stringify({ title: 'Ledgergate tenant config', ...schema }, null, 2)}\n`,
  );
}

function operatorApi(): void {
  put(join(root, 'docs/openapi.json'), `${JSON.stringify(openApi(routes), null, 2)}\n`);
}

function sourcesDocument(): void {
  const page = sourcesPage([...sources.values()], (name) => existsSync(join(root, 'docs', name)));
  put(join(root, 'docs/sources.md'), page);
}

/** docs/accounting/: the golden cases in an accountant's words. A page whose case is gone goes with it. */
function accountingPages(): void {
  const folder = join(root, 'docs/accounting');
  const pages = goldenPages();
  mkdirSync(join(folder, 'cases'), { recursive: true });
  for (const page of pages) put(join(folder, page.path), page.text);
  const wanted = new Set(pages.map((page) => page.path));
  for (const name of readdirSync(join(folder, 'cases'))) {
    if (wanted.has(`cases/${name}`)) continue;
    if (checking) stale.push(join(folder, 'cases', name));
    else rmSync(join(folder, 'cases', name));
  }
}

function workerTypes(scratch: string): void {
  const made = join(scratch, 'worker-configuration.d.ts');
  tool('wrangler', ['types', '--include-runtime=false', made]);
  // The first lines name the command that was run, path included; what counts is below them.
  const body = (text: string): string => text.slice(text.indexOf('interface __BaseEnv_Env'));
  const committed = join(root, 'worker-configuration.d.ts');
  const importsFromRoot = body(readFileSync(made, 'utf8')).replaceAll(
    /import\("[^"]*\/src\/index"\)/g,
    'import("./src/index")',
  );
  if (existsSync(committed) && body(readFileSync(committed, 'utf8')) === importsFromRoot) return;
  if (checking) stale.push(committed);
  else tool('wrangler', ['types', '--include-runtime=false']);
}

/** drizzle-kit, asked to bring a copy of the migrations up to date, must find nothing to add. */
function migrationsFollowSchema(scratch: string): void {
  const copy = join(scratch, 'migrations');
  cpSync(join(root, 'migrations'), copy, { recursive: true });
  const before = readdirSync(copy).length;
  tool('drizzle-kit', ['generate', '--dialect', 'sqlite', '--schema', './src/ledger/schema.ts', '--out', copy]);
  if (readdirSync(copy).length !== before) stale.push(`${join(root, 'migrations')} (run: npx drizzle-kit generate)`);
}

const scratch = mkdtempSync(join(tmpdir(), 'ledgergate-generate-'));
try {
  configSchema();
  operatorApi();
  sourcesDocument();
  accountingPages();
  workerTypes(scratch);
  migrationsFollowSchema(scratch);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (stale.length > 0) {
  console.error(`Not up to date; run: npm run generate\n${stale.map((path) => `  ${path}`).join('\n')}`);
  process.exit(1);
}
