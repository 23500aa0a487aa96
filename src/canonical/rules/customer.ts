/**
 * customer.upserted: the newest snapshot wins; an older one changes nothing. No books; a partner document, unless the partner
 * is its primary's.
 */
import type { ExceptionDraft } from '../decision.ts';
import type { CustomerUpserted } from '../events.ts';
import { twoPartners } from '../identity.ts';
import type { ObjectKey } from '../ids.ts';
import type { CustomerState } from '../objects.ts';
import { bySystemOfRecord, ignoredNote } from '../system-of-record.ts';
import { idOf } from './documents.ts';
import { partnerDocument, sharedPartner } from './partners.ts';
import { booked, find, nothing, type Rule, type RuleContext } from './rule.ts';

export const customerUpserted: Rule<CustomerUpserted> = (announced, context) => {
  const records = context.books.records ?? {};
  const { fact, ignored } = bySystemOfRecord(announced, records, (key) => find(context, key, 'customer'));
  const known = find(context, fact.customer, 'customer');
  if (known !== null && fact.version < known.version) return nothing('stale', 'A newer snapshot is in the books.');
  if (known !== null && fact.version === known.version && known.version > 0) {
    return nothing('already_booked', 'This snapshot is in the books.');
  }
  const primary = known === null ? (context.kinship?.primaryOf(fact.customer) ?? null) : (known.partner ?? null);
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
    ...(primary === null ? {} : { partner: primary }),
  };
  const note = ignoredNote(ignored, records);
  if (primary !== null) {
    const shared = sharedPartner(context, primary, state);
    return booked({ objects: [state, ...shared.objects], documents: shared.documents, note });
  }
  return booked({
    objects: [state],
    documents: [partnerDocument(state, known === null)],
    notices: known === null ? secondPartner(context, fact.customer) : [],
    note,
  });
};

/** A primary that comes after the customers linked to it: what they have of their own stays theirs. */
function secondPartner(context: RuleContext, primary: ObjectKey): ExceptionDraft[] {
  const linked = context.kinship?.linkedTo(primary) ?? [];
  const other = linked.find((customer) => {
    const state = find(context, customer, 'customer');
    return state !== null && state.partner === undefined;
  });
  return other === undefined ? [] : [twoPartners(other, primary)];
}
