import type { CustomerUpserted, PostalAddress } from '../../../canonical/events.ts';
import { type Customer, customer } from '../schemas/parties.ts';
import { type Context, facts, keyOf } from './context.ts';
import { handler } from './handler.ts';

/** `salesforce_account_id`, `odoo_partner_id`: the same customer elsewhere, as tenants write it into metadata. */
const referenceKey = /^([a-z]{2,32})_(?:account|customer|partner|company)_id$/;

function referencesIn(metadata: Customer['metadata']): Record<string, string> {
  const references: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata ?? {})) {
    const system = referenceKey.exec(key)?.[1];
    if (system !== undefined && typeof value === 'string' && value !== '') references[system] = value.slice(0, 255);
  }
  return references;
}

const addressOf = (address: Customer['address']): PostalAddress | null =>
  address === null || address === undefined
    ? null
    : {
        line1: address.line1 ?? null,
        line2: address.line2 ?? null,
        city: address.city ?? null,
        postalCode: address.postal_code ?? null,
        state: address.state ?? null,
        country: address.country ?? null,
      };

const upserted = (object: Customer, context: Context, deleted: boolean): CustomerUpserted => ({
  kind: 'customer.upserted',
  occurredAt: context.occurredAt,
  requires: [],
  customer: keyOf('customer', object.id),
  version: context.occurredAt,
  name: object.name ?? object.description ?? null,
  email: object.email ?? null,
  phone: object.phone ?? null,
  taxId: object.tax_ids?.data[0]?.value ?? object.business_vat_id ?? null,
  address: addressOf(object.address),
  references: referencesIn(object.metadata),
  deleted,
});

export const customerChanged = handler(customer, {
  interpret: (object, context) => facts(upserted(object, context, false)),
});
export const customerDeleted = handler(customer, {
  interpret: (object, context) => facts(upserted(object, context, true)),
});
