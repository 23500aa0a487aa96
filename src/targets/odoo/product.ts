/** Products: `product.product`, services, upserted by external id. Prices stay with the biller. */
import type { ProductDocument } from '../../canonical/documents.ts';
import { externalId } from './wire.ts';

export const productFields = ['id', 'default_code', 'name', 'type', 'description_sale', 'active'] as const;

export function productRows(document: ProductDocument): string[][] {
  const row: Record<(typeof productFields)[number], string> = {
    id: externalId(document.key),
    default_code: document.key,
    name: document.name.trim() || document.object,
    type: 'service',
    description_sale: document.description ?? '',
    active: document.active ? '1' : '0',
  };
  return [productFields.map((field) => row[field])];
}
