/**
 * Invoices and credit notes: `account.move` of type out_invoice and out_refund. Every line says its account and its
 * taxes, none included: what is left out, Odoo fills with defaults. Quantity is 1, so that nobody multiplies.
 */
import type { CreditNoteDocument, DocumentLine, InvoiceDocument } from '../../canonical/documents.ts';
import type { PostingKey } from '../../canonical/ids.ts';
import { add, formatMinor, isoExponent, type MinorUnits, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import type { OdooTargetConfig } from '../../tenants/config.ts';
import { type Rejection, rejected } from './errors.ts';
import type { Naming } from './naming.ts';
import { idFor, type References } from './references.ts';
import { externalId } from './wire.ts';

export type BillDocument = InvoiceDocument | CreditNoteDocument;

const headFields = (column: Naming['column']) => [
  'id',
  'move_type',
  `partner_id/${column}`,
  'invoice_date',
  'invoice_date_due',
  'journal_id/.id',
  'currency_id/.id',
  'ref',
  'payment_reference',
];
const lineFields = [
  'invoice_line_ids/id',
  'invoice_line_ids/name',
  'invoice_line_ids/quantity',
  'invoice_line_ids/price_unit',
  'invoice_line_ids/account_id/.id',
  'invoice_line_ids/tax_ids/.id',
] as const;

interface BillLine {
  readonly id: string;
  readonly name: string;
  readonly net: MinorUnits;
  readonly account: string;
  readonly taxIds: readonly number[];
  readonly product: PostingKey | null;
}

/** Columns needed by these documents; optional ones only where used, as older Odoos lack them or lock them. */
export function billColumns(documents: readonly BillDocument[], major: number) {
  return {
    // Writable since 18; before, Odoo's own rate applies and the totals in company currency are compared.
    rate: major >= 18 && documents.some((each) => rateOf(each) !== ''),
    reverses: documents.some((each) => each.kind === 'credit_note'),
    product: documents.some((each) => each.lines.some((line) => line.product !== null)),
  };
}
export type BillColumns = ReturnType<typeof billColumns>;

export const billFields = (columns: BillColumns, column: Naming['column']): readonly string[] => [
  ...headFields(column),
  ...(columns.rate ? ['invoice_currency_rate'] : []),
  ...(columns.reverses ? [`reversed_entry_id/${column}`] : []),
  ...lineFields,
  ...(columns.product ? [`invoice_line_ids/product_id/${column}`] : []),
];

/** Whether every tax of the document is computed by Odoo, so that its tax total can be compared too. */
export const taxesMapped = (document: BillDocument, config: OdooTargetConfig): boolean =>
  document.lines.every((line) => line.taxes.every((tax) => tax.code in config.taxes));

/**
 * Foreign units per company unit with fifteen significant digits, what a double holds: from the totals, so that Odoo's
 * receivable is ours. Empty where the currencies are the same or a total is zero.
 */
export function rateOf(document: BillDocument): string {
  if (document.currency === document.baseCurrency || document.total === 0 || document.baseTotal === 0) return '';
  const shift = 30;
  const numerator = BigInt(Math.abs(document.total)) * 10n ** BigInt(isoExponent(document.baseCurrency) + shift);
  const denominator = BigInt(Math.abs(document.baseTotal)) * 10n ** BigInt(isoExponent(document.currency));
  const digits = String(numerator / denominator).padStart(shift + 1, '0');
  const whole = digits.slice(0, -shift);
  const decimals = digits.slice(-shift);
  const leadingZeros = whole === '0' ? (/^0*/.exec(decimals)?.[0].length ?? 0) : 0;
  const keep = whole === '0' ? leadingZeros + 15 : Math.max(0, 15 - whole.length);
  return `${whole}.${decimals.slice(0, Math.min(shift, keep)) || '0'}`;
}

function billLines(document: BillDocument, config: OdooTargetConfig): BillLine[] {
  const mapped = (line: DocumentLine) =>
    line.taxes.flatMap((tax) => {
      const id = config.taxes[tax.code];
      return id === undefined ? [] : [id];
    });
  const lines: BillLine[] = document.lines.map((line) => ({
    id: `line/${line.id}`,
    name: line.description,
    net: line.net,
    account: line.account,
    taxIds: mapped(line),
    product: line.product,
  }));
  // Taxes without a counterpart in Odoo: one plain line per tax and account, with the amount the biller computed.
  const plain = new Map<string, { readonly code: string; readonly account: string; amount: MinorUnits }>();
  for (const tax of document.lines.flatMap((line) => line.taxes)) {
    if (tax.code in config.taxes) continue;
    const key = `tax/${tax.code}/${tax.account}`;
    const sum = plain.get(key) ?? { code: tax.code, account: tax.account, amount: ZERO };
    plain.set(key, { ...sum, amount: add(sum.amount, tax.amount) });
  }
  for (const [id, { code, account, amount }] of plain) {
    if (amount !== 0) lines.push({ id, name: code, net: amount, account, taxIds: [], product: null });
  }
  return lines;
}

/** One row per line; the head stands in the first only, which is how `load` knows they are one document. */
export function billRows(
  document: BillDocument,
  columns: BillColumns,
  config: OdooTargetConfig,
  references: References,
  naming: Naming,
): Result<string[][], Rejection> {
  const journal = idFor(references.journals, 'journal', config.journals.sales);
  if (!journal.ok) return journal;
  const currency = idFor(references.currencies, 'currency', document.currency);
  if (!currency.ok) return currency;
  const lines = billLines(document, config);
  if (lines.length === 0)
    return err(rejected('business', 'no_lines', 'a document without lines cannot be posted in Odoo'));
  const partner = naming.name(document.partner);
  if (!partner.ok) return partner;
  const reverses = document.kind === 'credit_note' ? naming.name(document.reverses) : ok('');
  if (!reverses.ok) return reverses;
  const due = document.kind === 'invoice' ? (document.dueDate ?? document.date) : document.date;
  const head = [
    externalId(document.key),
    document.kind === 'invoice' ? 'out_invoice' : 'out_refund',
    partner.value,
    document.date,
    due,
    String(journal.value),
    String(currency.value),
    document.key,
    document.number,
    ...(columns.rate ? [rateOf(document)] : []),
    ...(columns.reverses ? [reverses.value] : []),
  ];
  const rows: string[][] = [];
  for (const line of lines) {
    const account = idFor(references.accounts, 'account', line.account);
    if (!account.ok) return account;
    const product = line.product === null ? ok('') : naming.name(line.product);
    if (!product.ok) return product;
    rows.push([
      ...(rows.length === 0 ? head : head.map(() => '')),
      externalId(document.key, line.id),
      line.name.trim() || document.number,
      '1',
      formatMinor(line.net, document.currency),
      String(account.value),
      line.taxIds.join(','),
      ...(columns.product ? [product.value] : []),
    ]);
  }
  return ok(rows);
}
