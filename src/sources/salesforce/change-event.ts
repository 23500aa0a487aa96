/**
 * Change data capture, relayed as JSON in whichever envelope: CometD (`data.payload`), EventBridge (`detail.payload`),
 * AppFlow (`detail`), decoded Pub/Sub (`payload`). docs/sources/salesforce.md says how each is read.
 */
import { z } from 'zod';
import { err, ok, type Result } from '../../canonical/result.ts';
import type { QuarantineReason } from '../source.ts';
import { isSalesforceId, longId } from './ids.ts';
import { isJsonObject, type JsonObject, property, textProperty } from './json.ts';
import { identifier, objectName, type ReadEvent } from './record-change.ts';

const fieldNames = z.array(z.string().max(255)).max(2000).nullish();

const changeHeader = z.object({
  entityName: objectName,
  recordIds: z.array(z.string().max(64)).min(1).max(250),
  changeType: z.string().max(32),
  transactionKey: identifier,
  sequenceNumber: z.string().regex(/^\d{1,10}$/),
  commitTimestamp: z.string().regex(/^\d{12,14}$/),
  /** An int64: beyond what a double holds, so it stays text. */
  commitNumber: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional(),
  changedFields: fieldNames,
  nulledFields: fieldNames,
  diffFields: fieldNames,
});
type ChangeHeader = z.infer<typeof changeHeader>;

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

/** EventBridge names the org in its source, `aws.partner/salesforce.com/<org>/<channel>`; our relay in a field. */
export const relayedOrganization = (value: unknown): string | null =>
  textProperty(value, 'organizationId') ??
  /^aws\.partner\/salesforce\.com\/([A-Za-z0-9]{15,18})\//.exec(textProperty(value, 'source') ?? '')?.[1] ??
  null;

const unsupported = (detail: string): Result<never, QuarantineReason> => err({ code: 'unsupported_shape', detail });

const changeTypes: ReadonlySet<string> = new Set(['CREATE', 'UPDATE', 'DELETE', 'UNDELETE']);

/** Null when the header is not one that tells the event from its repeats. */
export function fromChangeEvent(value: unknown): ReadEvent | null {
  const { ChangeEventHeader: rawHeader, ...fields } = changePayload(value) ?? {};
  const parsed = changeHeader.safeParse(rawHeader);
  if (!parsed.success) return null;
  const header = parsed.data;
  const [recordId = ''] = header.recordIds;
  // One transaction may change a record several times and many records at once: all three parts tell events apart.
  const eventId = `${header.transactionKey}/${header.sequenceNumber}/${recordId}`;
  const seen = { eventId, type: header.entityName };
  const objection = objectionTo(header, recordId);
  if (objection !== null) return { ...seen, change: unsupported(`ChangeEventHeader.${objection}`) };
  const gap = header.changeType.startsWith('GAP_');
  const changeType = gap ? header.changeType.slice('GAP_'.length) : header.changeType;
  const changed = listedFields(header.changedFields);
  const partial = gap || changeType === 'UPDATE';
  return {
    ...seen,
    change: ok({
      ...seen,
      recordId: longId(recordId),
      action: changeType === 'DELETE' ? 'deleted' : 'saved',
      fields: gap ? {} : withoutDiffs(fields, header),
      complete: !partial && changeType !== 'DELETE',
      changed: gap ? null : changed,
      cleared: clearedFields(fields, header, changed),
      gap,
      occurredAt: Number(header.commitTimestamp),
      version: versionOf(header, changeType),
      organizationId: relayedOrganization(value),
    }),
  };
}

function objectionTo(header: ChangeHeader, recordId: string): string | null {
  if (header.recordIds.length > 1) return 'recordIds: several in one event';
  if (header.changeType === 'GAP_OVERFLOW') {
    return `changeType: an overflow; all ${header.entityName} records changed since have to be read again`;
  }
  if (!isSalesforceId(recordId)) return 'recordIds: a wildcard; the records have to be read again';
  const plain = header.changeType.replace(/^GAP_/, '');
  return changeTypes.has(plain) ? null : 'changeType: CREATE, UPDATE, DELETE, UNDELETE, or one of them as a gap';
}

/** Null when the names are not given, or only as bitmaps over a schema that did not come along. */
function listedFields(names: readonly string[] | null | undefined): readonly string[] | null {
  if (names === null || names === undefined) return null;
  return names.some((name) => name.startsWith('0x') || /^\d+-/.test(name)) ? null : names;
}

/** Large texts may come as a unified diff against what was there before: not a value, so the field counts as unknown. */
function withoutDiffs(fields: JsonObject, header: ChangeHeader): JsonObject {
  const diffs = listedFields(header.diffFields) ?? [];
  return diffs.length === 0
    ? fields
    : Object.fromEntries(Object.entries(fields).filter(([name]) => !diffs.includes(name)));
}

/** `nulledFields`, and what CometD leaves out though it changed. Null alone says nothing: unchanged fields are null too. */
function clearedFields(fields: JsonObject, header: ChangeHeader, changed: readonly string[] | null): readonly string[] {
  const nulled = listedFields(header.nulledFields);
  if (nulled !== null) return nulled;
  return (changed ?? []).filter((name) => !name.includes('.') && (fields[name] ?? null) === null);
}

/**
 * The commit's instant in ms, so that it compares with the stamps that other channels send, and a rank within its second:
 * stamps and `commitTimestamp` are whole seconds. The rank comes from `commitNumber` where that is a clock (nanoseconds,
 * as newer instances write it), else from the place in the transaction. Where it is a database's own counter it is no
 * version: it starts anew when an org moves. A deletion is its second's last word.
 */
function versionOf(header: ChangeHeader, changeType: string): number {
  const committed = Number(header.commitTimestamp);
  const second = committed - (committed % 1000);
  if (changeType === 'DELETE') return second + 999;
  const milliseconds = header.commitNumber === undefined ? 0 : Number(BigInt(header.commitNumber) / 1_000_000n);
  const isClock = milliseconds >= second && milliseconds < second + 1000;
  const rank = (isClock ? milliseconds : committed) - second + Number(header.sequenceNumber) - 1;
  return second + Math.max(0, Math.min(rank, 998));
}

interface Place {
  readonly commit: bigint;
  readonly sequence: number;
}

function placeOf(value: unknown): Place | null {
  const parsed = changeHeader.safeParse(property(changePayload(value), 'ChangeEventHeader'));
  if (!parsed.success || parsed.data.commitNumber === undefined) return null;
  return { commit: BigInt(parsed.data.commitNumber), sequence: Number(parsed.data.sequenceNumber) };
}

/** Change events of one delivery by commit, then by place in it; the sender's order where any event says no commit. */
export function inCommitOrder(values: readonly unknown[]): readonly unknown[] {
  const placed = values.map((value) => ({ value, place: placeOf(value) }));
  const known = placed.flatMap(({ value, place }) => (place === null ? [] : [{ value, place }]));
  if (known.length < placed.length) return values;
  return known
    .sort((a, b) =>
      a.place.commit === b.place.commit
        ? a.place.sequence - b.place.sequence
        : a.place.commit < b.place.commit
          ? -1
          : 1,
    )
    .map(({ value }) => value);
}
