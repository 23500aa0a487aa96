import type { Books } from '../store/books.ts';
import type { Model } from './field.ts';
import { lineModel } from './line-model.ts';
import { moveModel } from './move-model.ts';
import { paymentModel } from './payment-model.ts';
import { plainModels } from './plain-models.ts';

/** All models by name. `ir.model.data` exists but is closed to a billing user; see methods.ts. */
export function modelRegistry(books: Books): ReadonlyMap<string, Model> {
  const closed: Model = {
    name: 'ir.model.data',
    label: 'Model Data',
    order: 'id',
    fields: {},
    ids: () => [],
    has: () => false,
    value: () => false,
    display: () => '',
    indexed: () => undefined,
  };
  const models = [...plainModels(books), moveModel(books), lineModel(books), paymentModel(books), closed];
  return new Map(models.map((model) => [model.name, model]));
}
