/**
 * What a local installation knows and shows: addresses, tokens and demo secrets. Made once per state directory and kept
 * in files that only their owner can read.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** STATE_DIR/demo.json: for scripts and people. docs/architecture.md describes it. */
const demoFile = z.object({
  gateway: z.string(),
  console: z.string(),
  operatorToken: z.string(),
  odoo: z.object({ url: z.string(), database: z.string(), apiKey: z.string() }),
  sources: z.object({
    stripe: z.object({ url: z.string(), secret: z.string() }),
    salesforce: z.object({ url: z.string() }),
    chargebee: z.object({ url: z.string(), username: z.string(), password: z.string() }),
  }),
  /** The sandbox Stripe API, from which the gateway fetches what webhooks do not carry. */
  stripeApi: z.object({ url: z.string(), apiKey: z.string() }),
});
export type DemoFile = z.infer<typeof demoFile>;

const localSecrets = z.object({
  /** Worker secret SECRETS_KEY: base64 of 32 bytes. */
  secretsKey: z.string(),
  rootToken: z.string(),
  odooApiKey: z.string(),
  stripeApiKey: z.string(),
  stripeSigningSecret: z.string(),
  salesforcePath: z.string(),
  chargebeePassword: z.string(),
});
export type LocalSecrets = z.infer<typeof localSecrets>;

export const defaultPort = 8787;

/** STATE_DIR, or `.ledgergate/` in the project. */
export const stateDirectory = (root: string): string => process.env.STATE_DIR ?? join(root, '.ledgergate');

export function loadLocalSecrets(stateDir: string): LocalSecrets {
  const path = join(stateDir, 'secrets.json');
  if (existsSync(path)) return localSecrets.parse(JSON.parse(readFileSync(path, 'utf8')));
  const token = (prefix: string): string => prefix + randomBytes(24).toString('base64url').replaceAll(/[-_]/g, 'x');
  const made: LocalSecrets = {
    secretsKey: randomBytes(32).toString('base64'),
    rootToken: token('lg_root_'),
    odooApiKey: token('odoo_'),
    stripeApiKey: token('rk_test_'),
    stripeSigningSecret: token('whsec_'),
    salesforcePath: token(''),
    chargebeePassword: token(''),
  };
  writePrivately(path, made);
  return made;
}

/** @throws with a readable word when no gateway was ever started on this state directory. */
export function readDemoFile(stateDir: string): DemoFile {
  const path = join(stateDir, 'demo.json');
  if (!existsSync(path)) throw new Error(`${path} does not exist: start the gateway first, with npm start`);
  return demoFile.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** Written aside and renamed, so that a reader never sees half of it. */
export function writePrivately(path: string, content: unknown): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export interface Addresses {
  readonly gateway: string;
  readonly odoo: string;
  readonly stripeApi: string;
}

export function writeDemoFile(stateDir: string, addresses: Addresses, secrets: LocalSecrets): DemoFile {
  const ingress = `${addresses.gateway}/in/demo`;
  const file: DemoFile = {
    gateway: addresses.gateway,
    console: `${addresses.gateway}/console`,
    operatorToken: secrets.rootToken,
    odoo: { url: addresses.odoo, database: 'demo', apiKey: secrets.odooApiKey },
    sources: {
      stripe: { url: `${ingress}/stripe`, secret: secrets.stripeSigningSecret },
      salesforce: { url: `${ingress}/salesforce/${secrets.salesforcePath}` },
      chargebee: { url: `${ingress}/chargebee`, username: 'chargebee', password: secrets.chargebeePassword },
    },
    stripeApi: { url: addresses.stripeApi, apiKey: secrets.stripeApiKey },
  };
  writePrivately(join(stateDir, 'demo.json'), file);
  return file;
}
