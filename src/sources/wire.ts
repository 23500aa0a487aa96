/** What the schemas of the commerce and payment providers share beside reading.ts: identifiers, and bodies as checked objects. */
import { z } from 'zod';
import { err, ok, type Result } from '../canonical/result.ts';
import { describeIssues, parseJson } from './json.ts';
import { notJson } from './reading.ts';
import type { QuarantineReason } from './source.ts';

export const wireId = z.string().min(1).max(255);
export const wireText = z.string().max(10_000);

/** An identifier that some send as text and some as a number, also beyond 2^53 (bigint from `parseJson`). */
export const numericId = z
  .union([z.string().min(1).max(64), z.int().positive(), z.bigint().positive()])
  .transform((id) => String(id));

/** Bytes → checked object, or why not: `not_json`, or `schema_mismatch` with paths. */
export function readJson<T>(body: Uint8Array, schema: z.ZodType<T>): Result<T, QuarantineReason> {
  const json = parseJson(body);
  return json.ok ? checked(json.value, schema) : err(notJson);
}

export function checked<T>(value: unknown, schema: z.ZodType<T>): Result<T, QuarantineReason> {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? ok(parsed.data)
    : err({ code: 'schema_mismatch', detail: describeIssues(parsed.error.issues) });
}
