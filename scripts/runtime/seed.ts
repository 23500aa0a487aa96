/**
 * Makes tenant `demo` through the gateway's own operator API, exactly as an operator would: secrets first, then the
 * config that refers to them. Repeated only when something it says has changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tenantConfig } from '../../src/tenants/config.ts';
import { type DemoFile, type LocalSecrets, writePrivately } from './credentials.ts';

/** @param document tenants/demo.json, whose addresses are placeholders. @throws when the gateway refuses it. */
export async function seedDemoTenant(
  stateDir: string,
  document: string,
  demo: DemoFile,
  secrets: LocalSecrets,
): Promise<'seeded' | 'unchanged'> {
  const config = withAddresses(document, demo);
  const values: Record<string, string> = {
    'stripe-signing': secrets.stripeSigningSecret,
    'stripe-api': secrets.stripeApiKey,
    'salesforce-path': secrets.salesforcePath,
    'chargebee-basic': `${demo.sources.chargebee.username}:${secrets.chargebeePassword}`,
    odoo: secrets.odooApiKey,
  };
  const wanted = createHash('sha256')
    .update(JSON.stringify([config, values]))
    .digest('hex');
  const marker = join(stateDir, 'seeded.json');
  if (existsSync(marker) && readFileSync(marker, 'utf8').includes(wanted)) return 'unchanged';

  for (const [name, value] of Object.entries(values)) {
    await operatorCall(demo, 'PUT', `/api/v1/tenants/demo/secrets/${name}`, { value });
  }
  await operatorCall(demo, 'POST', '/api/v1/tenants/demo/config', config);
  writePrivately(marker, { seeded: wanted });
  return 'seeded';
}

function withAddresses(document: string, demo: DemoFile): unknown {
  const text = document
    .replaceAll('http://odoo.invalid', demo.odoo.url)
    .replaceAll('http://stripe.invalid', demo.stripeApi.url);
  const parsed: unknown = JSON.parse(text);
  // Checked here too, so that a broken demo.json is named before anything is sent.
  tenantConfig.parse(parsed);
  return parsed;
}

async function operatorCall(demo: DemoFile, method: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${demo.gateway}${path}`, {
    method,
    headers: { authorization: `Bearer ${demo.operatorToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  });
  if (!answer.ok)
    throw new Error(`${method} ${path} was answered ${answer.status}: ${(await answer.text()).slice(0, 2000)}`);
}

/** Gives the fresh sandbox Odoo the demo company and its chart of accounts. Once per state directory: a reset empties it. */
export async function seedOdoo(stateDir: string, seed: string, demo: DemoFile): Promise<void> {
  const marker = join(stateDir, 'odoo-seeded.json');
  if (existsSync(marker)) return;
  const answer = await fetch(`${demo.odoo.url}/sandbox/reset`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: seed,
    signal: AbortSignal.timeout(15_000),
  });
  if (!answer.ok) throw new Error(`the sandbox Odoo answered ${answer.status} to its seed`);
  writePrivately(marker, { seeded: createHash('sha256').update(seed).digest('hex') });
}
