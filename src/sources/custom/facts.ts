/**
 * Facts as a mapping writes them: plain ids instead of object keys, nothing for null, `requires` by itself. Read by the
 * same schemas as stored facts (event-schema.ts), in this dialect.
 */
import { z } from 'zod';
import type { AnnouncedEvent, CanonicalKind } from '../../canonical/events.ts';
import { type EpochMs, type ObjectKey, objectKey } from '../../canonical/ids.ts';
import { err, ok, type Result, unreachable } from '../../canonical/result.ts';
import { describeIssues } from '../json.ts';
import { canonicalEventSchema, type FactDialect, instantSchema, objectKinds } from './event-schema.ts';

/** Facts one source event may become. */
const MAX_FACTS = 50;

const id = z.union([z.string().min(1).max(255), z.int()], {
  error: 'must be an id: text of 1 to 255 characters, or an integer',
});

function writtenDialect(system: string): FactDialect {
  const reference = z
    .strictObject({ kind: z.enum(objectKinds), id })
    .transform((named): ObjectKey => objectKey(system, named.kind, String(named.id)));
  return {
    key: (kind) => id.transform((value) => objectKey(system, kind, String(value))),
    requires: z.array(reference).max(100),
    occurredAt: instantSchema,
    version: z.int(),
    nullable: <T>(inner: z.ZodType<T>) =>
      inner
        .nullable()
        .optional()
        .transform((value): T | null => value ?? null),
    withDefault: <T>(inner: z.ZodType<T>, fallback: T) =>
      inner.optional().transform((value): T => (value === undefined ? fallback : value)),
  };
}

const snapshots: ReadonlySet<CanonicalKind> = new Set<CanonicalKind>([
  'customer.upserted',
  'product.upserted',
  'subscription.changed',
]);

export interface FactReader {
  /** What an expression yielded, as facts: one, a list, or none (null). The error names fields, never values. */
  read(yielded: unknown, occurredAt: EpochMs): Result<readonly AnnouncedEvent[], string>;
}

/** @param system what stands first in the object keys. */
export function factReader(system: string): FactReader {
  const schema = canonicalEventSchema(writtenDialect(system));
  return {
    read(yielded, occurredAt) {
      const written =
        yielded === null ? [] : Array.isArray(yielded) ? yielded.filter((each) => each !== null) : [yielded];
      if (written.length > MAX_FACTS) return err(`more than ${MAX_FACTS} facts`);
      const facts: AnnouncedEvent[] = [];
      for (const [index, each] of written.entries()) {
        const parsed = schema.safeParse(completed(each, occurredAt));
        if (!parsed.success) return err(`${index}.${describeIssues(parsed.error.issues, 400)}`);
        facts.push(
          isRecord(each) && each.requires !== undefined
            ? parsed.data
            : { ...parsed.data, requires: requiredBy(parsed.data) },
        );
      }
      return ok(facts);
    },
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What every fact has and few mappings need to say: when, in which version, after what. */
function completed(written: unknown, occurredAt: EpochMs): unknown {
  if (!isRecord(written)) return written;
  const versioned = [...snapshots].some((kind) => kind === written.kind);
  return { occurredAt, requires: [], ...(versioned ? { version: occurredAt } : {}), ...written };
}

/** Objects that must be in the books before the fact is: those it changes but does not make. */
function requiredBy(fact: AnnouncedEvent): readonly ObjectKey[] {
  switch (fact.kind) {
    case 'customer.upserted':
    case 'product.upserted':
    case 'subscription.changed':
    case 'deal.won':
    case 'contract.activated':
    case 'invoice.issued':
    case 'payment.failed':
    case 'payout.sent':
    case 'processor.fee':
    case 'balance.adjusted':
      return [];
    case 'payment.captured':
      return present(fact.invoice);
    case 'payment.applied':
      return [fact.payment, fact.invoice];
    case 'payment.external':
    case 'credit_note.issued':
    case 'invoice.voided':
    case 'invoice.written_off':
      return [fact.invoice];
    case 'credit_note.voided':
      return [fact.invoice, fact.creditNote];
    case 'refund.paid':
      return [fact.payment, ...present(fact.creditNote)];
    case 'refund.reversed':
      return [fact.payment, fact.refund];
    case 'dispute.opened':
    case 'dispute.withdrawn':
      return [fact.payment];
    case 'dispute.won':
    case 'dispute.lost':
      return [fact.payment, fact.dispute];
    case 'payout.returned':
      return [fact.payout];
    default:
      return unreachable(fact);
  }
}

const present = (key: ObjectKey | null): readonly ObjectKey[] => (key === null ? [] : [key]);
