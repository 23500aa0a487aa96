/** product.upserted: the newest snapshot wins; an older one changes nothing. No books, a product document. */
import type { ProductDocument } from '../documents.ts';
import type { ProductUpserted } from '../events.ts';
import type { ProductState } from '../objects.ts';
import { documentKey } from './document-keys.ts';
import { booked, find, nothing, type Rule } from './rule.ts';

export const productUpserted: Rule<ProductUpserted> = (fact, context) => {
  const { product, version, name, description, active } = fact;
  const known = find(context, product, 'product');
  if (known !== null && version < known.version) return nothing('stale', 'A newer snapshot is in the books.');
  if (known !== null && version === known.version) return nothing('already_booked', 'This snapshot is in the books.');
  const { entity } = context.books;
  const state: ProductState = { kind: 'product', key: product, entity, version, related: [], name, active };
  const first = documentKey('product', product);
  const document: ProductDocument = {
    kind: 'product',
    key: known === null ? first : documentKey('product', product, String(version)),
    object: product,
    entity,
    dependsOn: known === null ? [] : [first],
    ...{ version, name, description, active },
  };
  return booked({ objects: [state], documents: [document] });
};
