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

export interface PartnerBooking {
  readonly objects: readonly CustomerState[];
  readonly documents: readonly PartnerDocument[];
}

/** Every entity the customer has to do with, its own first. */
export const entitiesOf = (customer: CustomerState): readonly string[] => [
  customer.entity,
  ...(customer.otherEntities ?? []),
];

/** The targets of an entity learn of a customer that another entity had first. */
function knownTo(entity: string, customer: CustomerState): PartnerBooking {
  if (entitiesOf(customer).includes(entity)) return { objects: [], documents: [] };
  const shared = { ...customer, otherEntities: [...(customer.otherEntities ?? []), entity] };
  return { objects: [shared], documents: [{ ...partnerDocument(customer, true), entity }] };
}

/**
 * Makes a provisional customer (version 0) when a fact names one whose own event has not come: any real snapshot
 * replaces it. Named by the bill where there is one, else by the provider's id.
 */
export function ensurePartner(
  context: RuleContext,
  customer: ObjectKey | null,
  billedTo: { readonly name: string | null; readonly email: string | null } | null = null,
): PartnerBooking {
  if (customer === null) return { objects: [], documents: [] };
  const known = find(context, customer, 'customer');
  if (known !== null) return knownTo(context.books.entity, known);
  const state: CustomerState = {
    kind: 'customer',
    key: customer,
    entity: context.books.entity,
    version: 0,
    related: [],
    name: billedTo?.name || billedTo?.email || customer.split(':').slice(2).join(':'),
    email: billedTo?.email ?? null,
    phone: null,
    taxId: null,
    address: null,
    references: {},
    active: true,
  };
  return { objects: [state], documents: [partnerDocument(state, true)] };
}
