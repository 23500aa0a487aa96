/**
 * Events whose fields an org defined: platform events and Data 360 data actions. They become record changes where the
 * source's `events` setting says which object they are about and which of their fields are which of its.
 */
import { err, ok } from '../../canonical/result.ts';
import type { QuarantineReason } from '../source.ts';
import { relayedOrganization } from './change-event.ts';
import { isSalesforceId, longId } from './ids.ts';
import { instantOf, isJsonObject, type JsonObject, property, readJsonText, textProperty } from './json.ts';
import { identifier, objectName, type ReadEvent, wholeRecord } from './record-change.ts';
import type { EventMappings } from './settings.ts';

interface Announced {
  readonly eventId: string;
  readonly type: string;
  readonly payload: JsonObject;
  readonly action: 'saved' | 'deleted';
  readonly occurredAt: number | null;
  readonly organizationId: string | null;
}

function mapped(event: Announced, mappings: EventMappings, unmapped: string): ReadEvent {
  const { eventId, type, payload } = event;
  const seen = { eventId, type };
  const mapping = Object.hasOwn(mappings, type) ? mappings[type] : undefined;
  if (mapping === undefined) return refused(seen, 'unknown_type', unmapped);
  const fields = Object.fromEntries(
    Object.entries(mapping.fields).map(([own, theirs]) => [own, property(payload, theirs) ?? null]),
  );
  const id = textProperty(fields, 'Id');
  if (id === null || !isSalesforceId(id)) {
    return refused(seen, 'schema_mismatch', 'the field mapped to Id: a record id of 15 or 18 characters');
  }
  const { action, occurredAt, organizationId } = event;
  return {
    ...seen,
    change: ok({
      ...wholeRecord,
      eventId,
      type: mapping.object,
      recordId: longId(id),
      fields,
      action,
      occurredAt,
      organizationId,
    }),
  };
}

const refused = (
  seen: Pick<ReadEvent, 'eventId' | 'type'>,
  code: QuarantineReason['code'],
  detail: string,
): ReadEvent => ({ ...seen, change: err({ code, detail }) });

/** Null when it is no stream event with an id. */
export function fromStream(value: unknown, mappings: EventMappings): ReadEvent | null {
  const channel = textProperty(value, 'channel') ?? textProperty(value, 'topic');
  return channel === null ? fromEventBridge(value, mappings) : fromChannel(value, channel, mappings);
}

/** CometD (`channel`, `data`) or this project's relay (`topic`, `payload`): platform, PushTopic and generic events. */
function fromChannel(value: unknown, channel: string, mappings: EventMappings): ReadEvent | null {
  const [, kind = '', name = ''] = channel.split('/');
  const inner = property(value, 'data') ?? value;
  const payload = property(inner, 'payload');
  const event = property(inner, 'event');
  const replayId = textProperty(event, 'replayId') ?? textProperty(inner, 'replayId');
  const uuid =
    textProperty(payload, 'EventUuid') ?? textProperty(event, 'EventUuid') ?? textProperty(event, 'id') ?? null;
  // Replay ids are positions: after an org's move one may come again, so the event's own id is preferred.
  const eventId = uuid ?? (replayId === null ? null : `${channel}#${replayId}`);
  if (eventId === null || !identifier.safeParse(eventId).success) return null;
  const seen = { eventId, type: objectName.safeParse(name).success ? name : 'stream' };
  if (property(value, 'undecoded') !== undefined) {
    return refused(seen, 'schema_mismatch', 'the relay could not decode the event with its Avro schema');
  }
  if (kind === 'data') return refused(seen, 'unsupported_shape', 'ChangeEventHeader: not in a known shape');
  if (kind !== 'event' || !isJsonObject(payload)) {
    return refused(
      seen,
      'unsupported_shape',
      'a PushTopic or generic streaming event: subscribe to change data capture',
    );
  }
  const unmapped = 'a platform event that the events setting does not map';
  return mapped({ ...seen, payload, ...originOf(value, payload) }, mappings, unmapped);
}

function fromEventBridge(value: unknown, mappings: EventMappings): ReadEvent | null {
  const detail = property(value, 'detail');
  const wrapped = property(detail, 'payload');
  const payload = isJsonObject(wrapped) ? wrapped : isJsonObject(detail) ? detail : {};
  const eventId = identifier.safeParse(textProperty(payload, 'EventUuid') ?? property(value, 'id'));
  const type = objectName.safeParse(property(value, 'detail-type'));
  if (!eventId.success || !type.success) return null;
  const seen = { eventId: eventId.data, type: type.data };
  const unmapped = 'a relayed event without a ChangeEventHeader that the events setting does not map';
  return mapped({ ...seen, payload, ...originOf(value, payload) }, mappings, unmapped);
}

const originOf = (
  value: unknown,
  payload: JsonObject,
): Pick<Announced, 'action' | 'occurredAt' | 'organizationId'> => ({
  action: 'saved',
  occurredAt: instantOf(textProperty(payload, 'CreatedDate')),
  organizationId: relayedOrganization(value),
});

/** A `DataObjectDataChgEvent`; null when it is none, or has nothing to be known by. */
export function fromDataAction(value: unknown, mappings: EventMappings): ReadEvent | null {
  const action = objectName.safeParse(property(value, 'ActionDeveloperName'));
  if (!action.success) return null;
  const published = textProperty(value, 'EventPublishDateTime') ?? textProperty(value, 'EventCreationDateTime');
  const offset = textProperty(value, 'Offset');
  const named =
    textProperty(value, 'EventUuid') ??
    (published === null || offset === null || offset === '' ? null : `${action.data}/${published}/${offset}`);
  const eventId = identifier.safeParse(named);
  if (!eventId.success) return null;
  const seen = { eventId: eventId.data, type: action.data };
  const deleted = textProperty(value, 'EventPrompt') === 'DELETE';
  const payload = payloadOf(value, 'PayloadCurrentValue') ?? (deleted ? payloadOf(value, 'PayloadPrevValue') : null);
  if (payload === null) return refused(seen, 'schema_mismatch', 'PayloadCurrentValue: an object, or one as JSON text');
  return mapped(
    {
      ...seen,
      payload,
      action: deleted ? 'deleted' : 'saved',
      occurredAt: instantOf(textProperty(value, 'EventCreationDateTime')) ?? instantOf(published),
      organizationId: null,
    },
    mappings,
    'a data action that the events setting does not map',
  );
}

function payloadOf(value: unknown, name: string): JsonObject | null {
  const found = property(value, name);
  if (isJsonObject(found)) return found;
  const read = typeof found === 'string' ? readJsonText(found) : null;
  return read?.ok === true && isJsonObject(read.value) ? read.value : null;
}
