/**
 * `npm run config -- apply <file> | diff <file> | backtest <file> | show | secret <name> | try <source> <file> | rates <file>`: a tenant's config as code. LEDGERGATE_URL and
 * LEDGERGATE_TOKEN say which gateway; without them it is the local one. A secret's value comes from standard input, so
 * that it stands in no shell history and no process list.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readEcbRates } from '../src/operations/ecb-rates.ts';
import { argumentsOf } from './runtime/arguments.ts';
import { readDemoFile, stateDirectory } from './runtime/credentials.ts';
import { call, fault, gateway } from './runtime/operator-api.ts';

const usage = `usage: npm run config -- apply <file> [--tenant <tenant>] [--dry-run]
       npm run config -- diff <file> [--tenant <tenant>]
       npm run config -- backtest <file> --since <date> [--tenant <tenant>]
                         (which entries would differ, had it decided since that day, UTC; nothing is changed)
       npm run config -- show [<tenant>]
       npm run config -- secret <name> [--tenant <tenant>]   (the value from standard input)
       npm run config -- try <source> <payload file> [--tenant <tenant>] [--config <file>]
                         (what would become of the payload; with --config, by that file instead of the live config)
       npm run config -- rates <file> [--tenant <tenant>]
                         (exchange rates as the European Central Bank publishes them, eurofxref-*.xml)`;

const change = z.object({ path: z.string(), from: z.unknown().optional(), to: z.unknown().optional() });
const applied = z.object({
  outcome: z.string(),
  version: z.int().nullable(),
  changes: z.array(change),
  warnings: z.array(fault),
});
const tenantOf = z.object({ tenant: z.string() });
const tenants = z.object({ items: z.array(z.string()) });
const stored = z.object({ reference: z.string() });

function readDocument(file: string): { text: string; tenant: string } {
  const text = readFileSync(file, 'utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const named = tenantOf.safeParse(parsed);
  if (!named.success) throw new Error(`${file}\n  tenant: is missing`);
  const { tenant } = named.data;
  return { text: withLocalAddresses(text, tenant), tenant };
}

/** tenants/demo.json names its sandboxes by placeholder; the local gateway knows where they are. */
function withLocalAddresses(text: string, tenant: string): string {
  if (tenant !== 'demo' || process.env.LEDGERGATE_URL !== undefined) return text;
  const demo = readDemoFile(stateDirectory(join(import.meta.dirname, '..')));
  return text.replaceAll('http://odoo.invalid', demo.odoo.url).replaceAll('http://stripe.invalid', demo.stripeApi.url);
}

const shown = (value: unknown): string => (value === undefined ? '(not set)' : JSON.stringify(value));

async function apply(file: string, asked: string | undefined, dryRun: boolean): Promise<void> {
  const { text, tenant: written } = readDocument(file);
  const tenant = asked ?? written;
  const path = `/api/v1/tenants/${encodeURIComponent(tenant)}/config${dryRun ? '?dryRun=1' : ''}`;
  const { outcome, version, changes, warnings } = applied.parse(await call(gateway(), 'POST', path, text));
  for (const each of changes) console.log(`  ${each.path}: ${shown(each.from)} → ${shown(each.to)}`);
  for (const { path: where, message } of warnings) console.log(`  warning: ${where}: ${message}`);
  const live = version === null ? 'nothing is live yet' : `version ${version} is live`;
  console.log(`${tenant}: ${outcome}, ${changes.length} changes, ${live}`);
}

/** One trailing line end belongs to the terminal, not to the secret. */
async function storeSecret(name: string, asked: string | undefined): Promise<void> {
  const tenant = asked ?? tenants.parse(await call(gateway(), 'GET', '/api/v1/tenants')).items;
  const [only, other] = typeof tenant === 'string' ? [tenant] : tenant;
  if (only === undefined || other !== undefined) throw new Error('Say which tenant: --tenant <tenant>');
  const value = readFileSync(0, 'utf8').replace(/\r?\n$/, '');
  if (value === '') throw new Error('No value came on standard input.');
  const path = `/api/v1/tenants/${encodeURIComponent(only)}/secrets/${encodeURIComponent(name)}`;
  const { reference } = stored.parse(await call(gateway(), 'PUT', path, JSON.stringify({ value })));
  console.log(`${only}: ${reference} is stored`);
}

async function show(tenant: string | undefined): Promise<void> {
  const query = tenant === undefined ? '' : `?tenant=${encodeURIComponent(tenant)}`;
  console.log(JSON.stringify(await call(gateway(), 'GET', `/api/v1/config${query}`), null, 2));
}

/** The gateway's rules are loaded for this alone: every other command starts without them. */
async function tryOnThePast(file: string, asked: string | undefined, since: string): Promise<void> {
  const { text, tenant } = readDocument(file);
  const { printBacktest } = await import('./evidence/backtest-command.ts');
  await printBacktest(gateway(), asked ?? tenant, JSON.parse(text), since);
}

const tried = z.looseObject({
  unreadable: z.string().nullable(),
  events: z.array(z.looseObject({ quarantine: z.string().nullable() })),
});
const withSources = z.looseObject({ sources: z.record(z.string(), z.unknown()) });

/** Prints the whole report; fails when anything of the payload would be quarantined. */
async function tryPayload(
  source: string,
  payload: string,
  tenant: string | undefined,
  config: string | undefined,
): Promise<void> {
  const draft =
    config === undefined ? undefined : withSources.parse(JSON.parse(readDocument(config).text)).sources[source];
  if (config !== undefined && draft === undefined) throw new Error(`${config}\n  sources.${source}: is missing`);
  const query = tenant === undefined ? '' : `?tenant=${encodeURIComponent(tenant)}`;
  const path = `/api/v1/config/sources/${encodeURIComponent(source)}/try${query}`;
  const body = JSON.stringify({
    body: readFileSync(payload, 'utf8'),
    ...(draft === undefined ? {} : { source: draft }),
  });
  const answer = await call(gateway(), 'POST', path, body);
  console.log(JSON.stringify(answer, null, 2));
  const { unreadable, events } = tried.parse(answer);
  if (unreadable !== null || events.some(({ quarantine }) => quarantine !== null)) process.exitCode = 1;
}

const recorded = z.object({
  offered: z.int(),
  differing: z.array(z.object({ from: z.string(), to: z.string(), date: z.string(), rate: z.string() })),
});

async function recordRates(file: string, tenant: string | undefined): Promise<void> {
  const read = readEcbRates(readFileSync(file, 'utf8'));
  if (!read.ok) throw new Error(`${file}: ${read.error}`);
  const query = tenant === undefined ? '' : `?tenant=${encodeURIComponent(tenant)}`;
  const answer = await call(gateway(), 'POST', `/api/v1/rates${query}`, JSON.stringify({ rates: read.value }));
  const { offered, differing } = recorded.parse(answer);
  for (const { from, to, date, rate } of differing) console.log(`  ${from}/${to} of ${date} stays ${rate}`);
  console.log(
    `${offered} rates are recorded${differing.length === 0 ? '' : `, ${differing.length} differently before`}`,
  );
}

async function main(
  action: string | undefined,
  subject: string | undefined,
  tenant: string | undefined,
  dryRun: boolean,
  payload: string | undefined,
  config: string | undefined,
  since: string | undefined,
): Promise<boolean> {
  if (action === 'show') await show(subject ?? tenant);
  else if (subject === undefined) return false;
  else if (action === 'apply') await apply(subject, tenant, dryRun);
  else if (action === 'diff') await apply(subject, tenant, true);
  else if (action === 'backtest' && since !== undefined) await tryOnThePast(subject, tenant, since);
  else if (action === 'secret') await storeSecret(subject, tenant);
  else if (action === 'rates') await recordRates(subject, tenant);
  else if (action === 'try' && payload !== undefined) await tryPayload(subject, payload, tenant, config);
  else return false;
  return true;
}

const { positionals, values } = argumentsOf(usage, {
  allowPositionals: true,
  options: {
    'dry-run': { type: 'boolean', default: false },
    tenant: { type: 'string' },
    config: { type: 'string' },
    since: { type: 'string' },
  },
});
try {
  if (
    !(await main(
      positionals[0],
      positionals[1],
      values.tenant,
      values['dry-run'],
      positionals[2],
      values.config,
      values.since,
    ))
  ) {
    console.error(usage);
    process.exitCode = 2;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
