/**
 * Lago: JSON, one object per delivery, signed by HMAC or as a JWT that repeats the body. docs/sources/lago.md says how it
 * is set up and what becomes which fact.
 */
import { type EpochMs, providerEventId } from '../../canonical/ids.ts';
import { err, ok, type Result, unreachable } from '../../canonical/result.ts';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import { verifyLagoJwt } from '../../verification/lago-jwt.ts';
import type { Delivery, LiveSecret, Verification, VerifiedDelivery } from '../../verification/verification.ts';
import { instantOf } from '../instants.ts';
import { readEnvelope } from '../reading.ts';
import type { AddressedEvent, QuarantineReason, SourceDefinition, UnreadableDelivery } from '../source.ts';
import { factsOf, objection, understoodTypes } from './interpret.ts';
import { envelope, type LagoEvent, stamped } from './schemas.ts';
import { type LagoSettings, lagoSettings } from './settings.ts';

/** HMAC-SHA256 of the body, base64 (getlago lago-api, app/models/webhook.rb). No time is signed. */
export const lagoHmac: HmacScheme = {
  form: { hash: 'SHA-256', key: 'text', signature: 'base64' },
  present: signatureHeader('x-lago-signature'),
  content: bodyAlone,
  time: null,
  evidence: ['x-lago-signature', 'x-lago-signature-algorithm', 'x-lago-unique-key'],
};

export const lago: SourceDefinition<LagoSettings> = {
  provider: 'lago',
  settings: lagoSettings,
  maxBodyBytes: 1_500_000,
  methods: ['POST'],
  contentTypes: ['application/json'],
  verify,
  parse,
  acknowledge: (summary) => Response.json(summary, { status: 200 }),
  enrichment: () => [],
  interpret(event, settings) {
    const read = readEvent(event.body);
    return read.ok ? factsOf(read.value, event.occurredAt, settings) : { kind: 'quarantine', reason: read.error };
  },
  understands: understoodTypes,
  about: {
    name: 'Lago',
    auth: 'HMAC-SHA256 of the body, or an RS256 JWT that repeats it',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: '`X-Lago-Unique-Key`',
    retries: 'three times',
    page: 'sources/lago.md',
  },
};

/** The settings say which signature counts; the sender's `X-Lago-Signature-Algorithm` decides nothing. */
async function verify(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  settings: LagoSettings,
): Promise<Verification> {
  switch (settings.signature) {
    case 'hmac':
      return verifyHmac(delivery, secrets, lagoHmac);
    case 'jwt':
      return verifyLagoJwt(delivery, secrets, settings.issuer);
    default:
      return unreachable(settings);
  }
}

function parse(delivery: VerifiedDelivery): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const read = readEvent(delivery.body);
  if (!read.ok) return err({ reason: read.error });
  const event = read.value;
  const about = addressOf(event, delivery.receivedAt);
  const unique = delivery.headers.get('x-lago-unique-key') ?? '';
  return ok([
    {
      eventId: providerEventId(uniquePattern.test(unique) ? unique : `${event.webhook_type}/${about.id}/${about.at}`),
      type: event.webhook_type,
      occurredAt: about.at,
      customer: about.customer,
      sharedLane: /^(?:plan|feature|billable_metric)\./.test(event.webhook_type) ? 'catalogue' : 'account',
      body: delivery.body,
      quarantine: objection(event),
    },
  ]);
}

/** Lago's id of the webhook, the same on each try. It is not signed: what books count on are the objects' own ids. */
const uniquePattern = /^[\w-]{8,80}$/;

const readEvent = (body: Uint8Array): Result<LagoEvent, QuarantineReason> => readEnvelope(body, envelope);

/** The envelope has no time and no customer; the object has, in one of several places. */
function addressOf(event: LagoEvent, receivedAt: EpochMs): { id: string; at: EpochMs; customer: string | null } {
  const object = stamped.safeParse(new Map<string, unknown>(Object.entries(event)).get(event.object_type));
  if (!object.success) return { id: 'object', at: receivedAt, customer: null };
  const { data } = object;
  const micros = data.updated_at ?? data.triggered_at ?? null;
  // What was created is as old as its creation only in the event that says so.
  const created = /created$|^payment\.|started$/.test(event.webhook_type) ? (data.created_at ?? null) : null;
  const at = micros ?? created;
  const own = event.object_type === 'customer' ? data.external_id : undefined;
  const customer =
    own ??
    data.external_customer_id ??
    data.customer_external_id ??
    data.customer?.external_id ??
    data.invoice?.customer.external_id ??
    null;
  return {
    id: data.lago_id ?? data.invoice?.lago_id ?? 'object',
    at: at === null ? receivedAt : instantOf(at),
    customer,
  };
}
