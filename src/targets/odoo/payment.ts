/**
 * Payments received outside the processor: `account.payment`. Of the two ways to register one, the wizard creates a
 * new payment each time it is called; a payment loaded by external id is created once, posted, and then reconciled
 * like any entry, which Odoo takes twice without harm.
 *
 * A draft must not be loaded again: Odoo then clears its outstanding account and posts it without a journal entry
 * (seen on 19.0). So payments are looked up before they are loaded, always.
 */
import type { PaymentDocument } from '../../canonical/documents.ts';
import { formatMinor } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import type { OdooTargetConfig } from '../../tenants/config.ts';
import { type Rejection, rejected } from './errors.ts';
import type { Naming } from './naming.ts';
import { idFor, type References } from './references.ts';
import { externalId } from './wire.ts';

/** Where the key stands: a field of its own since 18, the journal entry's before. */
export const paymentKeyField = (major: number): 'memo' | 'ref' => (major >= 18 ? 'memo' : 'ref');

export const paymentFields = (major: number, column: Naming['column']): readonly string[] => [
  'id',
  'payment_type',
  'partner_type',
  `partner_id/${column}`,
  'amount',
  'currency_id/.id',
  'date',
  'journal_id/.id',
  paymentKeyField(major),
];

export function paymentRows(
  document: PaymentDocument,
  config: OdooTargetConfig,
  references: References,
  naming: Naming,
): Result<string[][], Rejection> {
  const journal = idFor(references.journals, 'journal', config.journals.payments);
  if (!journal.ok) return journal;
  const currency = idFor(references.currencies, 'currency', document.currency);
  if (!currency.ok) return currency;
  if (document.amount <= 0) {
    return err(rejected('business', 'not_positive', 'Odoo takes payments of a positive amount only'));
  }
  const partner = naming.name(document.partner);
  if (!partner.ok) return partner;
  return ok([
    [
      externalId(document.key),
      'inbound',
      'customer',
      partner.value,
      formatMinor(document.amount, document.currency),
      String(currency.value),
      document.date,
      String(journal.value),
      document.key,
    ],
  ]);
}
