import { DurableObject } from 'cloudflare:workers';
import { controls } from './controls.ts';
import { createOdooEngine, type OdooEngine } from './engine.ts';
import type { OdooAnswer } from './faces/answer.ts';
import type { SandboxEnv } from './index.ts';
import { sqliteStorage } from './store/sqlite-storage.ts';

/** How long a hanging answer is held, longer than any client should wait. */
const HANG_MS = 10 * 60 * 1000;

/**
 * One Odoo database: the engine in memory over this object's SQLite. Its duties: keep the state over restarts, tell the
 * engine when each request arrived (so that overlapping loads race), and act out broken deliveries.
 *
 * What a client sees of a broken delivery: `lost` is an answer whose body fails at its first byte. workerd then closes the
 * connection before any head was sent, so that over HTTP `fetch` itself rejects ("other side closed"), as with a reset;
 * through a service binding the head can come and reading the body rejects. `hang` sends nothing for ten minutes: the
 * client's own timeout ends it.
 */
export class OdooDatabase extends DurableObject<SandboxEnv> {
  readonly #engine: OdooEngine;

  constructor(state: DurableObjectState, env: SandboxEnv) {
    super(state, env);
    this.#engine = createOdooEngine(sqliteStorage(state.storage), Date.now, {
      database: env.ODOO_DATABASE_NAME,
      apiKey: env.ODOO_API_KEY,
    });
  }

  override async fetch(request: Request): Promise<Response> {
    const snapshot = this.#engine.arrive();
    const url = new URL(request.url);
    const body = request.method === 'GET' ? '' : await request.text();
    const control = controls(this.#engine, request.method, url, body);
    if (control !== undefined) return deliver(control);
    const delayMs = this.#engine.delayBefore(url.pathname, body);
    if (delayMs > 0) await scheduler.wait(delayMs);
    return deliver(
      this.#engine.call({
        method: request.method,
        path: url.pathname,
        headers: Object.fromEntries(request.headers),
        body,
        snapshot,
      }),
    );
  }
}

async function deliver(answer: OdooAnswer): Promise<Response> {
  const headers = { 'Content-Type': answer.contentType, ...answer.headers };
  if (answer.delivery === 'hang') await scheduler.wait(HANG_MS);
  if (answer.delivery === 'lost') return new Response(brokenBody(), { status: 200, headers });
  return new Response(answer.body, { status: answer.status, headers });
}

function brokenBody(): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.error(new Error('connection lost'));
    },
  });
}
