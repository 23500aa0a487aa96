import { Hono } from 'hono';
import type { OdooDatabase } from './database.ts';

export { OdooDatabase } from './database.ts';
export { createOdooEngine, type OdooEngine } from './engine.ts';
export { memoryStorage } from './store/storage.ts';

export interface SandboxEnv {
  readonly ODOO_DATABASE: DurableObjectNamespace<OdooDatabase>;
  readonly ODOO_API_KEY: string;
  readonly ODOO_DATABASE_NAME: string;
}

const app = new Hono<{ Bindings: SandboxEnv }>();

/**
 * A stand-in of an Odoo server with one database: its HTTP faces, the `/sandbox/*` knobs and a page that shows what was
 * posted. Everything is answered by the Durable Object that holds the database.
 */
app.all('*', (context) => {
  const namespace = context.env.ODOO_DATABASE;
  return namespace.get(namespace.idFromName(context.env.ODOO_DATABASE_NAME)).fetch(context.req.raw);
});

export default { fetch: app.fetch };
