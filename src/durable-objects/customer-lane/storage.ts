/** The port a lane runs on: a synchronous SQLite and one alarm. A Durable Object's storage, or `node:sqlite` in tests. */
import type { EpochMs } from '../../canonical/ids.ts';

export type SqlValue = string | number | null | Uint8Array<ArrayBuffer> | ArrayBuffer;
export type SqlRow = Readonly<Record<string, unknown>>;

export interface LaneStorage {
  exec(sql: string, ...params: SqlValue[]): SqlRow[];
  /** All or nothing, the alarm included: when `work` throws, neither a row nor the alarm has changed. */
  transaction<T>(work: () => T): T;
  /** Bytes in use. */
  size(): number;
  /** When the alarm is set for; null when none is, or while it is being handled and was not set again. */
  armedAt(): EpochMs | null;
  arm(at: EpochMs): void;
}

/** A column that must be an integer. @throws when it is not: the schema is not the one this code was written for. */
export function integer(row: SqlRow, column: string): number {
  const value = row[column];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new TypeError(`${column} is not an integer`);
  return value;
}

export const integerOrNull = (row: SqlRow, column: string): number | null =>
  row[column] === null ? null : integer(row, column);

/** A column that must be text. @throws when it is not. */
export function text(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`${column} is not text`);
  return value;
}

export const textOrNull = (row: SqlRow, column: string): string | null =>
  row[column] === null ? null : text(row, column);

/** A column that must be a blob or null; a view of its own, since engines differ in what they return. */
export function bytesOrNull(row: SqlRow, column: string): Uint8Array<ArrayBuffer> | null {
  const value = row[column];
  if (value === null) return null;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  throw new TypeError(`${column} is not a blob`);
}
