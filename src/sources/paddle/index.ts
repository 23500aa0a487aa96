/**
 * Paddle Billing: signed JSON events, one per delivery. Paddle is the merchant of record: its tax is never the tenant's.
 * docs/sources/paddle.md says how it is set up and what becomes which fact.
 */
import { z } from 'zod';
import { providerEventId } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { type HmacScheme, keyedHeader, timeThenBody, verifyHmac } from '../../verification/hmac-scheme.ts';
import type { VerifiedDelivery } from '../../verification/verification.ts';
import { instantOf } from '../instants.ts';
import { readEnvelope } from '../reading.ts';
import type { AddressedEvent, QuarantineReason, SourceDefinition, UnreadableDelivery } from '../source.ts';
import { factsOf, objection, understoodTypes } from './interpret.ts';
import { eventEnvelope, type PaddleEvent } from './schemas.ts';

export const paddleSettings = z.strictObject({
  /** Seconds a signature's time may be away from ours. Paddle's own libraries say 5; clocks at the edge keep to it. */
  toleranceSeconds: z.int().min(1).max(300).default(5),
});
export type PaddleSettings = z.infer<typeof paddleSettings>;

/** `Paddle-Signature: ts=<s>;h1=<hex>[;h1=…]` over `<ts>:<body>` (paddle-node-sdk, webhooks-validator). */
export const paddleScheme = (toleranceSeconds: number): HmacScheme => ({
  form: { hash: 'SHA-256', key: 'text', signature: 'hex' },
  present: keyedHeader('paddle-signature', { separator: ';', timestamp: 'ts', signature: 'h1' }),
  content: timeThenBody(':'),
  time: { unit: 'seconds', toleranceSeconds },
  evidence: ['paddle-signature'],
});

export const paddle: SourceDefinition<PaddleSettings> = {
  provider: 'paddle',
  settings: paddleSettings,
  maxBodyBytes: 1_500_000,
  methods: ['POST'],
  contentTypes: ['application/json'],
  verify: (delivery, secrets, { toleranceSeconds }) => verifyHmac(delivery, secrets, paddleScheme(toleranceSeconds)),
  parse,
  /** 200, nothing else: other 2xx count as failed at Paddle. */
  acknowledge: (summary) => Response.json(summary, { status: 200 }),
  enrichment: () => [],
  interpret(event) {
    const read = readEvent(event.body);
    return read.ok ? factsOf(read.value) : { kind: 'quarantine', reason: read.error };
  },
  understands: understoodTypes,
  about: {
    name: 'Paddle Billing',
    auth: 'HMAC-SHA256 over time and body',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: '`event_id`, `evt_…`',
    retries: 'up to 60 times in three days; in the sandbox 3 times in 15 minutes',
    page: 'sources/paddle.md',
  },
};

function parse(delivery: VerifiedDelivery): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const read = readEvent(delivery.body);
  if (!read.ok) return err({ reason: read.error });
  const event = read.value;
  return ok([
    {
      eventId: providerEventId(event.event_id),
      type: event.event_type,
      occurredAt: instantOf(event.occurred_at),
      ...laneOf(event),
      body: delivery.body,
      quarantine: objection(event),
    },
  ]);
}

const readEvent = (body: Uint8Array): Result<PaddleEvent, QuarantineReason> => readEnvelope(body, eventEnvelope);

function laneOf({ event_type: type, data }: PaddleEvent): Pick<AddressedEvent, 'customer' | 'sharedLane'> {
  if (/^(?:product|price|discount|discount_group)\./.test(type)) return { customer: null, sharedLane: 'catalogue' };
  const id = type.startsWith('customer.') ? data.id : data.customer_id;
  const customer = typeof id === 'string' && id !== '' && id.length <= 255 ? id : null;
  return { customer, sharedLane: 'account' };
}
