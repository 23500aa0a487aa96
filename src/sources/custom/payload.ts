/**
 * JSON whose numbers keep their digits, in the three forms this folder needs: the tree itself (to address events and
 * to cut a batch without changing a digit), values for expressions (integers are exact, decimals stay text), and plain
 * JSON for schemas.
 */
import { LosslessNumber, parse as parseLossless, stringify as stringifyLossless } from 'lossless-json';
import { z } from 'zod';
import { err, ok, type Result } from '../../canonical/result.ts';

/** What `readTree` makes: numbers are `LosslessNumber`, objects and lists as JSON has them. */
export type Tree = null | boolean | string | LosslessNumber | readonly Tree[] | { readonly [name: string]: Tree };

const MAX_DEPTH = 32;
/** Longest list an expression may walk: mappings are nested at most twice, so this bounds their time. */
export const MAX_LIST = 1000;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
const encoder = new TextEncoder();

/** Strict UTF-8, strict JSON, at most 32 levels, no key twice with different values. Never throws. */
export function readTree(body: Uint8Array): Result<Tree, 'not_json'> {
  let parsed: unknown;
  try {
    parsed = parseLossless(decoder.decode(body));
  } catch (error) {
    // TypeError: not UTF-8. SyntaxError: not JSON, or a key twice. RangeError: nested deeper than the stack.
    if (error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError)
      return err('not_json');
    throw error;
  }
  return isTree(parsed, MAX_DEPTH) ? ok(parsed) : err('not_json');
}

function isTree(value: unknown, depth: number): value is Tree {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true;
  if (value instanceof LosslessNumber) return true;
  if (depth === 0 || typeof value !== 'object') return false;
  return Object.values(value).every((inner) => isTree(inner, depth - 1));
}

export const isList = (tree: Tree | undefined): tree is readonly Tree[] => Array.isArray(tree);

/** The same digits again, as bytes: a slice of a batch. */
export function treeBytes(tree: Tree): Uint8Array<ArrayBuffer> {
  return new Uint8Array(encoder.encode(stringifyLossless(tree) ?? 'null'));
}

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

export type ExpressionValue =
  | null
  | boolean
  | string
  | bigint
  | readonly ExpressionValue[]
  | { readonly [name: string]: ExpressionValue };

/**
 * For expressions: integers of at most 64 bits are integers; every other number (`12.50`, `1e3`) is its own text, which
 * `minor` reads without rounding. Null when a list is longer than `MAX_LIST`.
 */
export function expressionValue(tree: Tree): ExpressionValue | 'list_too_long' {
  try {
    return exactValue(tree);
  } catch (error) {
    if (error instanceof ListTooLong) return 'list_too_long';
    throw error;
  }
}

class ListTooLong extends Error {}

function exactValue(tree: Tree): ExpressionValue {
  if (tree === null || typeof tree === 'boolean' || typeof tree === 'string') return tree;
  if (tree instanceof LosslessNumber) return numberValue(tree.value);
  if (isList(tree)) {
    if (tree.length > MAX_LIST) throw new ListTooLong();
    return tree.map(exactValue);
  }
  return Object.fromEntries(Object.entries(tree).map(([name, inner]) => [name, exactValue(inner)]));
}

function numberValue(digits: string): bigint | string {
  if (!/^-?\d{1,19}$/.test(digits)) return digits;
  const integer = BigInt(digits);
  return integer >= int64.min && integer <= int64.max ? integer : digits;
}

/** For JSON Schema, which knows only doubles: good for checking, never for booking. */
export function plainJson(tree: Tree): unknown {
  if (tree instanceof LosslessNumber) return Number(tree.value);
  if (isList(tree)) return tree.map(plainJson);
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([name, inner]) => [name, plainJson(inner)]));
}

/** Text or an integer, as text; null for everything else. */
export function scalarText(tree: Tree | undefined): string | null {
  if (typeof tree === 'string') return tree;
  return tree instanceof LosslessNumber && /^-?\d+$/.test(tree.value) ? tree.value : null;
}

export const timeUnits = ['iso8601', 'seconds', 'milliseconds'] as const;
export type TimeUnit = (typeof timeUnits)[number];

const isoInstant = z.iso.datetime({ offset: true });

/** Epoch ms; null when the text is not an instant of that unit. ISO 8601 must say its zone. */
export function instantFrom(text: string, unit: TimeUnit): number | null {
  if (unit === 'iso8601') {
    const instant = isoInstant.safeParse(text).success ? Date.parse(text) : Number.NaN;
    return Number.isNaN(instant) ? null : instant;
  }
  if (!/^\d{1,14}(?:\.\d{1,9})?$/.test(text)) return null;
  const [whole = '', fraction = ''] = text.split('.');
  if (unit === 'milliseconds') return Number(whole);
  const instant = Number(whole) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
  return instant <= 8_640_000_000_000_000 ? instant : null;
}
