/**
 * A change of one record, whichever way it came: a notification of an outbound message, the gateway's own callout
 * envelope, or a change data capture event relayed as JSON (CometD, EventBridge, AppFlow, decoded Pub/Sub).
 */
import { z } from 'zod';
import type { EpochMs } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import type { QuarantineReason } from '../source.ts';
import { isSalesforceId, longId } from './ids.ts';
import { instantOf, isJsonObject, type JsonObject, property, textProperty } from './json.ts';

export interface RecordChange {
  readonly eventId: string;
  /** The sObject's API name. */
  readonly type: string;
  /** 18 characters. */
  readonly recordId: string;
  readonly action: 'saved' | 'deleted';
  readonly fields: JsonObject;
  /** False when only changed fields are there: what is absent was not changed, not cleared. */
  readonly complete: boolean;
  /** API names of changed fields where the event lists them; null when it does not, or only as bitmaps. */
  readonly changed: readonly string[] | null;
  /** Null when the event says nothing about time: then it happened when it was received. */
  readonly occurredAt: EpochMs | null;
  readonly organizationId: string | null;
}

/** What was recognised of one JSON event. `eventId` and `type` are known even when the change is not understood. */
export interface ReadEvent {
  readonly eventId: string;
  readonly type: string;
  readonly change: Result<RecordChange, QuarantineReason>;
}

const unsupported = (detail: string): Result<never, QuarantineReason> => err({ code: 'unsupported_shape', detail });

const objectName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,79}$/);
const identifier = z.string().regex(/^[\w.:/#-]{1,255}$/);
const fieldMap = z.record(z.string(), z.unknown());

const storedNotification = z.object({
  kind: z.literal('outbound-message'),
  organizationId: z.string(),
  notificationId: identifier,
  type: objectName,
  fields: fieldMap,
});

const calloutEnvelope = z.object({
  id: identifier,
  type: objectName,
  occurredAt: z.string(),
  organizationId: z.string().optional(),
  deleted: z.boolean().default(false),
  object: fieldMap,
});

const changeHeader = z.object({
  entityName: objectName,
  recordIds: z.array(z.string().max(64)).min(1).max(250),
  changeType: z.string().max(32),
  transactionKey: identifier,
  sequenceNumber: z.string().regex(/^\d{1,10}$/),
  commitTimestamp: z.string().regex(/^\d{12,14}$/),
  changedFields: z.array(z.string().max(255)).max(2000).nullish(),
});

/** Recognises one event; null when it is none that carries an id, so it cannot be told from its repeats. */
export function readEvent(value: unknown): ReadEvent | null {
  const notification = storedNotification.safeParse(value);
  if (notification.success) return fromNotification(notification.data);
  if (changePayload(value) !== null) return fromChangeEvent(value);
  const envelope = calloutEnvelope.safeParse(value);
  if (envelope.success) return fromEnvelope(envelope.data);
  return fromOtherStream(value);
}

function fromNotification(notification: z.infer<typeof storedNotification>): ReadEvent {
  const { notificationId: eventId, type, fields } = notification;
  const stamp =
    instantOf(textProperty(fields, 'SystemModstamp')) ?? instantOf(textProperty(fields, 'LastModifiedDate'));
  return complete(eventId, type, fields, {
    action: textProperty(fields, 'IsDeleted') === 'true' ? 'deleted' : 'saved',
    occurredAt: stamp,
    organizationId: notification.organizationId,
  });
}

function fromEnvelope(envelope: z.infer<typeof calloutEnvelope>): ReadEvent {
  const occurredAt = instantOf(envelope.occurredAt);
  if (occurredAt === null) {
    return {
      eventId: envelope.id,
      type: envelope.type,
      change: err({ code: 'schema_mismatch', detail: 'occurredAt: ISO 8601 with a zone' }),
    };
  }
  return complete(envelope.id, envelope.type, envelope.object, {
    action: envelope.deleted ? 'deleted' : 'saved',
    occurredAt,
    organizationId: envelope.organizationId ?? null,
  });
}

function complete(
  eventId: string,
  type: string,
  fields: JsonObject,
  rest: Pick<RecordChange, 'action' | 'occurredAt' | 'organizationId'>,
): ReadEvent {
  const id = textProperty(fields, 'Id');
  if (id === null || !isSalesforceId(id)) {
    return {
      eventId,
      type,
      change: err({ code: 'schema_mismatch', detail: 'Id: a record id of 15 or 18 characters' }),
    };
  }
  return {
    eventId,
    type,
    change: ok({ eventId, type, recordId: longId(id), fields, complete: true, changed: null, ...rest }),
  };
}

/** The object that holds `ChangeEventHeader`, wherever the relay put it. */
export function changePayload(value: unknown): JsonObject | null {
  const detail = property(value, 'detail');
  const places = [
    value,
    property(value, 'payload'),
    property(property(value, 'data'), 'payload'),
    property(detail, 'payload'),
    detail,
  ];
  for (const place of places) {
    if (isJsonObject(place) && isJsonObject(property(place, 'ChangeEventHeader'))) return place;
  }
  return null;
}

/** EventBridge names the org in its source: `aws.partner/salesforce.com/<org>/<channel>`. */
const relayedOrganization = (value: unknown): string | null =>
  /^aws\.partner\/salesforce\.com\/([A-Za-z0-9]{15,18})\//.exec(textProperty(value, 'source') ?? '')?.[1] ?? null;

function fromChangeEvent(value: unknown): ReadEvent | null {
  const { ChangeEventHeader: rawHeader, ...fields } = changePayload(value) ?? {};
  const parsed = changeHeader.safeParse(rawHeader);
  if (!parsed.success) return null;
  const header = parsed.data;
  const [recordId = ''] = header.recordIds;
  // One transaction may change a record several times and many records at once: all three parts tell events apart.
  const eventId = `${header.transactionKey}/${header.sequenceNumber}/${recordId}`;
  const seen = { eventId, type: header.entityName };
  if (header.recordIds.length > 1)
    return { ...seen, change: unsupported('ChangeEventHeader.recordIds: several in one event') };
  if (!isSalesforceId(recordId)) {
    return {
      ...seen,
      change: unsupported('ChangeEventHeader.recordIds: a wildcard; the records have to be read again'),
    };
  }
  if (header.changeType.startsWith('GAP_')) {
    return { ...seen, change: unsupported('ChangeEventHeader.changeType: a gap; the record has to be read again') };
  }
  if (!['CREATE', 'UPDATE', 'DELETE', 'UNDELETE'].includes(header.changeType)) {
    return { ...seen, change: unsupported('ChangeEventHeader.changeType: CREATE, UPDATE, DELETE or UNDELETE') };
  }
  const listed = header.changedFields ?? null;
  return {
    ...seen,
    change: ok({
      ...seen,
      recordId: longId(recordId),
      action: header.changeType === 'DELETE' ? 'deleted' : 'saved',
      fields,
      complete: header.changeType === 'CREATE' || header.changeType === 'UNDELETE',
      changed: listed === null || listed.some((name) => name.startsWith('0x') || /^\d+-/.test(name)) ? null : listed,
      occurredAt: Number(header.commitTimestamp),
      organizationId: relayedOrganization(value),
    }),
  };
}

/** PushTopic, generic and platform events: they have a place in a stream but nothing the books know. */
function fromOtherStream(value: unknown): ReadEvent | null {
  const channel = textProperty(value, 'channel');
  const replayId = textProperty(property(property(value, 'data'), 'event'), 'replayId');
  if (channel !== null && replayId !== null) {
    const [, kind = '', name = ''] = channel.split('/');
    const eventId = `${channel}#${replayId}`;
    if (!identifier.safeParse(eventId).success) return null;
    const type = objectName.safeParse(name).success ? name : 'stream';
    if (kind === 'event')
      return { eventId, type, change: err({ code: 'unknown_type', detail: 'a platform event of the org' }) };
    return {
      eventId,
      type,
      change: unsupported('a PushTopic or generic streaming event: subscribe to change data capture'),
    };
  }
  const relayed = identifier.safeParse(property(value, 'id'));
  const relayedType = objectName.safeParse(property(value, 'detail-type'));
  if (!relayed.success || !relayedType.success) return null;
  return {
    eventId: relayed.data,
    type: relayedType.data,
    change: err({ code: 'unknown_type', detail: 'a relayed event without a ChangeEventHeader' }),
  };
}

const maxEvents = 250;

/**
 * The events of one callout body, each a JSON value of its own: an array, the callout's `events`, and a change event
 * over several records are taken apart. Null when there are more than 250.
 */
export function splitEvents(value: unknown): readonly unknown[] | null {
  const batch = property(value, 'events');
  const values = Array.isArray(value) ? value : Array.isArray(batch) ? batch : [value];
  if (values.length > maxEvents) return null;
  const events = values.flatMap(perRecord);
  return events.length > maxEvents ? null : events;
}

function perRecord(value: unknown): readonly unknown[] {
  const payload = changePayload(value);
  const header = payload === null ? undefined : property(payload, 'ChangeEventHeader');
  const recordIds = property(header, 'recordIds');
  if (payload === null || !isJsonObject(header) || !Array.isArray(recordIds) || recordIds.length < 2) return [value];
  const source = textProperty(value, 'source');
  return [...new Set(recordIds)].map((recordId) => ({
    ...(source === null ? {} : { source }),
    payload: { ...payload, ChangeEventHeader: { ...header, recordIds: [recordId] } },
  }));
}
