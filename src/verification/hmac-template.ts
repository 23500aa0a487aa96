/**
 * HMAC schemes written as two templates, for senders that only a config describes: how the signature header reads
 * (`t={timestamp},v1={signature}`) and what is signed (`{timestamp}.{body}`). Turned into an `HmacScheme` once.
 */
import { err, ok, type Result, unreachable } from '../canonical/result.ts';
import type { HmacForm, HmacScheme, PresentedSignature, TimestampUnit } from './hmac-scheme.ts';
import type { Delivery } from './verification.ts';

export interface HmacTemplate {
  readonly form: HmacForm;
  /** Lower case. */
  readonly header: string;
  /** The header's whole value. `{signature}` once; `{timestamp}` at most once. */
  readonly value: string;
  /** `{body}` once; `{timestamp}`, `{method}`, `{url}`, `{path}`, `{header:x-name}` as often as needed. */
  readonly content: string;
  readonly timestamp: {
    /** The header it stands in; null when `value` holds it. */
    readonly header: string | null;
    readonly unit: TimestampUnit;
    readonly toleranceSeconds: number;
  } | null;
}

export interface TemplateFault {
  readonly field: 'value' | 'content' | 'timestamp';
  readonly message: string;
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'signature' | 'timestamp' | 'body' | 'method' | 'url' | 'path' }
  | { readonly kind: 'header'; readonly name: string };

const MAX_HEADER_LENGTH = 4096;
const placeholders = ['signature', 'timestamp', 'body', 'method', 'url', 'path'] as const;

/** `a{body}b` → text, body, text; null with a placeholder nobody knows, or a brace by itself. */
function partsOf(template: string): readonly Part[] | null {
  const parts: Part[] = [];
  for (const piece of template.split(/(\{[^{}]*\})/).filter((each) => each !== '')) {
    if (!piece.startsWith('{')) {
      if (/[{}]/.test(piece)) return null;
      parts.push({ kind: 'text', text: piece });
      continue;
    }
    const name = piece.slice(1, -1);
    const known = placeholders.find((each) => each === name);
    const header = /^header:([a-z0-9-]{1,64})$/.exec(name)?.[1];
    if (known !== undefined) parts.push({ kind: known });
    else if (header !== undefined) parts.push({ kind: 'header', name: header });
    else return null;
  }
  return parts;
}

const count = (parts: readonly Part[], kind: Part['kind']): number => parts.filter((part) => part.kind === kind).length;

/** Names of the headers that are part of what is signed. */
export function signedHeaders(content: string): readonly string[] {
  return (partsOf(content) ?? []).flatMap((part) => (part.kind === 'header' ? [part.name] : []));
}

/** The scheme, or everything that is wrong with the templates. */
export function hmacScheme(template: HmacTemplate): Result<HmacScheme, readonly TemplateFault[]> {
  const value = partsOf(template.value);
  const content = partsOf(template.content);
  const faults = [...valueFaults(value), ...contentFaults(content)];
  if (value === null || content === null || faults.length > 0) return err(faults);
  const timed = timeFaults(template, value, content);
  if (timed.length > 0) return err(timed);
  const stampHeader = template.timestamp?.header ?? null;
  return ok({
    form: template.form,
    present: (delivery) => present(delivery, template.header, valuePattern(value), stampHeader),
    content: (delivery, timestamp) => content.map((part) => contentPart(part, delivery, timestamp)),
    time: template.timestamp,
    evidence: [
      ...new Set([template.header, ...(stampHeader === null ? [] : [stampHeader]), ...signedHeaders(template.content)]),
    ],
  });
}

function valueFaults(parts: readonly Part[] | null): TemplateFault[] {
  const field = 'value';
  if (parts === null) return [{ field, message: 'may hold {signature} and {timestamp} and no other braces' }];
  if (parts.some(({ kind }) => kind !== 'text' && kind !== 'signature' && kind !== 'timestamp'))
    return [{ field, message: 'may hold only {signature} and {timestamp}' }];
  if (count(parts, 'signature') !== 1) return [{ field, message: 'must hold {signature} once' }];
  if (count(parts, 'timestamp') > 1) return [{ field, message: 'must hold {timestamp} at most once' }];
  const touching = parts.some(({ kind }, index) => kind !== 'text' && (parts[index + 1]?.kind ?? 'text') !== 'text');
  return touching ? [{ field, message: 'must have text between {timestamp} and {signature}' }] : [];
}

function contentFaults(parts: readonly Part[] | null): TemplateFault[] {
  const field = 'content';
  if (parts === null)
    return [
      { field, message: 'may hold {body}, {timestamp}, {method}, {url}, {path}, {header:x-name} and no other braces' },
    ];
  if (count(parts, 'signature') > 0) return [{ field, message: 'cannot hold {signature}' }];
  if (count(parts, 'body') !== 1)
    return [{ field, message: 'must hold {body} once: what is not signed is not proven' }];
  // Two variable texts side by side can be cut elsewhere with the same signature: `ab`+`c` = `a`+`bc`.
  const touching = parts.some(({ kind }, index) => kind !== 'text' && (parts[index + 1]?.kind ?? 'text') !== 'text');
  return touching && count(parts, 'header') > 0
    ? [{ field, message: 'must have text between {header:…} and what stands next to it' }]
    : [];
}

/** A time that is not signed, or a signed place for a time that is not read, would both pretend a protection. */
function timeFaults({ timestamp }: HmacTemplate, value: readonly Part[], content: readonly Part[]): TemplateFault[] {
  const inValue = count(value, 'timestamp') > 0;
  const signed = count(content, 'timestamp') > 0;
  if (timestamp === null) {
    return inValue || signed
      ? [{ field: 'timestamp', message: 'is missing: a template holds {timestamp}, so say its unit and tolerance' }]
      : [];
  }
  if (!signed)
    return [{ field: 'content', message: 'must hold {timestamp}: a time that is not signed proves nothing' }];
  if (inValue === (timestamp.header !== null))
    return [{ field: 'timestamp', message: 'must be in one place: {timestamp} in the value, or a header of its own' }];
  return [];
}

/** Signature and time are of alphabets without white space or commas, so that nothing is matched in two ways. */
function valuePattern(parts: readonly Part[]): RegExp {
  const source = parts.map((part) => {
    if (part.kind === 'text') return part.text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    return part.kind === 'signature' ? '(?<signature>[A-Za-z0-9+/=]{1,512})' : '(?<timestamp>[0-9TZ:.+-]{1,64})';
  });
  return new RegExp(`^${source.join('')}$`);
}

function present(
  { headers }: Delivery,
  name: string,
  pattern: RegExp,
  stampHeader: string | null,
): Result<PresentedSignature, 'header_missing' | 'header_malformed'> {
  const header = headers.get(name);
  const stamp = stampHeader === null ? null : headers.get(stampHeader);
  if (header === null || (stampHeader !== null && stamp === null)) return err('header_missing');
  if (header.length > MAX_HEADER_LENGTH || (stamp?.length ?? 0) > MAX_HEADER_LENGTH) return err('header_malformed');
  const found = pattern.exec(header.trim())?.groups;
  if (found?.signature === undefined) return err('header_malformed');
  return ok({ signatures: [found.signature], timestamp: stamp ?? found.timestamp ?? null });
}

function contentPart(part: Part, delivery: Delivery, timestamp: string): string | Uint8Array {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'timestamp':
      return timestamp;
    case 'body':
      return delivery.body;
    case 'method':
      return delivery.method;
    case 'url':
      return delivery.url.href;
    case 'path':
      return `${delivery.url.pathname}${delivery.url.search}`;
    case 'header':
      return delivery.headers.get(part.name) ?? '';
    case 'signature':
      throw new Error('a signature is not part of what it signs');
    default:
      return unreachable(part);
  }
}
