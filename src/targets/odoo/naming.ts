/**
 * How rows of a `load` name other records: by our external ids, which every record we loaded has; or by the database's
 * ids, where one of them was posted by somebody else and has none of ours.
 */
import type { PostingKey } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import type { Posting } from '../connector.ts';
import { type Rejection, rejected } from './errors.ts';
import { externalId } from './wire.ts';
import type { Work } from './work.ts';

export interface Naming {
  /** Ends the column: `partner_id/id` by external id, `partner_id/.id` by the database's. */
  readonly column: 'id' | '.id';
  name(key: PostingKey): Result<string, Rejection>;
}

export const byKey: Naming = { column: 'id', name: (key) => ok(externalId(key)) };

export const byRecord = (receipts: Posting['receipts']): Naming => ({
  column: '.id',
  name(key) {
    const id = receipts.get(key)?.remoteId.split('/').at(-1);
    return id === undefined
      ? err(rejected('business', 'not_there_yet', `${key} is not known at Odoo yet, and this refers to it`))
      : ok(id);
  },
});

/** Whether it depends on a record of somebody else's. */
export const namesAdopted = ({ document, receipts }: Pick<Work, 'document' | 'receipts'>): boolean =>
  document.dependsOn.some((key) => receipts.get(key)?.adopted === true);
