/** Customers as the targets' partners: every document that names one depends on the partner's first document. */
import type { PartnerDocument } from '../documents.ts';
import type { ObjectKey, PostingKey } from '../ids.ts';
import type { CustomerState } from '../objects.ts';
import { documentKey } from './document-keys.ts';
import { find, type RuleContext } from './rule.ts';

/** The partner's first document; later snapshots have keys of their own. */
export const partnerKey = (customer: ObjectKey): PostingKey => documentKey('partner', customer);

/** `first`: nothing of this customer was posted before. */
export function partnerDocument(customer: CustomerState, first: boolean): PartnerDocument {
  const { key, entity, version, name, email, phone, taxId, address, active } = customer;
  return {
    kind: 'partner',
    key: first ? partnerKey(key) : documentKey('partner', key, String(version)),
    object: key,
    entity,
    dependsOn: first ? [] : [partnerKey(key)],
    ...{ version, name, email, phone, taxId, address, active },
  };
}

/** The partner that stands for a customer: its own, unless it was linked before it had one. */
export function partnerKeyOf(context: RuleContext, customer: ObjectKey): PostingKey {
  const state = find(context, customer, 'customer');
  const shared = state === null ? context.kinship?.primaryOf(customer) : state.partner;
  return partnerKey(shared ?? customer);
}

export interface PartnerBooking {
  readonly objects: readonly CustomerState[];
  readonly documents: readonly PartnerDocument[];
}

/** Every entity the customer has to do with, its own first. */
export const entitiesOf = (customer: CustomerState): readonly string[] => [
  customer.entity,
  ...(customer.otherEntities ?? []),
];

/** The targets of an entity learn of a customer that another entity had first: of the partner that stands for it. */
function knownTo(context: RuleContext, customer: CustomerState): PartnerBooking {
  const { entity } = context.books;
  if (entitiesOf(customer).includes(entity)) return { objects: [], documents: [] };
  const shared = { ...customer, otherEntities: [...(customer.otherEntities ?? []), entity] };
  const primary = customer.partner === undefined ? null : find(context, customer.partner, 'customer');
  if (primary === null) return { objects: [shared], documents: [{ ...partnerDocument(customer, true), entity }] };
  const partner = knownTo(context, primary);
  return { objects: [shared, ...partner.objects], documents: partner.documents };
}

type Named = Pick<CustomerState, 'name' | 'email'> & Partial<Pick<CustomerState, 'phone' | 'taxId' | 'address'>>;

/** Not in the books by a snapshot of its own: any real one replaces it. */
const provisional = (context: RuleContext, customer: ObjectKey, named: Named): CustomerState => ({
  kind: 'customer',
  key: customer,
  entity: context.books.entity,
  version: 0,
  related: [],
  phone: null,
  taxId: null,
  address: null,
  ...named,
  references: {},
  active: true,
});

/**
 * Makes a provisional customer (version 0) when a fact names one whose own event has not come: any real snapshot
 * replaces it. Named by the bill where there is one, else by the provider's id. One that is linked gets no partner of its
 * own: its primary's is made, if that has none yet.
 */
export function ensurePartner(
  context: RuleContext,
  customer: ObjectKey | null,
  billedTo: { readonly name: string | null; readonly email: string | null } | null = null,
): PartnerBooking {
  if (customer === null) return { objects: [], documents: [] };
  const known = find(context, customer, 'customer');
  if (known !== null) return knownTo(context, known);
  const name = billedTo?.name || billedTo?.email || customer.split(':').slice(2).join(':');
  const state = provisional(context, customer, { name, email: billedTo?.email ?? null });
  const primary = context.kinship?.primaryOf(customer) ?? null;
  if (primary === null) return { objects: [state], documents: [partnerDocument(state, true)] };
  const shared = sharedPartner(context, primary, state);
  return { objects: [{ ...state, partner: primary }, ...shared.objects], documents: shared.documents };
}

/**
 * What a linked customer's snapshot does to the partner it shares: makes it where the primary is not in the books, and keeps
 * it up until the primary has spoken itself. After that the partner is as the primary says.
 */
export function sharedPartner(context: RuleContext, primary: ObjectKey, told: CustomerState): PartnerBooking {
  const known = find(context, primary, 'customer');
  if (known !== null && (known.version > 0 || told.version === 0)) return { objects: [], documents: [] };
  const { name, email, phone, taxId, address, version } = told;
  const state = provisional(context, primary, { name, email, phone, taxId, address });
  if (known === null) return { objects: [state], documents: [partnerDocument(state, true)] };
  const document = partnerDocument({ ...state, version }, false);
  return {
    objects: [state],
    documents: [{ ...document, key: documentKey('partner', primary, told.key, String(version)) }],
  };
}
