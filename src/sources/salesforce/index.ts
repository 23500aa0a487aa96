/**
 * Salesforce: outbound messages (SOAP, unsigned), callouts (JSON, signed by Flow, Apex or a relay; change events and
 * platform events among them) and Data 360's data actions (JSON, signed).
 * docs/sources/salesforce.md says how each is set up and what becomes which fact.
 */
import { type ProviderEventId, providerEventId } from '../../canonical/ids.ts';
import { err, ok, type Result, unreachable } from '../../canonical/result.ts';
import { verifyApiKey } from '../../verification/api-key.ts';
import { verifyBasic } from '../../verification/basic.ts';
import { verifyClientCertificate } from '../../verification/certificate.ts';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import type { KeySets } from '../../verification/jwks.ts';
import { verifyJwt } from '../../verification/jwt.ts';
import { verifySecretPath } from '../../verification/secret-path.ts';
import { verifyStandardWebhook } from '../../verification/standard-webhooks.ts';
import type { Delivery, LiveSecret, Verification, VerifiedDelivery } from '../../verification/verification.ts';
import {
  type AcceptedSummary,
  type AddressedEvent,
  type Enrichment,
  type EnrichmentNeed,
  enrichmentKey,
  type Interpretation,
  type QuarantineReason,
  type SourceDefinition,
  type StoredEvent,
  type UnreadableDelivery,
} from '../source.ts';
import { readEvent, splitEvents } from './change.ts';
import { factsOf, isKnownObject, laneOf, recordNeeded, understoodObjects } from './facts.ts';
import { sameId } from './ids.ts';
import { isJsonObject, readJson } from './json.ts';
import {
  acknowledgement,
  claimedOrganization,
  envelopeText,
  notificationBytes,
  readNotifications,
  withoutSession,
} from './outbound-message.ts';
import type { ReadEvent } from './record-change.ts';
import {
  type DataActionSettings,
  type OutboundMessageSettings,
  type SalesforceSettings,
  salesforceSettings,
} from './settings.ts';

/** `keySets` holds the key sets of callouts that come with a JWT. */
export function salesforceSource(keySets: KeySets): SourceDefinition<SalesforceSettings> {
  return {
    provider: 'salesforce',
    settings: salesforceSettings,
    maxBodyBytes: 1_500_000,
    methods: ['POST'],
    contentTypes: [
      'text/xml',
      'application/soap+xml',
      'application/xml',
      'application/json',
      'application/cloudevents+json',
    ],
    verify: (delivery, secrets, settings) => verify(delivery, secrets, settings, keySets),
    parse,
    acknowledge,
    enrichment,
    interpret,
    understands: [...understoodObjects],
    about: {
      name: 'Salesforce',
      auth: 'callouts and relays: Standard Webhooks, or a JWT that binds the body; Outbound Messages: a secret address or Basic, and the client certificate where the host asks for one',
      trust: 'signed',
      acknowledges: 'Outbound Messages: the SOAP Ack, for the whole envelope; others: 200 with JSON',
      dedupe: 'the notification id `04l…`, the event’s own id, or transaction key, sequence number and record',
      retries: 'Outbound Messages for 24 hours; a callout does not repeat itself',
      page: 'sources/salesforce.md',
    },
  };
}

async function verify(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  settings: SalesforceSettings,
  keySets: KeySets,
): Promise<Verification> {
  if (settings.channel === 'outbound-message') return verifyOutboundMessage(delivery, secrets, settings);
  if (settings.channel === 'data-action') return verifyHmac(delivery, secrets, dataActionScheme(settings));
  switch (settings.auth) {
    case 'standard-webhooks':
      return verifyStandardWebhook(delivery, secrets);
    case 'jwt':
      return verifyJwt(delivery, settings.jwt, keySets);
    case 'basic':
      return verifyBasic(delivery, secrets);
    case 'api-key':
      return verifyApiKey(delivery, secrets, settings.apiKeyHeader, '');
    default:
      return unreachable(settings);
  }
}

/** No time is signed, so a replay is the lane's to absorb. Both keys of a rotation are live until the old one is taken out. */
const dataActionScheme = ({ signature }: DataActionSettings): HmacScheme => ({
  form: { hash: 'SHA-256', key: 'text', signature: signature.encoding },
  present: signatureHeader(signature.header),
  content: signature.content === 'body' ? bodyAlone : escapedBody,
  time: null,
  evidence: [signature.header],
});

/** A body that is not UTF-8 is no JSON either: replacement characters make another text, whose signature differs. */
const escapedBody: HmacScheme['content'] = ({ body }) => [
  JSON.stringify(new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(body)).slice(1, -1),
];

/**
 * The secret address (or Basic) comes first, so that strangers learn nothing of what follows; then the pinned client
 * certificate, then the organization. The verified delivery's body has no session id any more.
 */
async function verifyOutboundMessage(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  settings: OutboundMessageSettings,
): Promise<Verification> {
  const text = envelopeText(delivery.body);
  const redacted = { ...delivery, body: text === null ? delivery.body : redactedBody(text, delivery.body) };
  const known = await (settings.proof === 'basic' ? verifyBasic : verifySecretPath)(redacted, secrets);
  if (!known.ok) return known;
  const proven =
    settings.clientCertificate === undefined
      ? known
      : await verifyClientCertificate(redacted, settings.clientCertificate);
  if (!proven.ok) return proven;
  const organization = text === null ? null : claimedOrganization(text);
  if (organization === null) return err('sender_wrong');
  if (organization !== 'empty' && !sameId(organization, settings.organizationId)) return err('sender_wrong');
  return proven;
}

function redactedBody(text: string, original: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const redacted = withoutSession(text);
  return redacted === text ? original : new Uint8Array(new TextEncoder().encode(redacted));
}

function parse(
  delivery: VerifiedDelivery,
  settings: SalesforceSettings,
): Result<readonly AddressedEvent[], UnreadableDelivery> {
  return settings.channel === 'outbound-message'
    ? parseOutboundMessage(delivery, settings)
    : parseCallout(delivery, settings);
}

function parseOutboundMessage(
  delivery: VerifiedDelivery,
  settings: OutboundMessageSettings,
): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const text = envelopeText(delivery.body);
  if (text === null) return err({ reason: { code: 'not_xml', detail: 'not UTF-8' } });
  const notifications = readNotifications(text, settings.organizationId);
  if (!notifications.ok) return err({ reason: notifications.error });
  const events: AddressedEvent[] = [];
  for (const notification of notifications.value) {
    const read = readEvent({ kind: 'outbound-message', ...notification }, {});
    if (read === null) return err({ reason: { code: 'unsupported_shape', detail: 'Notification' } });
    events.push(address(read, notificationBytes(notification), delivery, settings));
  }
  return ok(events);
}

function parseCallout(
  delivery: VerifiedDelivery,
  settings: SalesforceSettings,
): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const json = readJson(delivery.body);
  if (!json.ok) return err({ reason: { code: 'not_json', detail: 'not UTF-8 JSON' } });
  const values = splitEvents(json.value);
  if (values === null) return err({ reason: { code: 'unsupported_shape', detail: 'more than 250 events' } });
  const events: AddressedEvent[] = [];
  for (const [index, value] of values.entries()) {
    const read = readEvent(value, settings.events);
    // Without an id a repeat cannot be told from a second event, so the delivery is kept whole.
    if (read === null) return err({ reason: { code: 'unsupported_shape', detail: `[${index}]: no event with an id` } });
    const whole = values.length === 1 && value === json.value;
    const body = whole ? delivery.body : new Uint8Array(new TextEncoder().encode(JSON.stringify(value)));
    events.push(address(read, body, delivery, settings));
  }
  return ok(events);
}

function address(
  read: ReadEvent,
  body: Uint8Array<ArrayBuffer>,
  delivery: VerifiedDelivery,
  settings: SalesforceSettings,
): AddressedEvent {
  const eventId: ProviderEventId = providerEventId(read.eventId);
  const seen = { eventId, type: read.type, body };
  if (!read.change.ok) {
    return {
      ...seen,
      occurredAt: delivery.receivedAt,
      customer: null,
      sharedLane: 'account',
      quarantine: read.change.error,
    };
  }
  const change = read.change.value;
  const lane = isKnownObject(change.type) ? laneOf(change) : ({ customer: null, sharedLane: 'account' } as const);
  return {
    ...seen,
    occurredAt: change.occurredAt ?? delivery.receivedAt,
    ...lane,
    quarantine: wrongOrganization(change.organizationId, settings) ?? unknownObject(change.type),
  };
}

const unknownObject = (type: string): QuarantineReason | null =>
  isKnownObject(type) ? null : { code: 'unknown_type', detail: 'an object the gateway has no mapping for' };

function wrongOrganization(claimed: string | null, settings: SalesforceSettings): QuarantineReason | null {
  const expected = settings.channel === 'data-action' ? undefined : settings.organizationId;
  if (claimed === null || expected === undefined || sameId(claimed, expected)) return null;
  return { code: 'wrong_account', detail: 'another organization' };
}

/** Outbound messages get the WSDL's Ack, whatever became of each notification: a retry would bring them all again. */
function acknowledge(summary: AcceptedSummary, settings: SalesforceSettings): Response {
  if (settings.channel !== 'outbound-message') return Response.json(summary);
  return new Response(acknowledgement, { status: 200, headers: { 'content-type': 'text/xml; charset=UTF-8' } });
}

function enrichment(event: StoredEvent, settings: SalesforceSettings): readonly EnrichmentNeed[] {
  const change = storedChange(event, settings);
  if (!change.ok) return [];
  const need = recordNeeded(change.value, settings);
  return need === null ? [] : [need];
}

function interpret(event: StoredEvent, settings: SalesforceSettings, fetched: Enrichment): Interpretation {
  const change = storedChange(event, settings);
  if (!change.ok) return { kind: 'quarantine', reason: change.error };
  const wrong = wrongOrganization(change.value.organizationId, settings);
  if (wrong !== null) return { kind: 'quarantine', reason: wrong };
  const need = recordNeeded(change.value, settings);
  const found = need === null ? null : fetched.get(enrichmentKey(need));
  return factsOf(change.value, event.occurredAt, isJsonObject(found) ? found : null, settings);
}

function storedChange(event: StoredEvent, settings: SalesforceSettings): ReadEvent['change'] {
  const json = readJson(event.body);
  if (!json.ok) return err({ code: 'not_json', detail: 'not UTF-8 JSON' });
  return (
    readEvent(json.value, settings.events)?.change ?? err({ code: 'unsupported_shape', detail: 'no event with an id' })
  );
}
