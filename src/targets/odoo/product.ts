/** Products: `product.product`, services, upserted by external id. Prices stay with the biller. */
import type { ProductDocument } from '../../canonical/documents.ts';
import { documentKey } from '../../canonical/rules/document-keys.ts';
import { externalId } from './wire.ts';

/** The same for every snapshot of a product, and what bill lines name. */
export const productReference = (document: ProductDocument) => documentKey('product', document.object);

export const productFields = ['id', 'default_code', 'name', 'type', 'description_sale', 'active'] as const;

export function productRows(document: ProductDocument): string[][] {
  const row: Record<(typeof productFields)[number], string> = {
    id: externalId(productReference(document)),
    default_code: productReference(document),
    name: document.name.trim() || document.object,
    type: 'service',
    description_sale: document.description ?? '',
    active: document.active ? '1' : '0',
  };
  return [productFields.map((field) => row[field])];
}
