/**
 * Rows of the books as the API shows them. The schemas are both the shape that OpenAPI documents and the guard on the
 * JSON columns. Times are ISO 8601 UTC; amounts are minor units with the same amount as text beside them.
 */
import { z } from 'zod';
import { accountRoles } from '../canonical/accounts.ts';
import { type EpochMs, type IsoDate, isoDate } from '../canonical/ids.ts';
import { type Currency, currency, formatMinor, minorUnits } from '../canonical/money.ts';
import type { entries, events, exceptions, postings } from './schema.ts';

export type EventRow = typeof events.$inferSelect;
export type EntryRow = typeof entries.$inferSelect;
type PostingRow = typeof postings.$inferSelect;
type ExceptionRow = typeof exceptions.$inferSelect;

export const iso = (at: EpochMs): string => new Date(at).toISOString();
/** `123.45 EUR`. */
export const amountText = (amount: number, code: string): string =>
  `${formatMinor(minorUnits(amount), currency(code))} ${code}`;

export const moneyView = z.object({
  amount: z.int().describe('minor units of the currency'),
  currency: z.string(),
  text: z.string().describe('the same, for people: 123.45 EUR'),
});
export type MoneyView = z.infer<typeof moneyView>;
export const moneyOf = (amount: number, code: string): MoneyView => ({
  amount,
  currency: code,
  text: amountText(amount, code),
});

const storedLine = z.object({
  role: z.enum(accountRoles),
  account: z.string(),
  currency: z.string().transform((code): Currency => currency(code)),
  amount: z.int().transform(minorUnits),
  base: z.int().transform(minorUnits),
  customer: z.string().nullable(),
  tax: z.string().nullable(),
  memo: z.string().nullable(),
  item: z.string().optional(),
});
export type StoredLine = z.infer<typeof storedLine>;
const storedLines = z.array(storedLine);
const storedDeferrals = z.array(
  z.object({
    period: z.string(),
    amount: z.int(),
    base: z.int(),
    revenueAccount: z.string(),
    deferredAccount: z.string(),
    line: z.string(),
  }),
);

/** @throws when the row was not written by the ledger: the books are not to be shown wrong. */
export const linesOf = (row: Pick<EntryRow, 'lines'>): StoredLine[] => storedLines.parse(JSON.parse(row.lines));

export const entryView = z.object({
  id: z.string().describe('<lane>#<position>.<part>'),
  lane: z.string(),
  position: z.int(),
  part: z.int(),
  entity: z.string(),
  kind: z.string(),
  date: z.string(),
  object: z.string(),
  description: z.string(),
  baseCurrency: z.string(),
  lines: z.array(
    z.object({
      role: z.string(),
      account: z.string(),
      amount: moneyView.describe('debit positive, credit negative'),
      base: moneyView.describe("the same in the entity's currency"),
      customer: z.string().nullable(),
      tax: z.string().nullable(),
      memo: z.string().nullable(),
      item: z.string().optional().describe("the open item it belongs to, where that is not the entry's object"),
    }),
  ),
  deferrals: storedDeferrals,
  source: z.string(),
  eventId: z.string(),
  bodyHash: z.string(),
  configVersion: z.int(),
  bookedAt: z.string(),
  previousHash: z.string(),
  hash: z.string(),
});
export type EntryView = z.infer<typeof entryView>;

export const entryIdOf = (row: Pick<EntryRow, 'lane' | 'position' | 'part'>): string =>
  `${row.lane}#${row.position}.${row.part}`;

export const viewEntry = (row: EntryRow): EntryView => ({
  id: entryIdOf(row),
  lane: row.lane,
  position: row.position,
  part: row.part,
  entity: row.entity,
  kind: row.kind,
  date: row.date,
  object: row.object,
  description: row.description,
  baseCurrency: row.baseCurrency,
  lines: linesOf(row).map((line) => ({
    role: line.role,
    account: line.account,
    amount: moneyOf(line.amount, line.currency),
    base: moneyOf(line.base, row.baseCurrency),
    customer: line.customer,
    tax: line.tax,
    memo: line.memo,
    ...(line.item === undefined ? {} : { item: line.item }),
  })),
  deferrals: storedDeferrals.parse(JSON.parse(row.deferrals)),
  source: row.source,
  eventId: row.eventId,
  bodyHash: row.bodyHash,
  configVersion: row.configVersion,
  bookedAt: iso(row.bookedAt),
  previousHash: row.previousHash,
  hash: row.hash,
});

/** What every canonical event has; the rest is shown as it is stored. */
const storedFact = z.looseObject({ kind: z.string(), occurredAt: z.number() });
export const factsOf = (row: Pick<EventRow, 'facts'>) => z.array(storedFact).parse(JSON.parse(row.facts));

const storedDocument = z.looseObject({
  kind: z.string(),
  key: z.string(),
  object: z.string(),
  entity: z.string(),
  /** Customers and products have none. */
  date: z
    .string()
    .transform((text): IsoDate => isoDate(text))
    .optional(),
});

const storedPlan = z.object({
  targets: z.array(z.object({ target: z.string(), notBefore: z.number(), approval: z.string().optional() })),
  documents: z.array(storedDocument),
  summaries: z.array(z.string()).default([]),
  entity: z.string().optional(),
});
export type StoredPlan = z.infer<typeof storedPlan>;
export const planOf = (row: Pick<EventRow, 'documents'>): StoredPlan => storedPlan.parse(JSON.parse(row.documents));

export const eventView = z.object({
  source: z.string(),
  id: z.string().describe("the provider's event id"),
  type: z.string(),
  lane: z.string(),
  seq: z.int().describe('place in the lane as accepted'),
  position: z.int().nullable().describe('place in the lane as applied; null while it is held'),
  outcome: z.string().describe('booked, nothing, waiting, parked or quarantined'),
  note: z.string().nullable(),
  facts: z.array(z.string()).describe('kinds of canonical events it was read as'),
  trust: z.string().describe('signed, authenticated or addressed'),
  occurredAt: z.string(),
  receivedAt: z.string(),
  decidedAt: z.string(),
  bodyHash: z.string(),
  archive: z.string().nullable(),
  configVersion: z.int(),
});
export type EventView = z.infer<typeof eventView>;

export const viewEvent = (row: EventRow): EventView => ({
  source: row.source,
  id: row.eventId,
  type: row.type,
  lane: row.lane,
  seq: row.seq,
  position: row.position,
  outcome: row.outcome,
  note: row.note,
  facts: factsOf(row).map((fact) => fact.kind),
  trust: row.trust,
  occurredAt: iso(row.occurredAt),
  receivedAt: iso(row.receivedAt),
  decidedAt: iso(row.decidedAt),
  bodyHash: row.bodyHash,
  archive: row.archive,
  configVersion: row.configVersion,
});

const difference = z.object({ field: z.string(), sent: z.string(), found: z.string() });

export const postingView = z.object({
  target: z.string(),
  key: z.string(),
  kind: z.string(),
  lane: z.string(),
  position: z.int(),
  source: z.string(),
  eventId: z.string(),
  outcome: z.string().describe('applied, rejected, uncertain, blocked, pending or skipped'),
  remoteId: z.string().nullable(),
  remoteName: z.string().nullable(),
  remoteDate: z.string().nullable(),
  differences: z.array(difference).describe('what was read back otherwise than sent'),
  message: z.string().nullable(),
  attempts: z.int(),
  updatedAt: z.string(),
});
export type PostingView = z.infer<typeof postingView>;

export const viewPosting = (row: PostingRow): PostingView => ({
  target: row.target,
  key: row.key,
  kind: row.kind,
  lane: row.lane,
  position: row.position,
  source: row.source,
  eventId: row.eventId,
  outcome: row.outcome,
  remoteId: row.remoteId,
  remoteName: row.remoteName,
  remoteDate: row.remoteDate,
  differences: z.array(difference).parse(JSON.parse(row.differences)),
  message: row.message,
  attempts: row.attempts,
  updatedAt: iso(row.updatedAt),
});

export const exceptionView = z.object({
  id: z.string(),
  cause: z.string(),
  status: z.string().describe('open or resolved'),
  atStake: moneyView.nullable(),
  message: z.string(),
  remedy: z.string(),
  lane: z.string(),
  seq: z.int().nullable(),
  source: z.string().nullable(),
  eventId: z.string().nullable(),
  object: z.string().nullable(),
  target: z.string().nullable(),
  postingKey: z.string().nullable(),
  openedAt: z.string(),
  resolvedAt: z.string().nullable(),
  resolution: z.string().nullable(),
});
export type ExceptionView = z.infer<typeof exceptionView>;

export const viewException = (row: ExceptionRow): ExceptionView => ({
  id: row.id,
  cause: row.cause,
  status: row.status,
  atStake: row.amount === null || row.currency === null ? null : moneyOf(row.amount, row.currency),
  message: row.message,
  remedy: row.remedy,
  lane: row.lane,
  seq: row.seq,
  source: row.source,
  eventId: row.eventId,
  object: row.object,
  target: row.target,
  postingKey: row.postingKey,
  openedAt: iso(row.openedAt),
  resolvedAt: row.resolvedAt === null ? null : iso(row.resolvedAt),
  resolution: row.resolution,
});
