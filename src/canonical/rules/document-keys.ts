/** Keys of target documents: `<kind>/<object>` or `<kind>/<object>/<part>`; the same fact always makes the same key. */
import type { TargetDocument } from '../documents.ts';
import { type ObjectKey, type PostingKey, postingKey } from '../ids.ts';

export const documentKey = (kind: TargetDocument['kind'], object: ObjectKey, ...parts: readonly string[]): PostingKey =>
  postingKey([kind, object, ...parts].join('/'));
