/**
 * System-of-record rules: a field of a customer that two systems know has one owner. Once the owner has spoken, what
 * another system says of that field is recorded with the event and not applied. Pure.
 */
import type { CustomerUpserted } from './events.ts';
import { type ObjectKey, objectKey } from './ids.ts';
import type { CustomerState } from './objects.ts';

export type RecordField = 'name' | 'email' | 'phone' | 'taxId' | 'address';

/** Per field the provider whose word counts. */
export type CustomerRecords = Readonly<Partial<Record<RecordField, string>>>;

export interface Ruled {
  /** The snapshot as it is to be applied. */
  readonly fact: CustomerUpserted;
  /** Fields on which the snapshot said something else than their owner. */
  readonly ignored: readonly RecordField[];
}

/** The same customer at other providers, by the snapshot's own word. */
export const elsewhere = (fact: CustomerUpserted): readonly ObjectKey[] =>
  Object.entries(fact.references).map(([provider, id]) => objectKey(provider, 'customer', id));

/**
 * Puts the owner's word in place of the snapshot's, field by field. An owner that has not spoken (none in the books, or
 * only named by a bill) leaves the field to whoever does.
 */
export function bySystemOfRecord(
  fact: CustomerUpserted,
  records: CustomerRecords,
  find: (customer: ObjectKey) => CustomerState | null,
): Ruled {
  const provider = fact.customer.split(':', 1)[0] ?? '';
  const fields = ['name', 'email', 'phone', 'taxId', 'address'] as const;
  let ruled = fact;
  const ignored: RecordField[] = [];
  for (const field of fields) {
    const owner = records[field];
    const id = owner === undefined ? undefined : fact.references[owner];
    if (owner === undefined || owner === provider || id === undefined) continue;
    const spoken = find(objectKey(owner, 'customer', id));
    if (spoken === null || spoken.version === 0) continue;
    if (JSON.stringify(spoken[field]) === JSON.stringify(fact[field])) continue;
    ruled = { ...ruled, [field]: spoken[field] };
    ignored.push(field);
  }
  return { fact: ruled, ignored };
}

/** For the event's note; fields only, never their values. */
export const ignoredNote = (ignored: readonly RecordField[], records: CustomerRecords): string | null =>
  ignored.length === 0
    ? null
    : `not applied, another system keeps it: ${ignored.map((field) => `${field} (${records[field]})`).join(', ')}`;
