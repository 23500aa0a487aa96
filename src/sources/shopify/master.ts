/** Customers and products. */
import { facts, nothing, partyName, said, unsupported } from '../reading.ts';
import type { Interpretation } from '../source.ts';
import { type Context, digitsOf, key } from './context.ts';
import type { Customer, Product } from './schemas.ts';

export function customerChanged(customer: Customer, { topic, occurredAt }: Context): Interpretation {
  const address = customer.default_address ?? null;
  return facts({
    kind: 'customer.upserted',
    occurredAt,
    requires: [],
    customer: key('customer', digitsOf(customer)),
    version: customer.updated_at ?? occurredAt,
    name: partyName(null, customer.first_name, customer.last_name),
    email: said(customer.email),
    phone: said(customer.phone),
    taxId: null,
    address:
      address === null
        ? null
        : {
            line1: said(address.address1),
            line2: said(address.address2),
            city: said(address.city),
            postalCode: said(address.zip),
            state: said(address.province),
            country: said(address.country_code),
          },
    references: {},
    deleted: topic === 'customers/delete',
  });
}

/** Two customers became one: who keeps which history is for a person to say. */
export const customersMerged = ({ status }: { readonly status: string }): Interpretation =>
  status === 'failed' || status === 'in_progress' || status === 'requested'
    ? nothing('the customers were not merged (yet)')
    : unsupported('customers/merge: two customers became one; link them by hand');

export function productChanged(product: Product, { topic, occurredAt }: Context): Interpretation {
  return facts({
    kind: 'product.upserted',
    occurredAt,
    requires: [],
    product: key('product', product.id),
    version: product.updated_at ?? occurredAt,
    name: product.title ?? product.id,
    description: null,
    active: topic !== 'products/delete' && (product.status ?? 'active') === 'active',
  });
}
