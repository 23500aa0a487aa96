import { createServer } from 'node:net';

/** True when nothing listens on it. A hint: somebody may take it before we do. */
export function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}

/** The wanted port, or the next free one of a hundred. */
export async function freePort(host: string, wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + 100; port += 1) {
    if (port < 65_536 && (await isPortFree(host, port))) return port;
  }
  throw new Error(`no free port from ${wanted} to ${wanted + 99}`);
}
