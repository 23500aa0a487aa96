/**
 * JSON in which no number changes its value unseen. `JSON.parse` rounds integers beyond 2^53; here they come out as
 * bigint, so that a schema that expects an amount refuses them instead of booking a neighbour.
 */
import { isSafeNumber, parse as parseLossless } from 'lossless-json';
import { err, ok, type Result } from '../canonical/result.ts';

/**
 * A number of 16 or more digits may not fit; a match inside a string only costs the slower parser, never the result.
 * The first pattern is eight times as fast and rules most bodies out.
 */
const longDigits = /\d{16}/;
const longNumber = /[:[,\s]-?\d{16}/;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

const exactNumber = (text: string): number | bigint =>
  /^-?\d+$/.test(text) && !isSafeNumber(text) ? BigInt(text) : Number(text);

/** Strict UTF-8, strict JSON. Integers that no double holds are bigint; everything else is as `JSON.parse` has it. */
export function parseJson(body: Uint8Array): Result<unknown, 'not_utf8' | 'not_json'> {
  try {
    return parseJsonText(decoder.decode(body));
  } catch {
    return err('not_utf8');
  }
}

/** As `parseJson`, for text that has been decoded already. Never throws. */
export function parseJsonText(text: string): Result<unknown, 'not_json'> {
  try {
    return ok(
      longDigits.test(text) && longNumber.test(text) ? parseLossless(text, null, exactNumber) : JSON.parse(text),
    );
  } catch {
    return err('not_json');
  }
}

export const isJsonObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An own member's value: inherited names are no members. */
export const member = (value: unknown, name: string): unknown =>
  isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** A member that is text and not empty. */
export function textMember(value: unknown, name: string): string | null {
  const text = member(value, name);
  return typeof text === 'string' && text !== '' ? text : null;
}

/** `lines.data[0].amount: expected int` for each zod issue, at most `limit` characters; paths and rules, never values. */
export function describeIssues(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
  limit = 500,
): string {
  return issues
    .map((issue) => `${issue.path.map(String).join('.') || '(root)'}: ${issue.message}`)
    .join('; ')
    .slice(0, limit);
}
