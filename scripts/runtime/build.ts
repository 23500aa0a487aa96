/** Bundles a Worker as it would be deployed: one ES module, platform modules left to workerd. */
import { join } from 'node:path';
import { build, stop } from 'esbuild';

export interface BundledWorker {
  readonly path: string;
  readonly code: string;
}

/** Bundles several entry points (paths below `root`), in the order given. Throws esbuild's error, which names file and line. */
export async function bundleWorkers(root: string, entries: readonly string[]): Promise<readonly BundledWorker[]> {
  try {
    return await Promise.all(entries.map((entry) => bundle(root, entry)));
  } finally {
    await stop();
  }
}

async function bundle(root: string, entry: string): Promise<BundledWorker> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [join(root, entry)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    mainFields: ['browser', 'module', 'main'],
    external: ['cloudflare:*', 'node:*'],
    sourcemap: 'inline',
    logLevel: 'warning',
    legalComments: 'none',
  });
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  return { path: entry.replace(/\.ts$/, '.js'), code: output.text };
}
