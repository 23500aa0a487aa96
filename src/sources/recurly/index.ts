/**
 * Recurly: signed JSON notifications that name an object, and the older unsigned XML ones that hold it.
 * docs/sources/recurly.md says how it is set up and what becomes which fact.
 */
import { z } from 'zod';
import { providerEventId } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { verifyBasic } from '../../verification/basic.ts';
import { type HmacScheme, timeThenBody, verifyHmac } from '../../verification/hmac-scheme.ts';
import type { Delivery, VerifiedDelivery } from '../../verification/verification.ts';
import { instantOf } from '../instants.ts';
import { fingerprint, readEnvelope } from '../reading.ts';
import type { AddressedEvent, QuarantineReason, SourceDefinition, UnreadableDelivery } from '../source.ts';
import { jsonFacts, jsonNeeds, jsonObjection, understoodJsonTypes } from './json.ts';
import { type Notification, notification } from './schemas.ts';
import { type RecurlySettings, recurlySettings } from './settings.ts';
import { readXml, understoodXmlTypes, xmlFacts, xmlObjection } from './xml.ts';

const MAX_HEADER_LENGTH = 4096;

/** `recurly-signature: <ms>,<hex>[,<hex>…]`; white space means that headers were joined. */
function present({ headers }: Delivery): ReturnType<HmacScheme['present']> {
  const header = headers.get('recurly-signature');
  if (header === null) return err('header_missing');
  if (header.length > MAX_HEADER_LENGTH || /\s/.test(header)) return err('header_malformed');
  const [timestamp, ...signatures] = header.split(',');
  return ok({ signatures, timestamp: timestamp ?? null });
}

/** HMAC-SHA256 over `<ms>.<body>`, hex (recurly-client-ruby, webhooks). */
export const recurlyScheme = (toleranceSeconds: number): HmacScheme => ({
  form: { hash: 'SHA-256', key: 'text', signature: 'hex' },
  present,
  content: timeThenBody('.'),
  time: { unit: 'milliseconds', toleranceSeconds },
  evidence: ['recurly-signature'],
});

export const recurly: SourceDefinition<RecurlySettings> = {
  provider: 'recurly',
  settings: recurlySettings,
  maxBodyBytes: 1_000_000,
  methods: ['POST'],
  contentTypes: ['application/json', 'application/xml', 'text/xml'],
  verify: (delivery, secrets, { format, toleranceSeconds }) =>
    format === 'json' ? verifyHmac(delivery, secrets, recurlyScheme(toleranceSeconds)) : verifyBasic(delivery, secrets),
  parse: (delivery, { format }) => (format === 'json' ? parseNotification(delivery) : parseXmlNotification(delivery)),
  /** Recurly follows no redirects and takes any 2xx within five seconds. */
  acknowledge: (summary) => Response.json(summary, { status: 200 }),
  enrichment(event, { format }) {
    const read = format === 'json' ? readNotification(event.body) : null;
    return read?.ok === true ? jsonNeeds(read.value) : [];
  },
  interpret(event, settings, fetched) {
    if (settings.format === 'xml') {
      const read = readXml(event.body);
      return read.ok ? xmlFacts(read.value, event.receivedAt, settings) : { kind: 'quarantine', reason: read.error };
    }
    const read = readNotification(event.body);
    return read.ok ? jsonFacts(read.value, fetched) : { kind: 'quarantine', reason: read.error };
  },
  understands: [...understoodJsonTypes, ...understoodXmlTypes],
  about: {
    name: 'Recurly',
    auth: 'JSON: HMAC-SHA256 over time and body; the old XML: Basic, nothing is signed',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: 'JSON: object, event and time; XML: the body’s bytes',
    retries: 'ten times, ever further apart',
    page: 'sources/recurly.md',
  },
};

const readNotification = (body: Uint8Array): Result<Notification, QuarantineReason> => readEnvelope(body, notification);

function parseNotification(delivery: VerifiedDelivery): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const read = readNotification(delivery.body);
  if (!read.ok) return err({ reason: read.error });
  const event = read.value;
  return ok([
    {
      // No id of the event itself: what it is about, what happened to it, and when, to the microsecond it is written.
      eventId: providerEventId(
        event.uuid ?? `${event.object_type}.${event.event_type}/${event.id}/${event.event_time}`,
      ),
      type: `${event.object_type}.${event.event_type}`,
      occurredAt: instantOf(event.event_time),
      customer: event.account_code ?? null,
      sharedLane: /^(?:plan|item)$/.test(event.object_type) ? 'catalogue' : 'account',
      body: delivery.body,
      quarantine: jsonObjection(event),
    },
  ]);
}

const owned = z.object({ account: z.object({ account_code: z.string().min(1).max(255) }) });

function parseXmlNotification(delivery: VerifiedDelivery): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const read = readXml(delivery.body);
  if (!read.ok) return err({ reason: read.error });
  const owner = owned.safeParse(read.value.content);
  return ok([
    {
      eventId: providerEventId(`${read.value.type}/${fingerprint(delivery.body)}`),
      type: read.value.type,
      occurredAt: delivery.receivedAt,
      customer: owner.success ? owner.data.account.account_code : null,
      sharedLane: 'account',
      body: delivery.body,
      quarantine: xmlObjection(read.value),
    },
  ]);
}
