/**
 * The links of a lane's chain. An applied event's hash covers what was decided about it and the link before it; its
 * entries follow, each covering its content and the link before it; the lane's head is the last link. Recomputed by
 * `npm run verify` from the rows alone, so everything here takes values as the rows hold them.
 */
import { canonicalJson, sha256Hex } from './hash.ts';

/** What an applied event's hash covers: not when it was decided (its commit says that) nor where its bytes lie. */
export interface EventLink {
  readonly tenant: string;
  readonly lane: string;
  readonly position: number;
  readonly seq: number;
  readonly source: string;
  readonly eventId: string;
  readonly type: string;
  readonly occurredAt: number;
  readonly receivedAt: number;
  readonly trust: string;
  readonly bodyHash: string;
  readonly outcome: string;
  readonly note: string | null;
  readonly facts: unknown;
  readonly plan: unknown;
  readonly configVersion: number;
  readonly previousHash: string;
}

/** What an entry's hash covers: all of it but when it was booked. */
export interface EntryLink {
  readonly tenant: string;
  readonly lane: string;
  readonly position: number;
  readonly part: number;
  readonly entity: string;
  readonly kind: string;
  readonly date: string;
  readonly object: string;
  readonly description: string;
  readonly baseCurrency: string;
  readonly lines: unknown;
  readonly deferrals: unknown;
  readonly source: string;
  readonly eventId: string;
  readonly bodyHash: string;
  readonly configVersion: number;
  readonly previousHash: string;
}

/** Members named one by one: what else a caller's value carries is not part of the link. */
export function eventHash(link: EventLink): Promise<string> {
  const { tenant, lane, position, seq, source, eventId, type, occurredAt, receivedAt, trust, bodyHash } = link;
  const { outcome, note, facts, plan, configVersion, previousHash } = link;
  const received = { tenant, lane, position, seq, source, eventId, type, occurredAt, receivedAt, trust, bodyHash };
  return sha256Hex(canonicalJson({ ...received, outcome, note, facts, plan, configVersion, previousHash }));
}

export function entryHash(link: EntryLink): Promise<string> {
  const { tenant, lane, position, part, entity, kind, date, object, description, baseCurrency } = link;
  const { lines, deferrals, source, eventId, bodyHash, configVersion, previousHash } = link;
  const content = { entity, kind, date, object, description, baseCurrency, lines, deferrals };
  const origin = { source, eventId, bodyHash, configVersion, previousHash };
  return sha256Hex(canonicalJson({ tenant, lane, position, part, ...content, ...origin }));
}

/** An object's row by itself. Objects are rewritten, so they are in no chain: a row that was altered alone shows. */
export const objectHash = (row: {
  readonly tenant: string;
  readonly object: string;
  readonly lane: string;
  readonly state: unknown;
}): Promise<string> =>
  sha256Hex(canonicalJson({ tenant: row.tenant, object: row.object, lane: row.lane, state: row.state }));
