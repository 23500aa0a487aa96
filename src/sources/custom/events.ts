/** Payloads that a config describes, addressed and interpreted. Shared by the sources `custom` and `standard-webhooks`. */
import { providerEventId } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import type { VerifiedDelivery } from '../../verification/verification.ts';
import type { AddressedEvent, Interpretation, QuarantineReason, StoredEvent, UnreadableDelivery } from '../source.ts';
import { valueAt, valuesAt } from './json-path.ts';
import {
  expressionValue,
  instantFrom,
  MAX_LIST,
  plainJson,
  readTree,
  scalarText,
  type Tree,
  treeBytes,
} from './payload.ts';
import type { Reading, TypeReading } from './reading.ts';

const MAX_EVENTS = 250;
const MAX_ID = 255;

/** Splits and addresses. Without an id a repeat cannot be told from a second event, so the delivery is kept whole. */
export function addressEvents(
  delivery: VerifiedDelivery,
  reading: Reading,
): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const tree = readTree(delivery.body);
  if (!tree.ok) return unreadable({ code: 'not_json', detail: 'not UTF-8 JSON of at most 32 levels' });
  const items = reading.batch === null ? [tree.value] : valuesAt(tree.value, reading.batch);
  if (items.length > MAX_EVENTS)
    return unreadable({ code: 'unsupported_shape', detail: `more than ${MAX_EVENTS} events` });
  if (items.length === 0)
    return unreadable({ code: 'unsupported_shape', detail: 'no events where event.batch points' });
  const events: AddressedEvent[] = [];
  for (const item of items) {
    const id = idOf(item, delivery, reading);
    if (id === null) return unreadable({ code: 'unsupported_shape', detail: 'no id where event.id points' });
    const body = reading.batch === null ? delivery.body : treeBytes(item);
    events.push(addressed(id, item, body, delivery, reading));
  }
  return ok(events);
}

const unreadable = (reason: QuarantineReason): Result<never, UnreadableDelivery> => err({ reason });

function idOf(item: Tree, delivery: VerifiedDelivery, { id }: Reading): string | null {
  const found = 'path' in id ? scalarText(valueAt(item, id.path)) : headerId(delivery, id.header);
  return found === null || found === '' || found.length > MAX_ID ? null : found;
}

/** What was signed comes before what was only sent. Standard Webhooks has two names for its id. */
function headerId({ evidence, headers }: VerifiedDelivery, name: string): string | null {
  const alias = name === 'webhook-id' ? evidence['svix-id'] : undefined;
  return evidence[name] ?? alias ?? headers.get(name);
}

function addressed(
  id: string,
  item: Tree,
  body: Uint8Array<ArrayBuffer>,
  delivery: VerifiedDelivery,
  reading: Reading,
): AddressedEvent {
  const type = typeOf(item, reading);
  const known = type === null ? null : typeReading(type, reading);
  const occurredAt = reading.time === null ? delivery.receivedAt : timeOf(item, reading.time);
  const customer = known === null || known.lane === 'customer' ? customerOf(item, reading) : null;
  return {
    eventId: providerEventId(id),
    type: type ?? 'untyped',
    occurredAt: occurredAt ?? delivery.receivedAt,
    customer: customer === 'malformed' ? null : customer,
    sharedLane: known?.lane === 'catalogue' ? 'catalogue' : 'account',
    body,
    quarantine: addressFault(type, occurredAt, customer) ?? objection(item, known),
  };
}

function typeOf(item: Tree, { type }: Reading): string | null {
  if ('constant' in type) return type.constant;
  const found = scalarText(valueAt(item, type.path));
  return found === null || found === '' || found.length > MAX_ID ? null : found;
}

function timeOf(item: Tree, { path, unit }: NonNullable<Reading['time']>): number | null {
  const text = scalarText(valueAt(item, path));
  return text === null ? null : instantFrom(text, unit);
}

/** Null: it belongs to no customer. A `~` would name a lane of the source's own. */
function customerOf(item: Tree, reading: Reading): string | 'malformed' | null {
  for (const path of reading.customer) {
    const found = valueAt(item, path);
    if (found === undefined || found === null || found === '') continue;
    const text = scalarText(found);
    return text === null || text.length > MAX_ID || text.startsWith('~') ? 'malformed' : text;
  }
  return null;
}

function addressFault(
  type: string | null,
  occurredAt: number | null,
  customer: string | null,
): QuarantineReason | null {
  const code = 'unsupported_shape';
  if (type === null) return { code, detail: 'no type where event.type points' };
  if (occurredAt === null) return { code, detail: 'no instant where event.time points' };
  return customer === 'malformed' ? { code, detail: 'no customer id where event.customer points' } : null;
}

/** A type by its name, or the entry `*`. */
const typeReading = (type: string, { types }: Reading): TypeReading | null => types.get(type) ?? types.get('*') ?? null;

/** Why an addressed event is not understood, as far as can be said without the mapping. */
function objection(item: Tree, known: TypeReading | null): QuarantineReason | null {
  if (known === null) return { code: 'unknown_type', detail: 'a type that types does not list' };
  const fault = known.schema?.fault(plainJson(item)) ?? null;
  return fault === null ? null : { code: 'schema_mismatch', detail: fault };
}

/** Facts of a stored event, by its type's expression. Never throws. */
export function interpretEvent(event: StoredEvent, reading: Reading): Interpretation {
  const tree = readTree(event.body);
  if (!tree.ok) return quarantine({ code: 'not_json', detail: 'not UTF-8 JSON of at most 32 levels' });
  const known = typeReading(event.type, reading);
  const objected = objection(tree.value, known);
  if (objected !== null || known === null) return quarantine(objected ?? unknownType);
  if (known.facts === null) return { kind: 'facts', facts: [], note: 'by the config this type concerns no books' };
  const value = expressionValue(tree.value);
  if (value === 'list_too_long') {
    return quarantine({ code: 'unsupported_shape', detail: `a list of more than ${MAX_LIST} items` });
  }
  const customer = customerOf(tree.value, reading);
  const yielded = known.facts.evaluate({
    event: value,
    id: event.eventId,
    eventType: event.type,
    occurredAt: BigInt(event.occurredAt),
    customer: customer === 'malformed' ? null : customer,
  });
  if (!yielded.ok) return quarantine({ code: 'schema_mismatch', detail: `facts: ${yielded.error}`.slice(0, 500) });
  const facts = reading.facts.read(yielded.value, event.occurredAt);
  if (!facts.ok) return quarantine({ code: 'schema_mismatch', detail: `facts: ${facts.error}`.slice(0, 500) });
  const note = facts.value.length === 0 ? 'the mapping yields no facts for it' : null;
  return { kind: 'facts', facts: facts.value, note };
}

const unknownType: QuarantineReason = { code: 'unknown_type', detail: 'a type that types does not list' };
const quarantine = (reason: QuarantineReason): Interpretation => ({ kind: 'quarantine', reason });
