/**
 * Square: one event per delivery, signed over the notification URL and the body, retried for a day. What becomes which
 * fact is in docs/sources/square.md.
 */
import { z } from 'zod';
import { type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import { announcingSource, otherAccount } from '../announcing.ts';
import { unknownType } from '../reading.ts';
import type { QuarantineReason, SourceDefinition } from '../source.ts';
import { wireId } from '../wire.ts';
import { type SquareEvent, squareEvent } from './schemas.ts';
import { type SquareSettings, squareSettings } from './settings.ts';
import { needsOf, objectOf, typeOf, understoodTypes } from './types.ts';

const signatureName = 'x-square-hmacsha256-signature';

/** The older `x-square-signature` is SHA-1 and is never looked at (square-nodejs-sdk, wrapper/WebhooksHelper). */
const scheme = (settings: SquareSettings): HmacScheme => ({
  form: { hash: 'SHA-256', key: 'text', signature: 'base64' },
  present: signatureHeader(signatureName),
  content: ({ url, body }) => [settings.notificationUrl ?? url.href, body],
  time: null,
  evidence: [signatureName],
});

function objection(event: SquareEvent, settings: SquareSettings): QuarantineReason | null {
  if (settings.merchantId !== undefined && event.merchant_id !== settings.merchantId) {
    return otherAccount('merchant_id');
  }
  return typeOf(event.type) === null ? unknownType : null;
}

const owners = z.object({
  customer_id: wireId.optional().catch(undefined),
  payment_id: wireId.optional().catch(undefined),
  disputed_payment: z.object({ payment_id: wireId }).optional().catch(undefined),
  primary_recipient: z.object({ customer_id: wireId.optional() }).optional().catch(undefined),
  id: wireId.optional().catch(undefined),
});

/**
 * The customer where the object names one. Guests' payments, and refunds and disputes, which name their payment only,
 * go to the payment's lane, so that a guest's history is in one.
 */
function customerOf(event: SquareEvent): string | null {
  const type = typeOf(event.type);
  if (type === null || type.member === null) return null;
  const parsed = owners.safeParse(objectOf(event, type));
  if (!parsed.success) return null;
  const object = parsed.data;
  switch (type.member) {
    case 'customer':
      return object.id ?? null;
    case 'payment':
      return object.customer_id ?? object.id ?? null;
    case 'refund':
      return object.payment_id ?? null;
    case 'dispute':
      return object.disputed_payment?.payment_id ?? null;
    case 'invoice':
      return object.primary_recipient?.customer_id ?? null;
    case 'subscription':
      return object.customer_id ?? null;
    default:
      return null;
  }
}

export const square: SourceDefinition<SquareSettings> = announcingSource<SquareSettings, SquareEvent>({
  provider: 'square',
  about: {
    name: 'Square',
    auth: '`x-square-hmacsha256-signature` over address and body; no time is signed',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: '`event_id`',
    retries: 'for about a day; a subscription that fails for weeks is switched off',
    page: null,
  },
  settings: squareSettings,
  verify: (delivery, secrets, settings) => verifyHmac(delivery, secrets, scheme(settings)),
  event: squareEvent,
  address: (event) => ({
    eventId: event.event_id,
    type: event.type,
    occurredAt: event.created_at,
    customer: customerOf(event),
  }),
  objection,
  needs: needsOf,
  interpret(event, _stored, _settings, enrichment) {
    const type = typeOf(event.type);
    if (type === null) return { kind: 'quarantine', reason: unknownType };
    return type.reader.facts(objectOf(event, type), { event, occurredAt: event.created_at, enrichment });
  },
  understands: understoodTypes,
});
