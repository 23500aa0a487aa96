/**
 * `application/x-www-form-urlencoded` with bracket keys, as Rails writes it: `payload[customer][id]=1`. Values stay text.
 * A key that comes twice is a list, so that nothing takes one of two amounts for the amount.
 */
import { err, ok, type Result } from '../../canonical/result.ts';

const MAX_PAIRS = 20_000;
const MAX_DEPTH = 12;
const keyPattern = /^([^[\]]+)((?:\[[^[\]]*\])*)$/;

type Branch = Map<string, Branch | string[]>;

/** Strict percent-encoding of UTF-8; `+` is a space. Never throws. */
export function parseForm(body: Uint8Array): Result<unknown, 'not_a_form'> {
  const root: Branch = new Map();
  const text = decoded(body);
  if (text === null || text === '') return err('not_a_form');
  const pairs = text.split('&');
  if (pairs.length > MAX_PAIRS) return err('not_a_form');
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = unescaped(equals === -1 ? pair : pair.slice(0, equals));
    const value = unescaped(equals === -1 ? '' : pair.slice(equals + 1));
    const path = name === null ? null : pathOf(name);
    if (path === null || value === null || !put(root, path, value)) return err('not_a_form');
  }
  return ok(asObject(root));
}

function decoded(body: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body);
  } catch {
    // Only a TypeError for bytes that are no UTF-8.
    return null;
  }
}

function unescaped(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // Only a URIError for an escape that is none.
    return null;
  }
}

function pathOf(name: string): readonly string[] | null {
  const match = keyPattern.exec(name);
  if (match?.[1] === undefined) return null;
  const path = [match[1], ...[...(match[2] ?? '').matchAll(/\[([^[\]]*)\]/g)].map((part) => part[1] ?? '')];
  return path.length > MAX_DEPTH ? null : path;
}

/** False when a name is both a value and a group. */
function put(root: Branch, path: readonly string[], value: string): boolean {
  let branch = root;
  for (const name of path.slice(0, -1)) {
    const next = branch.get(name) ?? new Map();
    if (Array.isArray(next)) return false;
    branch.set(name, next);
    branch = next;
  }
  const last = path.at(-1) ?? '';
  const known = branch.get(last);
  if (known === undefined) branch.set(last, [value]);
  else if (Array.isArray(known)) known.push(value);
  else return false;
  return true;
}

function asObject(branch: Branch): unknown {
  // Own properties by definition, so `__proto__` is a name like any other.
  return Object.fromEntries(
    [...branch].map(([name, value]): [string, unknown] => [
      name,
      Array.isArray(value) ? (value.length === 1 ? value[0] : value) : asObject(value),
    ]),
  );
}
