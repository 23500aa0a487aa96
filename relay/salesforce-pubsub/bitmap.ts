/**
 * The bitmap fields of a change event's header (`changedFields`, `nulledFields`, `diffFields`) → names of fields. An
 * element is `0x…`, a bit for each field of the record's schema from the lowest on, or `<position>-0x…`, the same for the
 * members of the compound field at that position. Source: "Event Deserialization Considerations" of the Pub/Sub API.
 */
import { z } from 'zod';

const schemaField = z.looseObject({ name: z.string(), type: z.unknown() });
const recordSchema = z.looseObject({
  type: z.literal('record'),
  name: z.string(),
  namespace: z.string().optional(),
  fields: z.array(schemaField).max(5000),
});
type RecordSchema = z.infer<typeof recordSchema>;

/** Longest bitmap looked at, hex digits: 4,000 fields. */
const MAX_DIGITS = 1000;

/** The record a type names or holds: itself, one branch of a union, or one that was defined earlier. */
function recordOf(type: unknown, named: ReadonlyMap<string, RecordSchema>): RecordSchema | null {
  if (typeof type === 'string') return named.get(type) ?? null;
  if (Array.isArray(type)) return type.map((branch) => recordOf(branch, named)).find((found) => found !== null) ?? null;
  const parsed = recordSchema.safeParse(type);
  return parsed.success ? parsed.data : null;
}

/** Avro defines a type where it first stands and names it from then on. */
function namedRecords(schema: RecordSchema): ReadonlyMap<string, RecordSchema> {
  const named = new Map<string, RecordSchema>();
  for (const field of schema.fields) {
    const record = recordOf(field.type, named);
    if (record === null) continue;
    named.set(record.name, record);
    const namespace = record.namespace ?? schema.namespace;
    if (namespace !== undefined) named.set(`${namespace}.${record.name}`, record);
  }
  return named;
}

function namesOf(digits: string, fields: RecordSchema['fields']): readonly string[] | null {
  if (digits.length > MAX_DIGITS) return null;
  const bits = BigInt(`0x${digits}`);
  const names = fields.filter((_, position) => ((bits >> BigInt(position)) & 1n) === 1n).map((field) => field.name);
  return bits >> BigInt(fields.length) === 0n ? names : null;
}

/** Null when the bitmaps do not fit the schema; elements that are names already stay as they are. */
export function expandBitmaps(elements: readonly string[], schemaJson: unknown): readonly string[] | null {
  const schema = recordSchema.safeParse(schemaJson);
  if (!schema.success) return null;
  const named = namedRecords(schema.data);
  const names: string[] = [];
  for (const element of elements) {
    const [, position, digits] = /^(?:(\d{1,4})-)?0x([0-9A-Fa-f]+)$/.exec(element) ?? [];
    if (digits === undefined) names.push(element);
    else if (position === undefined) {
      const found = namesOf(digits, schema.data.fields);
      if (found === null) return null;
      names.push(...found);
    } else {
      const parent = schema.data.fields[Number(position)];
      const record = parent === undefined ? null : recordOf(parent.type, named);
      const found = record === null ? null : namesOf(digits, record.fields);
      if (parent === undefined || found === null) return null;
      names.push(...found.map((name) => `${parent.name}.${name}`));
    }
  }
  return names;
}
