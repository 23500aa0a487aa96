/** The load generator as the bench sees it: a thread of its own, so that measuring takes no time from sending. */
import { once } from 'node:events';
import { URL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { signStripe } from '../../sandbox/stripe/sign.ts';

export interface PreparedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface LoadOrder {
  readonly url: string;
  readonly connections: number;
  readonly requests: readonly PreparedRequest[];
}

const loadReport = z.object({
  /** Of every request, in the order answered, ms. */
  latencies: z.array(z.number()),
  /** Answers by HTTP status; 0: none came. */
  statuses: z.record(z.string(), z.number()),
  elapsedMs: z.number(),
  /** The generator's own, ms. */
  cpuMs: z.number(),
});
export type LoadReport = z.infer<typeof loadReport>;

export class LoadGenerator {
  readonly #thread = new Worker(new URL('./generator.ts', import.meta.url));

  async run(order: LoadOrder): Promise<LoadReport> {
    const answered = once(this.#thread, 'message');
    this.#thread.postMessage(order);
    const [report]: unknown[] = await answered;
    return loadReport.parse(report);
  }

  async stop(): Promise<void> {
    await this.#thread.terminate();
  }
}

/** Signed now: Stripe's signatures are good for five minutes. */
export function signAll(bodies: readonly string[], secret: string): Promise<PreparedRequest[]> {
  const seconds = Math.floor(Date.now() / 1000);
  return Promise.all(bodies.map(async (body) => ({ body, headers: await signStripe(body, secret, seconds) })));
}
