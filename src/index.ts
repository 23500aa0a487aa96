/** The Worker. Reads like a table of contents: HTTP faces, queues, the clock, and the Durable Objects it exports. */
import { Hono } from 'hono';
import { z } from 'zod';
import type { Bindings } from './bindings.ts';
import { operatorConsole } from './console/index.ts';
import { expireApprovals } from './operations/expire-approvals.ts';
import { errorWords, logError } from './operations/log.ts';
import { resumeAllParked } from './operations/resume-parked.ts';
import { closeDueWindows } from './operations/windows.ts';
import { answerDoorbells, buryDoorbells } from './queues/doorbells.ts';
import { sweep } from './queues/sweep.ts';
import { api } from './routes/api/index.ts';
import { health } from './routes/health.ts';
import { ingress } from './routes/ingress.ts';
import { metrics } from './routes/metrics.ts';
import { problem } from './routes/problem.ts';

export { CustomerLane } from './durable-objects/customer-lane/customer-lane.ts';
export { TargetGate } from './durable-objects/target-gate/target-gate.ts';

// zod's generated code is off on Workers; saying so makes tests behave the same.
z.config({ jitless: true });

const app = new Hono<{ Bindings: Bindings }>();
app.route('/in', ingress);
app.route('/api/v1', api);
app.route('/console', operatorConsole);
app.route('/', health);
app.route('/', metrics);
app.notFound(() => problem('not_found'));
app.onError((error) => {
  logError('request_failed', { error: errorWords(error) });
  return problem('internal_error');
});

export default {
  fetch: app.fetch,
  async queue(batch, env) {
    if (batch.queue.includes('-dead')) buryDoorbells(batch);
    else await answerDoorbells(batch, env);
  },
  async scheduled(_controller, env) {
    await sweep(env);
    await resumeAllParked(env);
    await expireApprovals(env, Date.now());
    await closeDueWindows(env, Date.now());
  },
} satisfies ExportedHandler<Bindings>;
