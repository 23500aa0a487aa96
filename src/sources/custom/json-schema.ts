/** JSON Schema (2020-12) for payloads, checked by an interpreter: nothing is compiled to code at run time. */
import { type Schema, Validator } from '@cfworker/json-schema';
import { z } from 'zod';
import { err, ok, type Result } from '../../canonical/result.ts';

const MAX_LENGTH = 64_000;
const MAX_DEPTH = 32;
const MAX_PATTERN = 200;

const schemaObject: z.ZodType<Schema> = z.custom<Schema>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

export interface PayloadSchema {
  /** Null when it holds; else where it does not, `#/data/total: type`; places and rules, never values. */
  readonly fault: (value: unknown) => string | null;
}

/** The schema ready to check, or what is wrong with it. */
export function payloadSchema(written: unknown): Result<PayloadSchema, string> {
  const text = JSON.stringify(written) ?? '';
  if (text.length > MAX_LENGTH) return err(`must be at most ${MAX_LENGTH} characters`);
  // A copy, because the validator marks the schema it is given.
  const schema = schemaObject.safeParse(JSON.parse(text === '' ? 'null' : text));
  if (!schema.success) return err('must be a JSON Schema object');
  const fault = keywordFault(schema.data, schema.data, 0);
  if (fault !== null) return err(fault);
  try {
    const validator = new Validator(schema.data, '2020-12', true);
    validator.validate({});
    return ok({ fault: (value) => faultOf(validator, value) });
  } catch (error) {
    // The library says by an exception that a schema refers to nothing, or to itself for ever.
    if (error instanceof Error) return err('must be a JSON Schema whose references end');
    throw error;
  }
}

function faultOf(validator: Validator, value: unknown): string | null {
  try {
    const { valid, errors } = validator.validate(value);
    if (valid) return null;
    const places = errors.map(({ instanceLocation, keyword }) => `${instanceLocation}: ${keyword}`);
    return [...new Set(places)].reverse().join('; ').slice(0, 400);
  } catch (error) {
    // RangeError: the schema recurses deeper than the stack. Others: it refers to what is not there.
    if (error instanceof Error) return '#: the schema could not be applied';
    throw error;
  }
}

/** References stay within the schema, and patterns are of a kind that ends soon on any text. */
function keywordFault(node: unknown, root: unknown, depth: number): string | null {
  if (typeof node !== 'object' || node === null) return null;
  if (depth > MAX_DEPTH) return 'is nested too deeply';
  for (const [name, value] of Object.entries(node)) {
    const own = ownFault(name, value, root);
    if (own !== null) return own;
    const inner = keywordFault(value, root, depth + 1);
    if (inner !== null) return inner;
  }
  return null;
}

function ownFault(name: string, value: unknown, root: unknown): string | null {
  if (name === '$ref' && typeof value === 'string') return refFault(value, root);
  if (name === 'pattern' && typeof value === 'string') return patternFault(value);
  if (name === 'patternProperties' && typeof value === 'object' && value !== null) {
    return (
      Object.keys(value)
        .map(patternFault)
        .find((fault) => fault !== null) ?? null
    );
  }
  return name === '$id' || name === '$dynamicRef' || name === '$recursiveRef' ? `cannot use ${name}` : null;
}

function refFault(reference: string, root: unknown): string | null {
  if (!reference.startsWith('#')) return 'can refer to its own parts only: $ref must start with #';
  let place: unknown = root;
  for (const step of reference.slice(1).split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    place =
      typeof place === 'object' && place !== null && Object.hasOwn(place, name)
        ? Object.entries(place).find(([key]) => key === name)?.[1]
        : undefined;
  }
  return place === undefined ? `has a $ref to nothing: ${reference.slice(0, 80)}` : null;
}

/**
 * A repeated group that holds a repetition or a choice (`(a+)+`, `(a|ab)*`) can take time exponential in the text.
 * More than three unbounded repetitions take its third power or more.
 */
function patternFault(pattern: string): string | null {
  if (pattern.length > MAX_PATTERN) return `has a pattern of more than ${MAX_PATTERN} characters`;
  try {
    new RegExp(pattern, 'u');
  } catch (error) {
    if (error instanceof SyntaxError) return 'has a pattern that is no regular expression';
    throw error;
  }
  const bare = pattern.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x');
  if (/\\[1-9k]/.test(pattern)) return 'has a pattern with a back-reference';
  if ((bare.match(/[*+]|\{\d+,\}/g) ?? []).length > 3) return 'has a pattern with more than three repetitions';
  return repeatsWithin(bare) ? 'has a pattern with a repetition or choice inside a repeated group' : null;
}

function repeatsWithin(bare: string): boolean {
  const open: boolean[] = [];
  for (let index = 0; index < bare.length; index += 1) {
    const character = bare[index] ?? '';
    if (character === '(') open.push(false);
    else if (character === ')') {
      const busy = open.pop() ?? false;
      const repeated = /^(?:[*+]|\{)/.test(bare.slice(index + 1));
      if (busy && repeated) return true;
      if ((busy || repeated) && open.length > 0) open[open.length - 1] = true;
    } else if (/[*+{|]/.test(character) && open.length > 0) open[open.length - 1] = true;
  }
  return false;
}
