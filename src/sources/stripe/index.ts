/**
 * Stripe: snapshot events of API v1 in every shape since 2015, and thin events of API v2, whose objects are read from the
 * API (thin.ts). One endpoint should get one of the two: both tell the same.
 */
import { providerEventId } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { verifyStripeSignature } from '../../verification/stripe-signature.ts';
import type { VerifiedDelivery } from '../../verification/verification.ts';
import { describeIssues, parseJson } from '../json.ts';
import type {
  AddressedEvent,
  Enrichment,
  EnrichmentNeed,
  Interpretation,
  QuarantineReason,
  SourceDefinition,
  StoredEvent,
  UnreadableDelivery,
} from '../source.ts';
import { addressOf } from './address.ts';
import { eventHandle, type StripeEvent, stripeEvent } from './envelope.ts';
import { Problems } from './interpret/context.ts';
import { addressThin, interpretThin, needsOfThin } from './interpret-thin.ts';
import { type StripeSettings, stripeSettings } from './settings.ts';
import { type ThinEvent, thinEvent, thinTypes } from './thin.ts';
import { handlerFor, understoodTypes } from './types.ts';

const notJson: QuarantineReason = { code: 'not_json', detail: 'expected JSON in UTF-8' };

/** Why an event in good form is still not to be booked. Order: whose, which mode, what. */
function refusal(event: StripeEvent, settings: StripeSettings): QuarantineReason | null {
  if ((event.account ?? undefined) !== settings.account) {
    const expected = settings.account === undefined ? 'the own account' : 'the configured account';
    return { code: 'wrong_account', detail: `account: expected an event of ${expected}` };
  }
  if (settings.livemode !== undefined && event.livemode !== settings.livemode) {
    return { code: 'wrong_mode', detail: `livemode: expected ${settings.livemode}` };
  }
  if (handlerFor(event.type) === null) return { code: 'unknown_type', detail: 'type: no rule for it' };
  return null;
}

/** Authentic, has an id, and is no event: quarantined under that id, in the account's lane. */
function notUnderstood(json: unknown, detail: string, delivery: VerifiedDelivery): AddressedEvent | null {
  const handle = eventHandle.safeParse(json);
  if (!handle.success) return null;
  return {
    eventId: providerEventId(handle.data.id),
    type: handle.data.type ?? 'unknown',
    occurredAt: delivery.receivedAt,
    customer: null,
    sharedLane: 'account',
    body: delivery.body,
    quarantine: { code: 'schema_mismatch', detail },
  };
}

function parse(
  delivery: VerifiedDelivery,
  settings: StripeSettings,
): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const json = parseJson(delivery.body);
  if (!json.ok) return err({ reason: notJson });
  const parsed = stripeEvent.safeParse(json.value);
  if (!parsed.success) {
    const thin = thinEvent.safeParse(json.value);
    if (thin.success) return ok([addressThin(thin.data, settings, delivery.body)]);
    const detail = describeIssues(parsed.error.issues);
    const quarantined = notUnderstood(json.value, detail, delivery);
    return quarantined === null ? err({ reason: { code: 'schema_mismatch', detail } }) : ok([quarantined]);
  }
  const event = parsed.data;
  return ok([
    {
      eventId: providerEventId(event.id),
      type: event.type,
      occurredAt: event.created * 1000,
      ...addressOf(event),
      body: delivery.body,
      quarantine: refusal(event, settings),
    },
  ]);
}

type Stored =
  | { readonly kind: 'snapshot'; readonly event: StripeEvent }
  | { readonly kind: 'thin'; readonly thin: ThinEvent };

/** The envelope of a stored event, if it is one that this source books. */
function readStored(stored: StoredEvent, settings: StripeSettings): Result<Stored, QuarantineReason> {
  const json = parseJson(stored.body);
  if (!json.ok) return err(notJson);
  const parsed = stripeEvent.safeParse(json.value);
  if (!parsed.success) {
    const thin = thinEvent.safeParse(json.value);
    return thin.success
      ? ok({ kind: 'thin', thin: thin.data })
      : err({ code: 'schema_mismatch', detail: describeIssues(parsed.error.issues) });
  }
  const reason = refusal(parsed.data, settings);
  return reason === null ? ok({ kind: 'snapshot', event: parsed.data }) : err(reason);
}

function enrichment(stored: StoredEvent, settings: StripeSettings): readonly EnrichmentNeed[] {
  const read = readStored(stored, settings);
  if (!read.ok) return [];
  if (read.value.kind === 'thin') return needsOfThin(read.value.thin, settings);
  return handlerFor(read.value.event.type)?.needs(read.value.event) ?? [];
}

function interpret(stored: StoredEvent, settings: StripeSettings, fetched: Enrichment): Interpretation {
  const read = readStored(stored, settings);
  if (!read.ok) return { kind: 'quarantine', reason: read.error };
  if (read.value.kind === 'thin') return interpretThin(read.value.thin, settings, fetched);
  const { event } = read.value;
  const handler = handlerFor(event.type);
  if (handler === null) return { kind: 'quarantine', reason: { code: 'unknown_type', detail: 'type: no rule for it' } };
  return handler.interpret({
    event,
    enrichment: fetched,
    problems: new Problems(),
    occurredAt: event.created * 1000,
  });
}

export const stripe: SourceDefinition<StripeSettings> = {
  provider: 'stripe',
  settings: stripeSettings,
  // Stripe's largest events (an invoice with ten fat lines) stay far below; the lane's rows end at 2 MB.
  maxBodyBytes: 1024 * 1024,
  methods: ['POST'],
  contentTypes: ['application/json'],
  verify: (delivery, secrets, settings) => verifyStripeSignature(delivery, secrets, settings.toleranceSeconds),
  parse,
  acknowledge: (summary) => Response.json(summary),
  enrichment,
  interpret,
  understands: [...understoodTypes, ...thinTypes],
  about: {
    name: 'Stripe',
    auth: '`Stripe-Signature`: HMAC-SHA256 over time and body; 5 minutes, both ways',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: 'the event id, `evt_…`',
    retries: 'live for up to three days, backing off; sandbox three times in some hours',
    page: null,
  },
};
