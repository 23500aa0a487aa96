/** Decoded events → bodies for the ingress, which takes at most 250 records and 1.5 MB at once. */
import { stringify } from 'lossless-json';
import type { Decoded } from './avro.ts';
import type { ConsumedEvent } from './pubsub.ts';

export const MAX_RECORDS = 200;
export const MAX_BODY_LENGTH = 1_000_000;

export interface Body {
  readonly text: string;
  /** Of the last event that is whole in this body or an earlier one; null while one is half told. */
  readonly replayId: Buffer | null;
  readonly events: number;
}

/** What the gateway is told of one event: one value, or several when it is about more records than one body takes. */
export function announcements(
  topic: string,
  organizationId: string,
  event: ConsumedEvent,
  decoded: Decoded,
): readonly unknown[] {
  const origin = { topic, organizationId, replayId: event.replayId.toString('base64'), event: { id: idOf(event) } };
  if (decoded.outcome === 'undecodable') {
    const { schemaId, payload } = event;
    return [{ ...origin, undecoded: { schemaId, avro: payload.toString('base64') } }];
  }
  const { payload } = decoded;
  const header = payload.ChangeEventHeader;
  const recordIds = recordIdsOf(header);
  if (recordIds.length <= MAX_RECORDS || typeof header !== 'object') return [{ ...origin, payload }];
  const parts = Math.ceil(recordIds.length / MAX_RECORDS);
  return Array.from({ length: parts }, (_, part) => {
    const own = recordIds.slice(part * MAX_RECORDS, (part + 1) * MAX_RECORDS);
    return { ...origin, payload: { ...payload, ChangeEventHeader: { ...header, recordIds: own } } };
  });
}

/** Publishers may choose an event's id; one that the ingress takes for none would cost a whole batch its order. */
const idOf = (event: ConsumedEvent): string =>
  /^[\w.:/#-]{1,255}$/.test(event.id) ? event.id : `replay-${event.replayId.toString('hex')}`;

function recordIdsOf(header: unknown): readonly unknown[] {
  if (typeof header !== 'object' || header === null || !('recordIds' in header)) return [];
  return Array.isArray(header.recordIds) ? header.recordIds : [];
}

interface Piece {
  readonly text: string;
  readonly records: number;
  /** Set on an event's last piece. */
  readonly replayId: Buffer | null;
}

/** In the order given. An event larger than a body is a body by itself. */
export function bodiesOf(
  events: readonly { readonly event: ConsumedEvent; readonly values: readonly unknown[] }[],
): readonly Body[] {
  const pieces = events.flatMap(({ event, values }) =>
    values.map((value, index): Piece => {
      const header = typeof value === 'object' && value !== null && 'payload' in value ? value.payload : null;
      const inner = typeof header === 'object' && header !== null && 'ChangeEventHeader' in header;
      return {
        text: stringify(value) ?? 'null',
        records: inner ? Math.max(1, recordIdsOf(header.ChangeEventHeader).length) : 1,
        replayId: index === values.length - 1 ? event.replayId : null,
      };
    }),
  );
  const groups: Piece[][] = [];
  let length = 0;
  let records = 0;
  for (const piece of pieces) {
    const group = groups.at(-1);
    if (group === undefined || length + piece.text.length > MAX_BODY_LENGTH || records + piece.records > MAX_RECORDS) {
      groups.push([piece]);
      length = piece.text.length;
      records = piece.records;
    } else {
      group.push(piece);
      length += piece.text.length + 1;
      records += piece.records;
    }
  }
  return groups.map((group) => ({
    text: `{"events":[${group.map((piece) => piece.text).join(',')}]}`,
    replayId: group.findLast((piece) => piece.replayId !== null)?.replayId ?? null,
    events: group.filter((piece) => piece.replayId !== null).length,
  }));
}
