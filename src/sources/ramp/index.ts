/** Ramp: thin events of cards, bills and expenses. Its set-up sends a challenge to give back. docs/sources/ramp.md. */
import { z } from 'zod';
import {
  bodyAlone,
  type HmacForm,
  type HmacScheme,
  signatureHeader,
  verifyHmac,
} from '../../verification/hmac-scheme.ts';
import { signingSecrets, verifySetUpAddress } from '../../verification/set-up-address.ts';
import type { Delivery, LiveSecret, Verification } from '../../verification/verification.ts';
import { announcingSource, otherAccount } from '../announcing.ts';
import { readInstant } from '../instants.ts';
import { parseJson } from '../json.ts';
import { nothing, unknownType } from '../reading.ts';
import type { QuarantineReason } from '../source.ts';

const rampSettings = z.strictObject({
  /** The business this source serves; events of any other are quarantined. */
  businessId: z.string().min(1).max(120).optional(),
});
type RampSettings = z.infer<typeof rampSettings>;

const scheme = (signature: HmacForm['signature']): HmacScheme => ({
  form: { hash: 'SHA-256', key: 'text', signature },
  present: signatureHeader('x-ramp-signature'),
  content: bodyAlone,
  time: null,
  evidence: ['x-ramp-signature'],
});

/**
 * Ramp's documentation does not say how the digest is written; receivers in use report hex, and base64 cannot be
 * mistaken for it. The challenge may come unsigned: at a set-up address only; nothing else is taken unsigned.
 */
async function verify(delivery: Delivery, secrets: readonly LiveSecret[]): Promise<Verification> {
  const header = delivery.headers.get('x-ramp-signature');
  const written = header !== null && !/^[0-9a-f]{64}$/.test(header) ? 'base64' : 'hex';
  const signed = await verifyHmac(delivery, signingSecrets(secrets), scheme(written));
  if (signed.ok || header !== null) return signed;
  const addressed = await verifySetUpAddress(delivery, secrets);
  return addressed.ok && challengeIn(delivery.body) !== null ? addressed : signed;
}

const id = z.string().min(1).max(120);
const businessEvent = z
  .looseObject({
    id,
    type: z.string().regex(/^[a-z_]{1,80}\.[a-z_.]{1,80}$/),
    business_id: id.nullish(),
    created_at: z.string().max(40).nullish(),
  })
  .refine(({ type }) => type !== 'webhooks.verification', { error: 'an event, not a challenge' })
  .transform((event) => ({ kind: 'event' as const, ...event }));
const challenge = z
  .looseObject({
    id: id.nullish(),
    type: z.literal('webhooks.verification'),
    challenge: z.string().regex(/^[\x21-\x7e]{1,512}$/),
  })
  .transform(({ id: eventId, challenge: text }) => ({ kind: 'set-up' as const, id: eventId, challenge: text }));

function challengeIn(body: Uint8Array): string | null {
  const json = parseJson(body);
  const parsed = challenge.safeParse(json.ok ? json.value : null);
  return parsed.success ? parsed.data.challenge : null;
}

const rampEvent = z.union([challenge, businessEvent]);
type RampEvent = z.infer<typeof rampEvent>;

/** Subjects of Ramp's events, singular as in older subscriptions or plural. Each names what changed, without amount. */
const subjects =
  /^(?:bill|card|receipt|reimbursement|repayment|transaction|transfer|unified_request|purchase_order|vendor|user|statement|cashback|test|spend_allocation|limit|department|location|entity|memo|vendor_agreement|item_receipt)s?\./;

const setUpReason: QuarantineReason = {
  code: 'unsupported_shape',
  detail: 'set-up: submit this challenge to Ramp if the answer did not activate the subscription, then skip this event',
};

export const ramp = announcingSource<RampSettings, RampEvent>({
  provider: 'ramp',
  about: {
    name: 'Ramp',
    auth: '`X-Ramp-Signature`: HMAC-SHA256 over the body; no time is signed',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON; the set-up challenge is answered',
    dedupe: 'the event’s id',
    retries: 'ten times',
    page: null,
  },
  settings: rampSettings,
  verify,
  event: rampEvent,
  address: (event, { receivedAt }) =>
    event.kind === 'set-up'
      ? // Not known by the challenge: ids are shown in lists and addresses.
        { eventId: `set-up/${event.id ?? receivedAt}`, type: 'webhooks.verification', occurredAt: null, customer: null }
      : { eventId: event.id, type: event.type, occurredAt: readInstant(event.created_at), customer: null },
  objection(event, { businessId }) {
    if (event.kind === 'set-up') return setUpReason;
    if (businessId !== undefined && event.business_id !== businessId) return otherAccount('business_id');
    return subjects.test(event.type) ? null : unknownType;
  },
  interpret: (event) => nothing(`${event.kind === 'event' ? event.type : 'set-up'} carries no amounts`),
  /** A proven challenge is given back as it came: it tells the sender nothing it did not bring. */
  acknowledge(summary, _settings, delivery) {
    const asked = delivery === undefined ? null : challengeIn(delivery.body);
    return Response.json(asked === null ? summary : { challenge: asked });
  },
  understands: ['transactions.*', 'bills.*', 'reimbursements.*', 'repayments.*', 'transfers.*', 'cards.*', 'users.*'],
});
