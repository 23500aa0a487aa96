/** Customers and subscriptions. */

import { facts } from '../reading.ts';
import type { Interpretation } from '../source.ts';
import { type Context, key } from './context.ts';
import type { Customer, Subscription } from './schemas.ts';

const joined = (...parts: readonly (string | undefined)[]): string | null =>
  parts.filter((part) => part !== undefined && part !== '').join(' ') || null;

/** The company where there is one, else the person. */
export const partyName = (party: {
  readonly company_name?: string | undefined;
  readonly given_name?: string | undefined;
  readonly family_name?: string | undefined;
}): string | null => joined(party.company_name) ?? joined(party.given_name, party.family_name);

export function customerChanged(customer: Customer, { event, occurredAt }: Context): Interpretation {
  const { address } = customer;
  return facts({
    kind: 'customer.upserted',
    occurredAt,
    requires: [],
    customer: key('customer', customer.id),
    version: customer.version,
    name: partyName(customer),
    email: customer.email_address ?? null,
    phone: customer.phone_number ?? null,
    taxId: customer.tax_ids?.eu_vat ?? null,
    address:
      address === undefined
        ? null
        : {
            line1: address.address_line_1 ?? null,
            line2: address.address_line_2 ?? null,
            city: address.locality ?? null,
            postalCode: address.postal_code ?? null,
            state: address.administrative_district_level_1 ?? null,
            country: address.country ?? null,
          },
    references: {},
    deleted: event.type === 'customer.deleted',
  });
}

export function subscriptionChanged(subscription: Subscription, { occurredAt }: Context): Interpretation {
  const plan = subscription.plan_variation_id ?? subscription.plan_id;
  return facts({
    kind: 'subscription.changed',
    occurredAt,
    requires: [],
    subscription: key('subscription', subscription.id),
    customer: key('customer', subscription.customer_id),
    version: subscription.version,
    status: subscription.status,
    items: plan === undefined ? [] : [{ product: key('product', plan), quantity: '1' }],
  });
}
