/** Avro payloads → JSON values, with schemas fetched by id and kept: a schema id never means another schema. */
import avsc, { type Schema, type Type } from 'avsc';
import { z } from 'zod';
import { expandBitmaps } from './bitmap.ts';

/** Commit numbers and timestamps are int64: they come out as bigint, whatever their size. */
const long = avsc.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

/** The codec of a schema: integers of 64 bits are bigint on both sides. @throws for what is no Avro schema. */
export function avroType(schemaJson: string): { readonly type: Type; readonly schema: unknown } {
  const schema: unknown = JSON.parse(schemaJson);
  if (!isSchema(schema)) throw new TypeError('not an Avro schema');
  return { type: avsc.Type.forSchema(schema, { registry: { long } }), schema };
}

const MAX_SCHEMAS = 500;

export type Decoded =
  | { readonly outcome: 'decoded'; readonly payload: Readonly<Record<string, unknown>> }
  /** The bytes do not fit their schema, or there is no such schema. */
  | { readonly outcome: 'undecodable' };

const record = z.record(z.string(), z.unknown());
const header = z.looseObject({
  changedFields: z.array(z.string()).nullish(),
  nulledFields: z.array(z.string()).nullish(),
  diffFields: z.array(z.string()).nullish(),
});

export class EventDecoder {
  private readonly kept = new Map<string, ReturnType<typeof avroType> | null>();

  /**
   * @param fetchSchema answers the schema's JSON text, or null when there is none. What it throws is thrown on: then
   * the schema could not be had just now.
   */
  async decode(
    schemaId: string,
    payload: Buffer,
    fetchSchema: (schemaId: string) => Promise<string | null>,
  ): Promise<Decoded> {
    const known = await this.codec(schemaId, fetchSchema);
    if (known === null) return { outcome: 'undecodable' };
    let value: unknown;
    try {
      value = known.type.fromBuffer(payload);
    } catch (error) {
      if (error instanceof Error) return { outcome: 'undecodable' };
      throw error;
    }
    const fields = record.safeParse({ ...Object(value) });
    return fields.success
      ? { outcome: 'decoded', payload: withNames(fields.data, known.schema) }
      : { outcome: 'undecodable' };
  }

  private async codec(
    schemaId: string,
    fetchSchema: (schemaId: string) => Promise<string | null>,
  ): Promise<ReturnType<typeof avroType> | null> {
    const known = this.kept.get(schemaId);
    if (known !== undefined) return known;
    const text = await fetchSchema(schemaId);
    const made = text === null ? null : typeOrNull(text);
    if (this.kept.size >= MAX_SCHEMAS) this.kept.clear();
    this.kept.set(schemaId, made);
    return made;
  }
}

function typeOrNull(text: string): ReturnType<typeof avroType> | null {
  try {
    return avroType(text);
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

/** Bitmaps become names. Those that do not fit the schema stay: the gateway then takes every field for touched. */
function withNames(payload: Readonly<Record<string, unknown>>, schema: unknown): Readonly<Record<string, unknown>> {
  const parsed = header.safeParse(payload.ChangeEventHeader);
  if (!parsed.success) return payload;
  const named = Object.entries(parsed.data).map(([name, value]) => {
    const isBitmap = name === 'changedFields' || name === 'nulledFields' || name === 'diffFields';
    const elements = isBitmap ? z.array(z.string()).safeParse(value) : null;
    return [name, elements?.success === true ? (expandBitmaps(elements.data, schema) ?? value) : value];
  });
  return { ...payload, ChangeEventHeader: Object.fromEntries(named) };
}
