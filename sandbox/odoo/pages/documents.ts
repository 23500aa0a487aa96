import type { OdooEngine } from '../engine.ts';
import { readRecords } from '../models/reading.ts';
import type { WireObject } from '../wire.ts';

/** The models worth looking at, with the fields shown of each. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  'res.partner': ['name', 'ref', 'email', 'country_id'],
  'product.product': ['name', 'default_code', 'type'],
  'account.move': [
    'name',
    'move_type',
    'state',
    'date',
    'invoice_date',
    'partner_id',
    'journal_id',
    'currency_id',
    'ref',
    'amount_untaxed',
    'amount_tax',
    'amount_total',
    'amount_residual',
    'payment_state',
    'reversed_entry_id',
    'invoice_line_ids',
    'line_ids',
  ],
  'account.move.line': [
    'move_id',
    'name',
    'account_id',
    'partner_id',
    'debit',
    'credit',
    'balance',
    'currency_id',
    'amount_currency',
    'reconciled',
    'matching_number',
    'amount_residual',
    'date',
    'parent_state',
    'ref',
  ],
  'account.payment': [
    'name',
    'state',
    'payment_type',
    'partner_id',
    'amount',
    'currency_id',
    'date',
    'memo',
    'move_id',
    'is_reconciled',
  ],
  'account.account': ['code', 'name', 'account_type', 'reconcile'],
  'account.journal': ['code', 'name', 'type'],
};

export const DOCUMENT_MODELS = Object.keys(SHOWN);

export interface DocumentPage {
  readonly model: string;
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly records: readonly WireObject[];
}

/** A page of a model's records, newest first; undefined for a model that is not shown. */
export function documents(
  engine: OdooEngine,
  name: string,
  limit: number,
  offset: number,
  keep?: (id: number) => boolean,
): DocumentPage | undefined {
  const model = engine.models().get(name);
  const fields = SHOWN[name];
  if (model === undefined || fields === undefined) return undefined;
  const ids = [...model.ids()].filter((id) => keep?.(id) ?? true).reverse();
  const records = readRecords(model, ids.slice(offset, offset + limit), fields, (other) => engine.models().get(other));
  return { model: name, total: ids.length, offset, limit, records };
}
