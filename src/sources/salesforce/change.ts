/**
 * A change of one record, whichever way it came: a notification of an outbound message, the gateway's own callout
 * envelope, or a change data capture event relayed as JSON (CometD, EventBridge, AppFlow, decoded Pub/Sub).
 */
import { z } from 'zod';
import { err, ok } from '../../canonical/result.ts';
import { changePayload, fromChangeEvent, inCommitOrder } from './change-event.ts';
import { isSalesforceId, longId } from './ids.ts';
import { instantOf, isJsonObject, type JsonObject, property, textProperty } from './json.ts';
import { fromDataAction, fromStream } from './mapped-event.ts';
import { identifier, objectName, type ReadEvent, type RecordChange, wholeRecord } from './record-change.ts';
import type { EventMappings } from './settings.ts';

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

/** Recognises one event; null when it is none that carries an id, so it cannot be told from its repeats. */
export function readEvent(value: unknown, mappings: EventMappings): ReadEvent | null {
  const notification = storedNotification.safeParse(value);
  if (notification.success) return fromNotification(notification.data);
  // A header that cannot be read must not cost the delivery its other events where the relay gave the event an id.
  if (changePayload(value) !== null) return fromChangeEvent(value) ?? fromStream(value, mappings);
  const envelope = calloutEnvelope.safeParse(value);
  if (envelope.success) return fromEnvelope(envelope.data);
  return fromDataAction(value, mappings) ?? fromStream(value, mappings);
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
    change: ok({ ...wholeRecord, eventId, type, recordId: longId(id), fields, ...rest }),
  };
}

const maxEvents = 250;

/**
 * The events of one callout body, each a JSON value of its own: an array, the callout's `events`, and a change event
 * over several records are taken apart. Change events stand in the order of their commits. Null when there are more
 * than 250.
 */
export function splitEvents(value: unknown): readonly unknown[] | null {
  const batch = property(value, 'events');
  const values = Array.isArray(value) ? value : Array.isArray(batch) ? batch : [value];
  if (values.length > maxEvents) return null;
  const events = inCommitOrder(values).flatMap(perRecord);
  return events.length > maxEvents ? null : events;
}

function perRecord(value: unknown): readonly unknown[] {
  const payload = changePayload(value);
  const header = payload === null ? undefined : property(payload, 'ChangeEventHeader');
  const recordIds = property(header, 'recordIds');
  if (payload === null || !isJsonObject(header) || !Array.isArray(recordIds) || recordIds.length < 2) return [value];
  const origin = Object.fromEntries(
    ['source', 'organizationId'].flatMap((name) => {
      const said = textProperty(value, name);
      return said === null ? [] : [[name, said]];
    }),
  );
  return [...new Set(recordIds)].map((recordId) => ({
    ...origin,
    payload: { ...payload, ChangeEventHeader: { ...header, recordIds: [recordId] } },
  }));
}
