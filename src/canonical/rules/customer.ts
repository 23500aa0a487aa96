/** customer.upserted: the newest snapshot wins; an older one changes nothing. No books, a partner document. */
import type { CustomerUpserted } from '../events.ts';
import type { CustomerState } from '../objects.ts';
import { bySystemOfRecord, ignoredNote } from '../system-of-record.ts';
import { idOf } from './documents.ts';
import { partnerDocument } from './partners.ts';
import { booked, find, nothing, type Rule } from './rule.ts';

export const customerUpserted: Rule<CustomerUpserted> = (announced, context) => {
  const records = context.books.records ?? {};
  const { fact, ignored } = bySystemOfRecord(announced, records, (key) => find(context, key, 'customer'));
  const known = find(context, fact.customer, 'customer');
  if (known !== null && fact.version < known.version) return nothing('stale', 'A newer snapshot is in the books.');
  if (known !== null && fact.version === known.version && known.version > 0) {
    return nothing('already_booked', 'This snapshot is in the books.');
  }
  const state: CustomerState = {
    kind: 'customer',
    key: fact.customer,
    entity: known?.entity ?? context.books.entity,
    ...(known?.otherEntities === undefined ? {} : { otherEntities: known.otherEntities }),
    version: fact.version,
    related: [],
    name: fact.name || fact.email || known?.name || idOf(fact.customer),
    email: fact.email,
    phone: fact.phone,
    taxId: fact.taxId,
    address: fact.address,
    references: fact.references,
    active: !fact.deleted,
  };
  return booked({
    objects: [state],
    documents: [partnerDocument(state, known === null)],
    note: ignoredNote(ignored, records),
  });
};
