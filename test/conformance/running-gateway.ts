/** The built gateway on Miniflare, with its state in a directory of its own that goes away with it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundleWorkers } from '../../scripts/runtime/build.ts';
import { type LocalSecrets, loadLocalSecrets } from '../../scripts/runtime/credentials.ts';
import { host, startGateway } from '../../scripts/runtime/gateway.ts';
import { applyMigrations } from '../../scripts/runtime/migrations.ts';
import { freePort } from '../../scripts/runtime/ports.ts';
import { readWranglerConfig } from '../../scripts/runtime/wrangler-config.ts';

const root = path.resolve(import.meta.dirname, '../..');

export interface RunningGateway {
  readonly url: string;
  readonly secrets: LocalSecrets;
  /** The operator API with the root token. @throws when the answer is not 2xx. */
  call(method: string, route: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * @param vars more of them than its secrets, as `npm start` sets them.
 * @param outside answers what it asks of others; absent: it asks them.
 */
export async function runGateway(
  vars: Readonly<Record<string, string>> = {},
  outside?: (address: string) => Promise<Response>,
): Promise<RunningGateway> {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'ledgergate-'));
  const wrangler = readWranglerConfig(path.join(root, 'wrangler.toml'));
  const secrets = loadLocalSecrets(stateDir);
  const [bundle] = await bundleWorkers(root, [wrangler.main]);
  if (bundle === undefined) throw new Error('there is no bundle');
  const port = await freePort(host, 18_787);
  const miniflare = await startGateway({
    ...{ wrangler, bundle, port, stateDir, onRestart: () => {} },
    secrets: { SECRETS_KEY: secrets.secretsKey, ROOT_TOKEN: secrets.rootToken, ...vars },
    ...(outside === undefined ? {} : { outside }),
  });
  for (const database of wrangler.d1_databases) {
    await applyMigrations(miniflare, database.binding, path.join(root, database.migrations_dir));
  }
  const url = `http://${host}:${port}`;
  return {
    url,
    secrets,
    async call(method, route, body) {
      const answer = await fetch(`${url}/api/v1${route}`, {
        method,
        headers: { authorization: `Bearer ${secrets.rootToken}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${route} was answered ${answer.status}: ${text}`);
      return JSON.parse(text);
    },
    async stop() {
      await miniflare.dispose();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

export const readTenant = (name: string) => JSON.parse(readFileSync(path.join(root, 'tenants', name), 'utf8'));
