/**
 * GoCardless: up to 250 events in one delivery, signed together; 498 tells it that the signature is wrong. Events are
 * thin. docs/sources/gocardless.md says how it is set up and what becomes which fact.
 */
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import { announcingSource, otherAccount } from '../announcing.ts';
import { member } from '../json.ts';
import { unknownType } from '../reading.ts';
import type { QuarantineReason, SourceDefinition } from '../source.ts';
import { factsOf, isUnderstood, needsOf, understoodTypes } from './interpret.ts';
import { type GocardlessEvent, gocardlessEvent } from './schemas.ts';
import { type GocardlessSettings, gocardlessSettings } from './settings.ts';

const scheme: HmacScheme = {
  form: { hash: 'SHA-256', key: 'text', signature: 'hex' },
  present: signatureHeader('webhook-signature'),
  content: bodyAlone,
  time: null,
  evidence: ['webhook-signature'],
};

/** GoCardless' own word for a signature that does not match: "Token invalid" (developer.gocardless.com, webhooks). */
const TOKEN_INVALID = 498;

function objection(event: GocardlessEvent, settings: GocardlessSettings): QuarantineReason | null {
  if (settings.organisation !== undefined && event.links.organisation !== settings.organisation) {
    return otherAccount('links.organisation');
  }
  return isUnderstood(event) ? null : unknownType;
}

export const gocardless: SourceDefinition<GocardlessSettings> = announcingSource<GocardlessSettings, GocardlessEvent>({
  provider: 'gocardless',
  about: {
    name: 'GoCardless',
    auth: '`Webhook-Signature`: HMAC-SHA256 over the body; no time is signed. What is not proven is answered 498',
    trust: 'signed',
    acknowledges: '204',
    dedupe: 'the id of each event, `EV…`',
    retries: 'eight times',
    page: null,
  },
  settings: gocardlessSettings,
  verify: (delivery, secrets) => verifyHmac(delivery, secrets, scheme),
  refuse: () => new Response(null, { status: TOKEN_INVALID }),
  split(json) {
    const events = member(json, 'events');
    return Array.isArray(events) ? events : null;
  },
  event: gocardlessEvent,
  address: (event) => ({
    eventId: event.id,
    type: `${event.resource_type}.${event.action}`,
    occurredAt: event.created_at,
    // A payment's whole history names the payment; who pays is known from its mandate only.
    customer: event.links.payment ?? event.links.customer ?? null,
  }),
  objection,
  needs: needsOf,
  interpret: (event, _stored, settings, enrichment) =>
    factsOf(event, settings, enrichment) ?? { kind: 'quarantine', reason: unknownType },
  acknowledge: () => new Response(null, { status: 204 }),
  understands: understoodTypes,
});
