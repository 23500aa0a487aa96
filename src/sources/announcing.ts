/**
 * Sources by declaration, for senders that announce JSON events, singly or in batches: splitting, schema checks and
 * the order of the checks are here once; a provider states its event's schema, its address and what it means.
 */
import { parse as parseLossless, stringify as stringifyLossless } from 'lossless-json';
import type { z } from 'zod';
import { type EpochMs, providerEventId } from '../canonical/ids.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import type { VerifiedDelivery } from '../verification/verification.ts';
import { isJsonObject } from './json.ts';
import { notJson, readEnvelope } from './reading.ts';
import type {
  AcceptedSummary,
  AddressedEvent,
  Enrichment,
  EnrichmentNeed,
  Interpretation,
  QuarantineReason,
  SourceDefinition,
  StoredEvent,
  UnreadableDelivery,
} from './source.ts';

export interface EventAddress {
  /** Unique within the source, the same at every retry, not empty. At most 500 characters are used. */
  readonly eventId: string;
  readonly type: string;
  /** Null when the event does not say: the time of receipt then. */
  readonly occurredAt: EpochMs | null;
  readonly customer: string | null;
}

export interface Announcements<Settings, Event>
  extends Pick<SourceDefinition<Settings>, 'provider' | 'settings' | 'verify' | 'refuse' | 'understands' | 'about'> {
  /** Default: `application/json` alone. */
  readonly contentTypes?: readonly string[];
  readonly maxBodyBytes?: number;
  /** Takes a delivery apart; default: the body is one event. */
  readonly split?: (json: unknown) => readonly unknown[] | null;
  /** Members that change from one attempt to the next (`retryCount`): left out of what is kept, or a retry would differ. */
  readonly attemptMembers?: readonly string[];
  readonly event: z.ZodType<Event>;
  readonly address: (event: Event, delivery: VerifiedDelivery, settings: Settings) => EventAddress;
  /** Why the event is not for the books of this source, or null. Checked when it comes and when it is interpreted. */
  readonly objection: (event: Event, settings: Settings) => QuarantineReason | null;
  readonly needs?: (event: Event, settings: Settings) => readonly EnrichmentNeed[];
  readonly interpret: (event: Event, stored: StoredEvent, settings: Settings, fetched: Enrichment) => Interpretation;
  /** Default: 200 with the summary. */
  readonly acknowledge?: (summary: AcceptedSummary, settings: Settings, delivery?: VerifiedDelivery) => Response;
}

const MAX_EVENTS = 250;
const MAX_ID_LENGTH = 500;
const MAX_TYPE_LENGTH = 200;
const defaultMaxBodyBytes = 1_500_000;

export function announcingSource<Settings, Event>(own: Announcements<Settings, Event>): SourceDefinition<Settings> {
  const read = (body: Uint8Array<ArrayBuffer>): Result<Event, QuarantineReason> => readEnvelope(body, own.event);
  return {
    provider: own.provider,
    settings: own.settings,
    maxBodyBytes: own.maxBodyBytes ?? defaultMaxBodyBytes,
    methods: ['POST'],
    contentTypes: own.contentTypes ?? ['application/json'],
    verify: own.verify,
    ...(own.refuse === undefined ? {} : { refuse: own.refuse }),
    parse: (delivery, settings) => parse(own, delivery, settings),
    acknowledge: own.acknowledge ?? ((summary) => Response.json(summary)),
    enrichment(event, settings) {
      const known = read(event.body);
      if (!known.ok || own.objection(known.value, settings) !== null) return [];
      return own.needs?.(known.value, settings) ?? [];
    },
    interpret(event, settings, fetched) {
      const known = read(event.body);
      if (!known.ok) return { kind: 'quarantine', reason: known.error };
      const objection = own.objection(known.value, settings);
      if (objection !== null) return { kind: 'quarantine', reason: objection };
      return own.interpret(known.value, event, settings, fetched);
    },
    understands: own.understands,
    ...(own.about === undefined ? {} : { about: own.about }),
  };
}

function parse<Settings, Event>(
  own: Announcements<Settings, Event>,
  delivery: VerifiedDelivery,
  settings: Settings,
): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const bodies = bodiesOf(own, delivery.body);
  if (!bodies.ok) return err({ reason: bodies.error });
  const events: AddressedEvent[] = [];
  for (const [index, body] of bodies.value.entries()) {
    const event = readEnvelope(body, own.event);
    // Without an id a repeat cannot be told from a second event, so the delivery is kept whole.
    if (!event.ok) return err({ reason: located(event.error, bodies.value.length === 1 ? null : index) });
    const { eventId, type, occurredAt, customer } = own.address(event.value, delivery, settings);
    events.push({
      eventId: providerEventId(eventId.slice(0, MAX_ID_LENGTH)),
      type: type.slice(0, MAX_TYPE_LENGTH),
      occurredAt: occurredAt ?? delivery.receivedAt,
      customer,
      sharedLane: 'account',
      body,
      quarantine: own.objection(event.value, settings),
    });
  }
  return ok(events);
}

const located = (reason: QuarantineReason, index: number | null): QuarantineReason =>
  index === null ? reason : { ...reason, detail: `[${index}].${reason.detail}`.slice(0, 500) };

/** Each event's own bytes. A body that is one event stays as it is; a slice keeps every number's digits. */
function bodiesOf<Settings, Event>(
  own: Announcements<Settings, Event>,
  body: Uint8Array<ArrayBuffer>,
): Result<readonly Uint8Array<ArrayBuffer>[], QuarantineReason> {
  if (own.split === undefined && own.attemptMembers === undefined) return ok([body]);
  const whole = parseExact(body);
  if (!whole.ok) return whole;
  const items = own.split === undefined ? [whole.value] : own.split(whole.value);
  if (items === null) return err({ code: 'unsupported_shape', detail: 'not an event, nor a batch of them' });
  if (items.length > MAX_EVENTS) return err({ code: 'unsupported_shape', detail: `more than ${MAX_EVENTS} events` });
  return ok(items.map((item) => bytesOf(withoutMembers(item, own.attemptMembers ?? []))));
}

/** Numbers as objects that hold their digits, for slicing only. Too deep to be read counts as not JSON. */
function parseExact(body: Uint8Array<ArrayBuffer>): Result<unknown, QuarantineReason> {
  try {
    return ok(parseLossless(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError) return err(notJson);
    throw error;
  }
}

const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> =>
  new Uint8Array(new TextEncoder().encode(stringifyLossless(value) ?? 'null'));

const withoutMembers = (value: unknown, names: readonly string[]): unknown =>
  isJsonObject(value) && names.length > 0
    ? Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
    : value;

export const otherAccount = (path: string): QuarantineReason => ({
  code: 'wrong_account',
  detail: `${path}: not the one this source serves`,
});
