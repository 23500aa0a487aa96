/** Journal entries: `account.move` of type entry, each line with both its own and the company's currency. */
import type { EntryDocument, EntryLineDocument } from '../../canonical/documents.ts';
import { formatMinor, negate, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import type { OdooTargetConfig } from '../../tenants/config.ts';
import { type Rejection, rejected } from './errors.ts';
import type { Naming } from './naming.ts';
import { idFor, type References } from './references.ts';
import { externalId } from './wire.ts';

export const entryFields = (column: Naming['column']) => [
  'id',
  'move_type',
  'date',
  'journal_id/.id',
  'ref',
  'line_ids/id',
  'line_ids/name',
  'line_ids/account_id/.id',
  `line_ids/partner_id/${column}`,
  'line_ids/currency_id/.id',
  'line_ids/amount_currency',
  'line_ids/debit',
  'line_ids/credit',
];

/**
 * The lines Odoo is sent. Realised exchange differences are not: Odoo books them itself when it matches receivables, in
 * its exchange journal, and would have them twice.
 */
export const sentLines = (document: EntryDocument): readonly EntryLineDocument[] =>
  document.lines.filter((line) => !line.exchangeDifference);

/** Never both sides on one line: Odoo nets such a line to nothing without a word. */
export function entryRows(
  document: EntryDocument,
  config: OdooTargetConfig,
  references: References,
  naming: Naming,
): Result<string[][], Rejection> {
  const journal = idFor(references.journals, 'journal', config.journals.entries);
  if (!journal.ok) return journal;
  const lines = sentLines(document);
  if (lines.length === 0) {
    return err(rejected('business', 'no_lines', 'an entry without lines cannot be posted in Odoo'));
  }
  const head = [externalId(document.key), 'entry', document.date, String(journal.value), document.key];
  const rows: string[][] = [];
  for (const line of lines) {
    const account = idFor(references.accounts, 'account', line.account);
    if (!account.ok) return account;
    const currency = idFor(references.currencies, 'currency', line.currency);
    if (!currency.ok) return currency;
    const partner = line.partner === null ? ok('') : naming.name(line.partner);
    if (!partner.ok) return partner;
    rows.push([
      ...(rows.length === 0 ? head : head.map(() => '')),
      externalId(document.key, String(rows.length)),
      line.label.trim() || document.reference || document.key,
      String(account.value),
      partner.value,
      String(currency.value),
      formatMinor(line.amount, line.currency),
      formatMinor(line.base > 0 ? line.base : ZERO, document.baseCurrency),
      formatMinor(line.base < 0 ? negate(line.base) : ZERO, document.baseCurrency),
    ]);
  }
  return ok(rows);
}
