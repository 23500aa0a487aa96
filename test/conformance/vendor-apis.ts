/**
 * Stand-ins for the APIs of the vendors whose public payloads only name what they are about: read access by key, the
 * documented answers and errors, for the objects that they are told to have. Written from the vendors' references, not
 * from the clients under test.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Hono } from 'hono';
import { salesforceApi } from '../../sandbox/salesforce/api.ts';
import { fetchHubspotEnrichment } from '../../src/sources/enrichment/hubspot.ts';
import type { FetchEnrichment } from '../../src/sources/enrichment/port.ts';
import { fetchRecurlyEnrichment } from '../../src/sources/enrichment/recurly.ts';
import { fetchSalesforceEnrichment } from '../../src/sources/enrichment/salesforce.ts';
import { fetchSquareEnrichment } from '../../src/sources/enrichment/square.ts';
import type { EnrichmentNeed } from '../../src/sources/source.ts';

export interface VendorApi {
  readonly app: Hono;
  /** The value of the secret that a source's `apiKey` refers to. */
  readonly apiKey: string;
  readonly client: FetchEnrichment;
  /** From now on the API has what is needed. */
  show(need: EnrichmentNeed): void;
}

const KEY = 'conformance-api-key-readonly';

/** HubSpot's CRM API v3: only the properties asked for are answered. */
function hubspot(): VendorApi {
  const contacts = new Set<string>();
  const properties: Readonly<Record<string, string>> = {
    ...{ firstname: 'Ada', lastname: 'Lovelace', email: 'ada@example.com', phone: '+44 20 7946 0000' },
    ...{ city: 'London', country: 'GB', lastmodifieddate: '2026-11-20T10:00:00.000Z' },
  };
  const app = new Hono();
  app.get('/crm/v3/objects/contacts/:id', (c) => {
    if (c.req.header('authorization') !== `Bearer ${KEY}`) {
      return c.json({ status: 'error', category: 'INVALID_AUTHENTICATION' }, 401);
    }
    const id = c.req.param('id');
    if (!contacts.has(id)) return c.json({ status: 'error', category: 'OBJECT_NOT_FOUND' }, 404);
    const asked = (c.req.query('properties') ?? '').split(',').filter((name) => name !== '');
    return c.json({
      id,
      properties: Object.fromEntries(asked.map((name) => [name, properties[name] ?? null])),
      createdAt: '2026-11-20T10:00:00.000Z',
      updatedAt: '2026-11-20T10:00:00.000Z',
      archived: false,
    });
  });
  const show = ({ id }: EnrichmentNeed): void => void contacts.add(/^contact\/(\d+)\?/.exec(id)?.[1] ?? '');
  return { app, apiKey: KEY, client: fetchHubspotEnrichment, show };
}

/** Recurly's API v3: a private key as the user's name, and the version in what is accepted. */
function recurly(): VendorApi {
  const accounts = new Set<string>();
  const app = new Hono();
  app.get('/accounts/:id', (c) => {
    if (c.req.header('authorization') !== `Basic ${btoa(`${KEY}:`)}`) {
      return c.json({ error: { type: 'unauthorized', message: 'the API key is not known' } }, 401);
    }
    if (!/^application\/vnd\.recurly\.v\d{4}-\d{2}-\d{2}\+json$/.test(c.req.header('accept') ?? '')) {
      return c.json({ error: { type: 'invalid_api_version', message: 'no version' } }, 406);
    }
    const id = c.req.param('id');
    if (!accounts.has(id)) return c.json({ error: { type: 'not_found', message: 'no such account' } }, 404);
    return c.json({
      ...{ id, object: 'account', code: `code-of-${id}`, state: 'active', company: 'Analytical Engines' },
      ...{ email: 'ada@example.com', first_name: 'Ada', last_name: 'Lovelace', vat_number: null },
      address: { street1: '1 Main St', city: 'London', region: null, postal_code: 'N1', country: 'GB', phone: null },
      ...{ created_at: '2026-11-20T10:00:00Z', updated_at: '2026-11-20T10:00:00Z' },
    });
  });
  return { app, apiKey: KEY, client: fetchRecurlyEnrichment, show: ({ id }) => void accounts.add(id) };
}

const usd = (amount: number) => ({ amount, currency: 'USD' });

/** Square's Orders API: one line of 100.00 USD, its tax of 10.00 among it. */
function square(): VendorApi {
  const orders = new Set<string>();
  const app = new Hono();
  app.get('/v2/orders/:id', (c) => {
    const problem = (category: string, code: string) => ({ errors: [{ category, code }] });
    if (c.req.header('authorization') !== `Bearer ${KEY}`) {
      return c.json(problem('AUTHENTICATION_ERROR', 'UNAUTHORIZED'), 401);
    }
    const id = c.req.param('id');
    if (!orders.has(id)) return c.json(problem('INVALID_REQUEST_ERROR', 'NOT_FOUND'), 404);
    const tax = { uid: 'tax', name: 'Sales tax', percentage: '11.11', type: 'ADDITIVE', scope: 'LINE_ITEM' };
    const line = {
      ...{ uid: 'line', name: 'Planning', quantity: '1', base_price_money: usd(9_000), total_money: usd(10_000) },
      ...{ total_tax_money: usd(1_000), total_discount_money: usd(0) },
      applied_taxes: [{ uid: 'applied', tax_uid: 'tax', applied_money: usd(1_000) }],
    };
    const order = { id, state: 'OPEN', version: 1, line_items: [line], taxes: [tax], total_money: usd(10_000) };
    return c.json({ order });
  });
  return { app, apiKey: KEY, client: fetchSquareEnrichment, show: ({ id }) => void orders.add(id) };
}

/** Salesforce's REST API as in the sandbox. */
function salesforce(): VendorApi {
  const { app, clientId, clientSecret, show } = salesforceApi();
  return {
    app,
    apiKey: JSON.stringify({ instanceUrl: 'https://conformance.my.salesforce.test', clientId, clientSecret }),
    client: fetchSalesforceEnrichment,
    show({ id: need }) {
      const [type = '', id = ''] = need.split('/');
      show(type, id, { Name: 'Analytical Engines', Phone: null, BillingCity: 'Paris', BillingCountry: 'FR' });
    },
  };
}

/** By folder of payloads. */
export const vendorApis = (): Readonly<Record<string, VendorApi>> => ({
  hubspot: hubspot(),
  recurly: recurly(),
  salesforce_cdc: salesforce(),
  square: square(),
});

export interface ServedApis {
  readonly url: string;
  /** Paths that were asked for, without their queries, each once, sorted. */
  asked(): readonly string[];
  stop(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: string[] = [];
  for await (const chunk of request.setEncoding('utf8')) chunks.push(String(chunk));
  return chunks.join('');
}

/** All of them on one loopback address: no two have a path in common. */
export async function serveApis(apis: Readonly<Record<string, VendorApi>>): Promise<ServedApis> {
  const app = new Hono();
  for (const api of Object.values(apis)) app.route('/', api.app);
  const asked = new Set<string>();
  const server: Server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
      asked.add(url.pathname);
      const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
      const method = request.method ?? 'GET';
      const body = await bodyOf(request);
      const reply = await app.request(url.href, { method, headers, ...(body === '' ? {} : { body }) });
      response.writeHead(reply.status, Object.fromEntries(reply.headers));
      response.end(await reply.text());
    };
    answer().catch((error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked: () => [...asked].sort(),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
