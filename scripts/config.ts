/**
 * `npm run config -- apply <file> [--dry-run] | show <tenant> | diff <file>`: a tenant's config as code. GATEWAY and
 * OPERATOR_TOKEN say which gateway; without them it is the local one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readDemoFile, stateDirectory } from './runtime/credentials.ts';

const usage = `usage: npm run config -- apply <file> [--dry-run]
       npm run config -- diff <file>
       npm run config -- show <tenant>`;

const change = z.object({ path: z.string(), from: z.unknown().optional(), to: z.unknown().optional() });
const fault = z.object({ path: z.string(), message: z.string() });
const applied = z.object({
  outcome: z.string(),
  version: z.int().nullable(),
  changes: z.array(change),
  warnings: z.array(fault),
});
const refusal = z.object({ title: z.string(), detail: z.string().optional(), errors: z.array(fault).optional() });

interface Gateway {
  readonly url: string;
  readonly token: string;
}

function gateway(): Gateway {
  const { GATEWAY: url, OPERATOR_TOKEN: token } = process.env;
  if (url !== undefined && token !== undefined) return { url: url.replace(/\/+$/, ''), token };
  const demo = readDemoFile(stateDirectory(join(import.meta.dirname, '..')));
  return { url: demo.gateway, token: demo.operatorToken };
}

/** @throws with a line per wrong field when the gateway refuses. */
async function call(at: Gateway, method: 'GET' | 'POST', path: string, body?: string): Promise<unknown> {
  const response = await fetch(`${at.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${at.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  const problem =
    response.headers.get('content-type')?.includes('json') === true ? refusal.safeParse(JSON.parse(text)) : null;
  if (problem?.success !== true) throw new Error(`The gateway answered ${response.status}.`);
  const { title, detail, errors = [] } = problem.data;
  throw new Error(
    [
      `${title}${detail === undefined ? '' : `: ${detail}`}`,
      ...errors.map((each) => `  ${each.path}: ${each.message}`),
    ].join('\n'),
  );
}

const tenantOf = z.object({ tenant: z.string() });

function readDocument(file: string): { text: string; tenant: string } {
  const text = readFileSync(file, 'utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { tenant } = tenantOf.parse(parsed);
  return { text: withLocalAddresses(text, tenant), tenant };
}

/** tenants/demo.json names its sandboxes by placeholder; the local gateway knows where they are. */
function withLocalAddresses(text: string, tenant: string): string {
  if (tenant !== 'demo' || process.env.GATEWAY !== undefined) return text;
  const demo = readDemoFile(stateDirectory(join(import.meta.dirname, '..')));
  return text.replaceAll('http://odoo.invalid', demo.odoo.url).replaceAll('http://stripe.invalid', demo.stripeApi.url);
}

async function apply(file: string, dryRun: boolean): Promise<void> {
  const { text, tenant } = readDocument(file);
  const answer = await call(
    gateway(),
    'POST',
    `/api/v1/tenants/${encodeURIComponent(tenant)}/config${dryRun ? '?dryRun=1' : ''}`,
    text,
  );
  const { outcome, version, changes, warnings } = applied.parse(answer);
  for (const { path, from, to } of changes)
    console.log(`  ${path}: ${JSON.stringify(from) ?? '-'} → ${JSON.stringify(to) ?? '-'}`);
  for (const { path, message } of warnings) console.log(`  warning: ${path}: ${message}`);
  console.log(`${tenant}: ${outcome}${version === null ? '' : `, version ${version} is live`}`);
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { 'dry-run': { type: 'boolean', default: false } },
});
const [action, subject] = positionals;
try {
  if (action === 'apply' && subject !== undefined) await apply(subject, values['dry-run']);
  else if (action === 'diff' && subject !== undefined) await apply(subject, true);
  else if (action === 'show' && subject !== undefined) {
    const answer = await call(gateway(), 'GET', `/api/v1/config?tenant=${encodeURIComponent(subject)}`);
    console.log(JSON.stringify(answer, null, 2));
  } else {
    console.error(usage);
    process.exit(2);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
