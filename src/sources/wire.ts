/** What the schemas of the commerce and payment providers share beside reading.ts: identifiers, and instants as epoch ms. */
import { z } from 'zod';
import type { EpochMs } from '../canonical/ids.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import { describeIssues, parseJson } from './json.ts';
import type { QuarantineReason } from './source.ts';

export const wireId = z.string().min(1).max(255);
export const wireText = z.string().max(10_000);

/** An identifier that some send as text and some as a number, also beyond 2^53 (bigint from `parseJson`). */
export const numericId = z
  .union([z.string().min(1).max(64), z.int().positive(), z.bigint().positive()])
  .transform((id) => String(id));

const instantPattern = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;

/** ISO 8601 with up to nine decimals of a second → epoch ms, cut to the millisecond; without a zone it is UTC. Else null. */
export function readInstant(text: string): EpochMs | null {
  const match = instantPattern.exec(text);
  if (match === null) return null;
  const zone = (match[3] ?? 'Z').replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
  const instant = Date.parse(`${match[1]}.${(match[2] ?? '').slice(0, 3).padEnd(3, '0')}${zone}`);
  return Number.isNaN(instant) || instant < 0 ? null : instant;
}

export const wireInstant = z
  .string()
  .max(40)
  .transform((text, context) => {
    const instant = readInstant(text);
    if (instant !== null) return instant;
    context.addIssue({ code: 'custom', message: 'expected an ISO 8601 instant' });
    return z.NEVER;
  });

/** Bytes → checked object, or why not: `not_json`, or `schema_mismatch` with paths. */
export function readJson<T>(body: Uint8Array, schema: z.ZodType<T>): Result<T, QuarantineReason> {
  const json = parseJson(body);
  return json.ok ? checked(json.value, schema) : err({ code: 'not_json', detail: 'expected JSON in UTF-8' });
}

export function checked<T>(value: unknown, schema: z.ZodType<T>): Result<T, QuarantineReason> {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? ok(parsed.data)
    : err({ code: 'schema_mismatch', detail: describeIssues(parsed.error.issues) });
}
