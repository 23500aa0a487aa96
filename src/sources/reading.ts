/** What most sources' readings have in common: answers, schemas bound to types, days and amounts as text. */
import { z } from 'zod';
import type { CanonicalEvent, InvoiceLine } from '../canonical/events.ts';
import { type Currency, isoExponent, type MinorUnits, minorUnits, parseDecimal, ZERO } from '../canonical/money.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import { describeIssues, parseJson } from './json.ts';
import type { Interpretation, QuarantineReason } from './source.ts';

export const nothing = (note: string): Interpretation => ({ kind: 'facts', facts: [], note });
export const facts = (...all: readonly CanonicalEvent[]): Interpretation => ({ kind: 'facts', facts: all, note: null });
/** For a person; `detail` names paths and what was expected there, never a value. */
export const unsupported = (detail: string): Interpretation => ({
  kind: 'quarantine',
  reason: { code: 'unsupported_shape', detail: detail.slice(0, 500) },
});

export const unknownType: QuarantineReason = {
  code: 'unknown_type',
  detail: 'an event type the gateway has no mapping for',
};

export const notJson: QuarantineReason = { code: 'not_json', detail: 'not UTF-8 JSON' };

/** A body as the provider's envelope, or why it is none; `detail` says the paths, never a value. */
export function readEnvelope<T>(body: Uint8Array, schema: z.ZodType<T>): Result<T, QuarantineReason> {
  const json = parseJson(body);
  if (!json.ok) return err(notJson);
  const parsed = schema.safeParse(json.value);
  if (parsed.success) return ok(parsed.data);
  return err({ code: 'unsupported_shape', detail: describeIssues(parsed.error.issues, 490) });
}

/** A type's reading, its schema bound to it. `Context` is what the interpretation needs beside the content. */
export interface Reader<Context> {
  /** What the schema objects to, or null. */
  problem(content: unknown): QuarantineReason | null;
  facts(content: unknown, context: Context): Interpretation;
}

export function reader<T, Context>(
  schema: z.ZodType<T>,
  interpret: (content: T, context: Context) => Interpretation,
): Reader<Context> {
  const mismatch = (error: z.ZodError): QuarantineReason => ({
    code: 'schema_mismatch',
    detail: describeIssues(error.issues, 490),
  });
  return {
    problem(content) {
      const parsed = schema.safeParse(content);
      return parsed.success ? null : mismatch(parsed.error);
    },
    facts(content, context) {
      const parsed = schema.safeParse(content);
      if (parsed.success) return interpret(parsed.data, context);
      return { kind: 'quarantine', reason: mismatch(parsed.error) };
    },
  };
}

/** Understood, and of no effect on the books. */
export const without = (note: string): Reader<unknown> => ({ problem: () => null, facts: () => nothing(note) });

/** `2024-03-31`, as noon in UTC: then it is that day in every time zone from −12 to +11. */
export const calendarDate = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/)
  .transform((text, context) => {
    const day = Date.parse(`${text}T12:00:00Z`);
    if (!Number.isNaN(day) && day >= 0) return day;
    context.addIssue({ code: 'custom', message: 'expected a calendar date' });
    return z.NEVER;
  });

/** A hundred billion euros: what lies beyond is no invoice, and sums of many such amounts stay exact. */
export const MAX_AMOUNT = 1e13;

/** Minor units as a JSON number. */
export const minorAmount = z.int().min(-MAX_AMOUNT).max(MAX_AMOUNT);

/** Minor units as text, `"65215"` (form fields, XML, Paddle). Never through a float. */
export const minorAmountText = z
  .string()
  .regex(/^-?\d{1,14}$/, 'expected whole minor units')
  .transform(Number)
  .pipe(minorAmount);

/** A decimal as text, `"12.50"`; its currency decides later what it is in minor units. */
export const decimalText = z.string().regex(/^-?\d{1,14}(?:\.\d{1,18})?$/, 'expected a decimal');

/** `decimalText` → minor units; an error where it is finer than the currency or too large, never a rounding. */
export function exactMinor(text: string, code: Currency, path: string): Result<MinorUnits, string> {
  const parsed = parseDecimal(text, code);
  if (!parsed.ok) return err(`${path}: ${parsed.error}`);
  return Math.abs(parsed.value) > MAX_AMOUNT ? err(`${path}: too_large`) : ok(parsed.value);
}

/**
 * A provider's minor units → the books', where its decimals (`exponents`, by code) are not ISO 4217's for some currencies.
 * Exact, or an error: never a rounding.
 */
export function isoMinor(
  amount: number,
  code: Currency,
  exponents: Readonly<Record<string, number>>,
): Result<MinorUnits, string> {
  const shift = isoExponent(code) - (exponents[code] ?? isoExponent(code));
  const scaled = shift >= 0 ? amount * 10 ** shift : amount / 10 ** -shift;
  if (!Number.isInteger(scaled)) return err('not a whole ISO minor unit');
  return Number.isSafeInteger(scaled) ? ok(minorUnits(scaled)) : err('too large');
}

export const currencyCode = z.string().regex(/^[A-Za-z]{3}$/);

/** Null as soon as a partial sum is no longer exact, which then equals no total. */
export function exactSum(amounts: readonly number[]): number | null {
  let sum = 0;
  for (const amount of amounts) {
    sum += amount;
    if (!Number.isSafeInteger(sum)) return null;
  }
  return sum;
}

/** Nets and taxes of all lines; null when they cannot be summed exactly. */
export const linesTotal = (lines: readonly InvoiceLine[]): number | null =>
  exactSum(lines.flatMap((line) => [line.net, ...line.taxes.map((tax) => tax.amount)]));

/** A line with nothing but a name and an amount; the rest is overridden by the caller. */
export const plainLine = (
  line: Pick<InvoiceLine, 'id' | 'description'> & { readonly net: number } & Partial<Omit<InvoiceLine, 'net'>>,
): InvoiceLine => ({
  product: null,
  quantity: '1',
  discount: ZERO,
  taxes: [],
  period: null,
  proration: false,
  ...line,
  net: minorUnits(line.net),
});

/** Text that says something, else null. */
export const said = (text: string | null | undefined): string | null =>
  text === undefined || text === null || text.trim() === '' ? null : text;

/** The company where there is one, else the person. */
export const partyName = (
  company: string | null | undefined,
  firstName?: string | null,
  lastName?: string | null,
): string | null => said(company) ?? said([firstName, lastName].filter((part) => said(part) !== null).join(' '));

/**
 * Tells bodies apart where the sender gives an event no id: 64 bits of FNV-1a, for a sender that is already proven and
 * has no reason to collide. Not a digest to trust against anybody.
 */
export function fingerprint(bytes: Uint8Array): string {
  let [high, low] = [0x811c9dc5, 0xc9dc5118];
  for (const byte of bytes) {
    high = Math.imul(high ^ byte, 0x01000193) >>> 0;
    low = Math.imul((low ^ byte) + (high >>> 24), 0x01000193) >>> 0;
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}
