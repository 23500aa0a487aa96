/** JSON from Salesforce, numbers kept as the digits they were sent with: commit numbers pass 2^53, amounts are decimal. */
import { parse } from 'lossless-json';
import { err, ok, type Result } from '../../canonical/result.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const maxDepth = 32;

/** Every number becomes text. Nesting beyond 32 levels and keys given twice with other values are refused. */
export function readJson(bytes: Uint8Array<ArrayBuffer>): Result<unknown, 'not_json'> {
  try {
    return readJsonText(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch (error) {
    if (error instanceof TypeError) return err('not_json');
    throw error;
  }
}

/** As `readJson`, for text that has been decoded already. */
export function readJsonText(text: string): Result<unknown, 'not_json'> {
  try {
    if (deeperThan(text, maxDepth)) return err('not_json');
    return ok(parse(text, null, (digits) => digits));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return err('not_json');
    throw error;
  }
}

/** The JSON reader recurses, so a document may not choose how deep. */
function deeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') {
      depth += 1;
      if (depth > limit) return true;
    } else if (character === '}' || character === ']') depth -= 1;
  }
  return false;
}

/** An own property; inherited names (`constructor`) are not fields. */
export const property = (value: unknown, name: string): unknown =>
  isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** A scalar as text; null for absent, null and compound values. */
export function textProperty(value: unknown, name: string): string | null {
  const found = property(value, name);
  if (typeof found === 'string') return found;
  return typeof found === 'boolean' ? String(found) : null;
}

/** ISO 8601 with a zone (`…Z`, `+0000`), or epoch milliseconds as Pub/Sub sends them; null for anything else. */
export function instantOf(text: string | null): number | null {
  if (text === null) return null;
  if (/^\d{12,14}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})$/.test(text)) return null;
  const instant = Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  return Number.isNaN(instant) ? null : instant;
}
