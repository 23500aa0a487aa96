/**
 * How a config says to read a sender's payloads: where id, type, time and customer stand, what each type must look
 * like, what it means. Written as text, checked and made ready once, when the config is.
 */
import { z } from 'zod';
import { err, ok, type Result } from '../../canonical/result.ts';
import { compileExpression, type Expression } from './expression.ts';
import { type FactReader, factReader } from './facts.ts';
import { type JsonPath, jsonPath } from './json-path.ts';
import { type PayloadSchema, payloadSchema } from './json-schema.ts';
import { type TimeUnit, timeUnits } from './payload.ts';

const MAX_TYPES = 200;
const path = z.string().min(1).max(256);
const typeName = z.string().min(1).max(255);

const typeSettings = z.strictObject({
  /** JSON Schema the event must satisfy; otherwise it is quarantined. */
  schema: z.record(z.string(), z.unknown()).optional(),
  /** CEL that yields facts; a list is its lines. Null: understood, and no business of the books. */
  facts: z.union([z.string().min(1), z.array(z.string()).min(1).max(500), z.null()], {
    error: 'an expression, a list of its lines, or null',
  }),
  /** A lane of the source's own, for what belongs to no customer. */
  lane: z.enum(['account', 'catalogue']).optional(),
});

const eventSettings = z.strictObject({
  /** Where the events of a batch are; without it the body is one event. */
  batch: path.optional(),
  /** `$.id`, or `header:x-event-id`. */
  id: path.optional(),
  /** `$.type`, or `constant:invoice`. */
  type: path.default('$.type'),
  /** Without it, the time of receipt. */
  time: z.strictObject({ path, unit: z.enum(timeUnits).default('iso8601') }).optional(),
  /** Whose event it is; the first path that finds something decides. */
  customer: z.union([path, z.array(path).max(8)], { error: 'a JSONPath or a list of them' }).default([]),
});

export const readingShape = {
  /**
   * The sender's system. In keys and lanes it stands behind `x-`, as `x-netsuite:invoice:INV1`, so that it can never be
   * a provider the gateway has code for, now or later. Two sources of one system share its objects.
   */
  system: z.string().regex(/^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'lower-case letters, digits and dashes, at most 32'),
  event: eventSettings.prefault({}),
  types: z
    .record(typeName, typeSettings)
    .refine((all) => Object.keys(all).length > 0 && Object.keys(all).length <= MAX_TYPES, {
      error: `between 1 and ${MAX_TYPES} types`,
    }),
};

const written = z.strictObject(readingShape);
export type WrittenReading = z.output<typeof written>;

export interface TypeReading {
  readonly schema: PayloadSchema | null;
  readonly facts: Expression | null;
  readonly lane: 'customer' | 'account' | 'catalogue';
}

export interface Reading {
  readonly system: string;
  readonly batch: JsonPath | null;
  readonly id: { readonly header: string } | { readonly path: JsonPath };
  readonly type: { readonly constant: string } | { readonly path: JsonPath };
  readonly time: { readonly path: JsonPath; readonly unit: TimeUnit } | null;
  readonly customer: readonly JsonPath[];
  readonly types: ReadonlyMap<string, TypeReading>;
  readonly facts: FactReader;
}

export interface SettingFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Gathers faults, so that all are said at once. */
class Faults {
  readonly list: SettingFault[] = [];

  /** The value, or null with its fault noted. */
  take<T>(result: Result<T, string>, at: SettingFault['path']): T | null {
    if (result.ok) return result.value;
    this.list.push({ path: at, message: result.error });
    return null;
  }
}

/** @param defaultId what `event.id` is when the config does not say; null: it must. */
export function reading(from: WrittenReading, defaultId: string | null): Result<Reading, readonly SettingFault[]> {
  const faults = new Faults();
  const { event } = from;
  const system = `x-${from.system}`;
  const idText = event.id ?? defaultId;
  const id = idText === null ? null : faults.take(idOf(idText), ['event', 'id']);
  if (idText === null) faults.list.push({ path: ['event', 'id'], message: 'is missing' });
  if (id !== null && 'header' in id && event.batch !== undefined) {
    faults.list.push({ path: ['event', 'id'], message: 'cannot be a header: the events of a batch would share it' });
  }
  const batch = event.batch === undefined ? null : faults.take(jsonPath(event.batch, 'many'), ['event', 'batch']);
  const type = faults.take(typeOf(event.type), ['event', 'type']);
  const timePath =
    event.time === undefined ? null : faults.take(jsonPath(event.time.path, 'single'), ['event', 'time', 'path']);
  const customers = typeof event.customer === 'string' ? [event.customer] : event.customer;
  const customer = customers
    .map((each) => faults.take(jsonPath(each, 'single'), ['event', 'customer']))
    .filter((each) => each !== null);
  const types = new Map(Object.entries(from.types).map(([name, each]) => [name, typeReading(name, each, faults)]));
  if (faults.list.length > 0 || id === null || type === null) return err(faults.list);
  return ok({
    system,
    batch,
    id,
    type,
    time: event.time === undefined || timePath === null ? null : { path: timePath, unit: event.time.unit },
    customer,
    types,
    facts: factReader(system),
  });
}

function idOf(text: string): Result<Reading['id'], string> {
  if (!text.startsWith('header:')) return placed(jsonPath(text, 'single'));
  const header = /^header:([a-z0-9-]{1,64})$/.exec(text)?.[1];
  return header === undefined ? err('must be a header in lower case, such as header:x-event-id') : ok({ header });
}

const placed = (path: Result<JsonPath, string>): Result<{ readonly path: JsonPath }, string> =>
  path.ok ? ok({ path: path.value }) : path;

function typeOf(text: string): Result<Reading['type'], string> {
  const constant = /^constant:(.+)$/s.exec(text)?.[1];
  return constant === undefined ? placed(jsonPath(text, 'single')) : ok({ constant });
}

function typeReading(name: string, settings: z.output<typeof typeSettings>, faults: Faults): TypeReading {
  const at = ['types', name];
  const text = Array.isArray(settings.facts) ? settings.facts.join('\n') : settings.facts;
  return {
    schema: settings.schema === undefined ? null : faults.take(payloadSchema(settings.schema), [...at, 'schema']),
    facts: text === null ? null : faults.take(compileExpression(text), [...at, 'facts']),
    lane: settings.lane ?? 'customer',
  };
}
