/**
 * The floor that the gateway is measured against: the least a durable webhook receiver on this platform can do. One
 * HMAC on the raw body, one JSON.parse, one insert into the customer's Durable Object. No dedupe, no order, no doorbell.
 */
import { DurableObject } from 'cloudflare:workers';

interface FloorEnv {
  readonly FLOOR: DurableObjectNamespace<FloorStore>;
  readonly SIGNING_SECRET: string;
}

export class FloorStore extends DurableObject<FloorEnv> {
  constructor(ctx: DurableObjectState, env: FloorEnv) {
    super(ctx, env);
    ctx.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL, body BLOB NOT NULL)',
    );
  }

  insert(eventId: string, body: Uint8Array<ArrayBuffer>): void {
    this.ctx.storage.sql.exec('INSERT INTO log (event_id, body) VALUES (?, ?)', eventId, body);
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
let imported: CryptoKey | null = null;

async function verify(secret: string, header: string, body: Uint8Array): Promise<boolean> {
  imported ??= await crypto.subtle.importKey(
    'raw',
    new Uint8Array(encoder.encode(secret)),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['verify'],
  );
  const [, timestamp = '', hex = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  const prefix = encoder.encode(`${timestamp}.`);
  const message = new Uint8Array(prefix.length + body.length);
  message.set(prefix);
  message.set(body, prefix.length);
  const signature = Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  return crypto.subtle.verify('HMAC', imported, signature, message);
}

/** An event's customer: named by its object, or the object itself. */
function customerOf(object: unknown): string {
  if (typeof object !== 'object' || object === null) return '~account';
  if ('customer' in object && typeof object.customer === 'string') return object.customer;
  return 'object' in object && object.object === 'customer' && 'id' in object ? String(object.id) : '~account';
}

export default {
  async fetch(request, env): Promise<Response> {
    // The load generator's ceiling: what it can send when the Worker does nothing.
    if (new URL(request.url).pathname === '/nothing') return new Response('{"status":"accepted"}');
    const body = new Uint8Array(await request.arrayBuffer());
    if (!(await verify(env.SIGNING_SECRET, request.headers.get('stripe-signature') ?? '', body))) {
      return new Response(null, { status: 401 });
    }
    const event: unknown = JSON.parse(decoder.decode(body));
    if (typeof event !== 'object' || event === null || !('id' in event) || !('data' in event)) {
      return new Response(null, { status: 400 });
    }
    const { data } = event;
    const object = typeof data === 'object' && data !== null && 'object' in data ? data.object : null;
    await env.FLOOR.getByName(customerOf(object)).insert(String(event.id), body);
    return Response.json({ status: 'accepted' });
  },
} satisfies ExportedHandler<FloorEnv>;
