/** Runs a sandbox Worker with its real Durable Object, so that tests meet what the demo runs. */
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';

export interface RunningStripe {
  readonly apiKey: string;
  fetch(path: string, init?: { method?: string; headers?: Record<string, string>; body?: string }): Promise<Response>;
  stop(): Promise<void>;
}

const API_KEY = 'rk_test_sandbox';

export async function runStripeSandbox(entry: string): Promise<RunningStripe> {
  const bundle = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker'],
    external: ['cloudflare:workers'],
    write: false,
  });
  const [script] = bundle.outputFiles;
  if (script === undefined) throw new Error('no bundle');
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: 'ESModule', path: 'stripe.mjs', contents: script.text }],
      compatibilityDate: '2026-11-02',
      durableObjects: { STRIPE_OBJECTS: { className: 'StripeObjects', useSQLite: true } },
      bindings: { STRIPE_API_KEY: API_KEY },
      cf: false,
      logRequests: false,
    }),
  );
  return {
    apiKey: API_KEY,
    async fetch(path, init) {
      const answer = await miniflare.dispatchFetch(new URL(path, 'http://stripe.test').href, init);
      return new Response(await answer.text(), { status: answer.status, headers: [...answer.headers] });
    },
    stop: () => miniflare.dispose(),
  };
}
