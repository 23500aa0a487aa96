/** Customers: `res.partner`, upserted by external id. The lane's order makes the last version the one that stays. */
import type { PartnerDocument } from '../../canonical/documents.ts';
import { documentKey } from '../../canonical/rules/document-keys.ts';
import type { References } from './references.ts';
import { externalId } from './wire.ts';

/** The same for every snapshot of a customer, and what bills and entries name. */
export const partnerReference = (document: PartnerDocument) => documentKey('partner', document.object);

export const partnerFields = [
  'id',
  'ref',
  'name',
  'email',
  'phone',
  'vat',
  'street',
  'street2',
  'city',
  'zip',
  'country_id/.id',
  'active',
] as const;

/** A country Odoo does not know is left out: an address is no reason to hold an invoice. */
export function partnerRows(document: PartnerDocument, references: References): string[][] {
  const { address } = document;
  const country = address?.country ? references.countries.get(address.country.toUpperCase()) : undefined;
  const row: Record<(typeof partnerFields)[number], string> = {
    id: externalId(partnerReference(document)),
    ref: partnerReference(document),
    // Odoo requires a name; some providers' customers have none.
    name: document.name.trim() || document.object,
    email: document.email ?? '',
    phone: document.phone ?? '',
    vat: document.taxId ?? '',
    street: address?.line1 ?? '',
    street2: address?.line2 ?? '',
    city: address?.city ?? '',
    zip: address?.postalCode ?? '',
    'country_id/.id': country === undefined ? '' : String(country),
    active: document.active ? '1' : '0',
  };
  return [partnerFields.map((field) => row[field])];
}
