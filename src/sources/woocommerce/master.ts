/** Customers and products. */
import { facts, partyName, said, unsupported } from '../reading.ts';
import type { Interpretation } from '../source.ts';
import { type Context, key } from './context.ts';
import type { Customer, Deleted, Product } from './schemas.ts';

export function customerChanged(read: Customer, { occurredAt }: Context): Interpretation {
  const billing = read.billing ?? null;
  return facts({
    kind: 'customer.upserted',
    occurredAt,
    requires: [],
    customer: key('customer', read.id),
    version: read.date_modified_gmt ?? occurredAt,
    name: partyName(billing?.company, read.first_name, read.last_name),
    email: said(read.email),
    phone: said(billing?.phone),
    taxId: null,
    address:
      billing === null
        ? null
        : {
            line1: said(billing.address_1),
            line2: said(billing.address_2),
            city: said(billing.city),
            postalCode: said(billing.postcode),
            state: said(billing.state),
            country: said(billing.country),
          },
    references: {},
    deleted: false,
  });
}

export function productChanged(read: Product, { occurredAt }: Context): Interpretation {
  return facts({
    kind: 'product.upserted',
    occurredAt,
    requires: [],
    product: key('product', read.id),
    version: read.date_modified_gmt ?? occurredAt,
    name: read.name,
    description: null,
    active: read.status === 'publish',
  });
}

/**
 * Only the id comes, and the word "deleted" stands in a header that is not signed: too little to overwrite a name, or to
 * archive what somebody may still owe.
 */
export const masterDeleted = (_: Deleted): Interpretation =>
  unsupported('name: absent, only the id of what was deleted is told; archive it by hand');
