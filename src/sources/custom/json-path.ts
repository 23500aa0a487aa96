/**
 * JSONPath (RFC 9535) as far as addressing needs it: names, indexes, and `[*]` for a batch. Filters, slices and `..` are
 * refused: they would make the work of an unread payload the sender's choice. Parsed by a library, once per config;
 * walked here, because our trees keep numbers in boxes.
 */

import parsePath, { type JsonPathQuery } from 'jsonpath-rfc9535/parser';
import { LosslessNumber } from 'lossless-json';
import { err, ok, type Result } from '../../canonical/result.ts';
import { isList, type Tree } from './payload.ts';

const MAX_LENGTH = 256;
const everyItem = Symbol('*');

/** A parsed path: member names, list places (negative from the end), `*`. */
export type JsonPath = readonly (string | number | typeof everyItem)[];

/** The path, or what is wrong with it. `single` finds at most one place, `many` may hold `*`. */
export function jsonPath(path: string, want: 'single' | 'many'): Result<JsonPath, string> {
  if (path.length > MAX_LENGTH) return err(`must be at most ${MAX_LENGTH} characters`);
  const parsed = parsed9535(path);
  if (parsed === null) return err('must be a JSONPath (RFC 9535), such as $.data.id');
  const steps: JsonPath[number][] = [];
  for (const segment of parsed.segments) {
    const step = stepOf(segment);
    if (step === null) return err('may hold names, places and *; no filters, slices, lists of names or ..');
    steps.push(step);
  }
  return want === 'single' && steps.includes(everyItem) ? err('must find one place: * is for batch') : ok(steps);
}

function parsed9535(path: string): JsonPathQuery | null {
  try {
    return parsePath(path);
  } catch (error) {
    // The parser's words are for programmers; that it is no JSONPath is all that matters here.
    if (error instanceof Error) return null;
    throw error;
  }
}

function stepOf({ type, node }: JsonPathQuery['segments'][number]): JsonPath[number] | null {
  if (type !== 'ChildSegment') return null;
  if (node.type === 'MemberNameShorthand') return node.value;
  if (node.type === 'WildcardSelector') return everyItem;
  const [only, other] = node.selectors;
  if (only === undefined || other !== undefined) return null;
  switch (only.type) {
    case 'NameSelector':
    case 'IndexSelector':
      return only.value;
    case 'WildcardSelector':
      return everyItem;
    default:
      return null;
  }
}

/** The value at a `single` path; undefined where there is none. */
export const valueAt = (tree: Tree, path: JsonPath): Tree | undefined => found(tree, path)[0];

/** The values at a path; one list found is its items, so that `$.events` means the same as `$.events[*]`. */
export function valuesAt(tree: Tree, path: JsonPath): readonly Tree[] {
  const values = found(tree, path);
  const [only, other] = values;
  return other === undefined && isList(only) ? only : values;
}

const found = (tree: Tree, path: JsonPath): readonly Tree[] =>
  path.reduce<readonly Tree[]>((places, step) => places.flatMap((place) => children(place, step)), [tree]);

function children(place: Tree, step: JsonPath[number]): readonly Tree[] {
  if (isList(place)) {
    if (step === everyItem) return place;
    const item = typeof step === 'number' ? place.at(step) : undefined;
    return item === undefined ? [] : [item];
  }
  if (typeof place !== 'object' || place === null || place instanceof LosslessNumber) return [];
  if (step === everyItem) return Object.values(place);
  const inner = typeof step === 'string' && Object.hasOwn(place, step) ? place[step] : undefined;
  return inner === undefined ? [] : [inner];
}
