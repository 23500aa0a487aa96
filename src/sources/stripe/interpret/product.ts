import { product } from '../schemas/parties.ts';
import { type Context, facts, keyOf } from './context.ts';
import { handler } from './handler.ts';

const upserted = (deleted: boolean) =>
  handler(product, {
    interpret: (object, context: Context) =>
      facts({
        kind: 'product.upserted',
        occurredAt: context.occurredAt,
        requires: [],
        product: keyOf('product', object.id),
        version: context.occurredAt,
        name: object.name ?? object.id,
        description: object.description ?? null,
        active: !deleted && object.active !== false,
      }),
  });

export const productChanged = upserted(false);
export const productDeleted = upserted(true);
