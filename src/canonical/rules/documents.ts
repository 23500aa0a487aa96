/** Target documents of entries and bills, made from what was booked. */
import type { CreditNoteDocument, DocumentLine, DocumentTax, EntryDocument, EntryLineDocument } from '../documents.ts';
import type { DraftEntry } from '../entry.ts';
import type { IsoDate, ObjectKey, PostingKey } from '../ids.ts';
import { allocate, type MinorUnits, minorUnits } from '../money.ts';
import type { InvoiceState } from '../objects.ts';
import { documentKey } from './document-keys.ts';
import type { Position } from './invoice-positions.ts';
import { atIssue, invoiceDocument, isBilled } from './invoice-restatement.ts';
import type { Line } from './lines.ts';
import { partnerKeyOf } from './partners.ts';
import type { RuleContext } from './rule.ts';

/** The provider's id within an object key. */
export const idOf = (object: ObjectKey): string => object.split(':').slice(2).join(':');

function entryLine(context: RuleContext, line: Line, label: string): EntryLineDocument {
  const { account, currency, amount, base, settles } = line;
  const partner = line.customer === null ? null : partnerKeyOf(context, line.customer);
  return { account, currency, amount, base, partner, label, settles, exchangeDifference: false };
}

/**
 * Splits a realised exchange difference off the receivable it arose on: the receivable line goes at the rate of the
 * settlement, and a pair of lines flagged `exchangeDifference` carries the rest. Without a receivable the difference is
 * nobody else's to book, and stays an ordinary line.
 */
function splitExchangeDifference(lines: readonly Line[], documents: readonly EntryLineDocument[]): EntryLineDocument[] {
  const gain = lines.findIndex((line) => line.role === 'fxGainLoss' && line.amount === 0);
  let settled = -1;
  lines.forEach((line, index) => {
    if (line.role !== 'receivable' || line.amount === 0) return;
    if (settled === -1 || Math.abs(line.amount) > Math.abs(lines[settled]?.amount ?? 0)) settled = index;
  });
  const [difference, receivable] = [documents[gain], documents[settled]];
  if (difference === undefined || receivable === undefined) return [...documents];
  const counterpart = {
    ...receivable,
    amount: minorUnits(0),
    base: minorUnits(-difference.base),
    exchangeDifference: true,
  };
  return [
    ...documents
      .filter((_, index) => index !== gain)
      .map((line) => (line === receivable ? { ...line, base: minorUnits(line.base + difference.base) } : line)),
    counterpart,
    { ...difference, exchangeDifference: true },
  ];
}

/** An entry as a document; null when it moves nothing. Depends on the partners and bills its lines name. */
export function entryDocument(
  context: RuleContext,
  entry: DraftEntry,
  lines: readonly Line[],
  key: PostingKey,
): EntryDocument | null {
  if (lines.length === 0) return null;
  const documents = lines.map((line) => entryLine(context, line, line.memo ?? entry.description));
  const named = documents.flatMap((line) => [line.partner, line.settles]).filter((name) => name !== null);
  return {
    kind: 'entry',
    key,
    object: entry.object,
    entity: entry.entity,
    dependsOn: [...new Set(named)],
    date: entry.date,
    reference: idOf(entry.object),
    baseCurrency: entry.baseCurrency,
    lines: splitExchangeDifference(lines, documents),
  };
}

const billRoles = new Set(['revenue', 'discount', 'deferredRevenue']);

/**
 * The lines of a bill from what was booked by issued line: an earned and a deferred part each, with the line's taxes
 * spread over the parts. `sign` −1 for invoices (revenue is a credit), 1 for credit notes.
 */
export function billLines(invoice: InvoiceState, changes: readonly Position[], sign: 1 | -1): DocumentLine[] {
  return invoice.lines.flatMap((line): DocumentLine[] => {
    const mine = changes.filter((change) => change.line === line.id);
    let parts = mine.filter((change) => billRoles.has(change.role));
    const taxes = mine.filter((change) => change.role === 'tax');
    if (parts.length === 0 && taxes.length > 0) {
      parts = [{ role: line.role, account: line.revenueAccount, tax: null, line: line.id, amount: 0 }];
    }
    const weights = parts.map((part) => Math.abs(part.amount));
    return parts.map((part, index) => ({
      id: part.role === 'deferredRevenue' ? `${line.id}:deferred` : line.id,
      description: line.description,
      product: line.productPosted === true && line.product !== null ? documentKey('product', line.product) : null,
      account: part.account ?? line.revenueAccount,
      net: minorUnits(sign * part.amount),
      taxes: taxes.flatMap((tax) => taxPart(line, tax, weights, index, sign)),
    }));
  });
}

function taxPart(
  line: InvoiceState['lines'][number],
  tax: Position,
  weights: readonly number[],
  index: number,
  sign: 1 | -1,
): DocumentTax[] {
  const amount = allocate(minorUnits(sign * tax.amount), weights)[index] ?? minorUnits(0);
  if (amount === 0 || tax.account === null) return [];
  const percent = line.taxes.find((known) => known.code === tax.tax)?.percent ?? null;
  return [{ code: tax.tax ?? '', account: tax.account, amount, percent }];
}

export interface Totals {
  readonly untaxed: MinorUnits;
  readonly tax: MinorUnits;
  readonly total: MinorUnits;
}

export function totalsOf(lines: readonly DocumentLine[]): Totals {
  const untaxed = lines.reduce((sum, line) => sum + line.net, 0);
  const tax = lines.reduce((sum, line) => sum + line.taxes.reduce((part, { amount }) => part + amount, 0), 0);
  return { untaxed: minorUnits(untaxed), tax: minorUnits(tax), total: minorUnits(untaxed + tax) };
}

/** What bills of one invoice have in common. */
export function billHead(context: RuleContext, invoice: InvoiceState, date: IsoDate, lines: readonly DocumentLine[]) {
  const totals = totalsOf(lines);
  return {
    entity: invoice.entity,
    partner: partnerKeyOf(context, invoice.customer),
    date,
    currency: invoice.currency,
    baseTotal: atIssue(invoice, totals.total),
    baseCurrency: context.books.currency,
    lines,
    ...totals,
  };
}

export const productKeys = (lines: readonly DocumentLine[]): PostingKey[] => [
  ...new Set(lines.map((line) => line.product).filter((product) => product !== null)),
];

/** A credit note that reverses `changes` of a posted invoice; null when there is nothing to reverse or no bill of it. */
export function creditNoteDocument(
  context: RuleContext,
  invoice: InvoiceState,
  changes: readonly Position[],
  at: { readonly key: PostingKey; readonly object: ObjectKey; readonly number: string; readonly date: IsoDate },
): CreditNoteDocument | null {
  const lines = billLines(invoice, changes, 1);
  if (!isBilled(invoice) || totalsOf(lines).total <= 0) return null;
  const { key, object, number, date } = at;
  const reverses = invoiceDocument(invoice);
  const dependsOn = [partnerKeyOf(context, invoice.customer), reverses, ...productKeys(lines)];
  return { kind: 'credit_note', key, object, number, dependsOn, reverses, ...billHead(context, invoice, date, lines) };
}
