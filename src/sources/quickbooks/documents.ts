/**
 * Transactions of a tenant that bills in QuickBooks → facts. What cannot be told in the gateway's words is shown to a person,
 * because here nobody else books it.
 */
import type { CanonicalEvent, InvoiceLine, LineTax } from '../../canonical/events.ts';
import { allocate, type Currency, currency, minorUnits, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { postedByGateway } from '../own-documents.ts';
import { exactMinor, facts, linesTotal, nothing, plainLine, said, unsupported } from '../reading.ts';
import { type Interpretation, keysOf } from '../source.ts';
import type { CreditMemo, Invoice, Payment, RefundReceipt, SaleLine } from './records.ts';

const key = keysOf('quickbooks');

export const OWN = 'posted by the gateway itself';

/** Which company a record is of, and in which currency its records are that name none. */
export interface Company {
  readonly realmId: string;
  readonly homeCurrency: string | null;
}

type Kind = 'customer' | 'invoice' | 'payment' | 'credit_note' | 'item';
/** Ids are counted per company. */
export const keyIn = (company: Company, kind: Kind, id: string) => key(kind, `${company.realmId}-${id}`);

const codeOf = (read: Pick<Invoice, 'CurrencyRef'>, company: Company): Result<Currency, string> => {
  const code = read.CurrencyRef?.value ?? company.homeCurrency;
  return code === null ? err('CurrencyRef: absent, and the source’s setting currency too') : ok(currency(code));
};

/** QuickBooks voids by setting amounts to zero and saying so in the note. */
const isVoid = (read: Pick<Invoice, 'TotalAmt' | 'PrivateNote'>): boolean =>
  Number(read.TotalAmt) === 0 && /^void/i.test(read.PrivateNote ?? '');

export function invoiceFacts(read: Invoice, company: Company, occurredAt: number): Interpretation {
  if (postedByGateway(read.PrivateNote)) return nothing(OWN);
  const [invoice, customer] = [keyIn(company, 'invoice', read.Id), keyIn(company, 'customer', read.CustomerRef.value)];
  if (isVoid(read)) return facts({ kind: 'invoice.voided', occurredAt, requires: [invoice], invoice, customer });
  const content = contentOf(read, company);
  if (!content.ok) return unsupported(content.error);
  const { code, lines, total } = content.value;
  return facts({
    kind: 'invoice.issued',
    occurredAt: read.TxnDate,
    requires: [],
    invoice,
    customer,
    number: said(read.DocNumber),
    currency: code,
    lines,
    total: minorUnits(total),
    creditApplied: ZERO,
    dueAt: read.DueDate ?? null,
    billedTo: { name: said(read.CustomerRef.name), email: said(read.BillEmail?.Address) },
  });
}

/** One fact for each invoice it pays. Money that pays none, and credit put against an invoice, have no fact here. */
export function paymentFacts(read: Payment, company: Company): Interpretation {
  if (postedByGateway(read.PrivateNote, read.PaymentRefNum)) return nothing(OWN);
  if (isVoid(read)) return unsupported('TotalAmt: a void payment; what it paid is open again');
  if (Number(read.UnappliedAmt ?? '0') !== 0) return unsupported('UnappliedAmt: money on no invoice');
  const code = codeOf(read, company);
  if (!code.ok) return unsupported(code.error);
  const total = exactMinor(read.TotalAmt, code.value, 'TotalAmt');
  if (!total.ok) return unsupported(total.error);
  const paid: Extract<CanonicalEvent, { kind: 'payment.external' }>[] = [];
  for (const [index, line] of (read.Line ?? []).entries()) {
    const [linked, ...more] = line.LinkedTxn;
    if (linked?.TxnType !== 'Invoice' || more.length > 0)
      return unsupported(`Line[${index}].LinkedTxn: not one invoice`);
    const amount = exactMinor(line.Amount, code.value, `Line[${index}].Amount`);
    if (!amount.ok) return unsupported(amount.error);
    const invoice = keyIn(company, 'invoice', linked.TxnId);
    paid.push({
      kind: 'payment.external',
      occurredAt: read.TxnDate,
      requires: [invoice],
      payment: keyIn(company, 'payment', `${read.Id}-${linked.TxnId}`),
      invoice,
      customer: keyIn(company, 'customer', read.CustomerRef.value),
      currency: code.value,
      amount: amount.value,
    });
  }
  if (new Set(paid.map(({ payment }) => payment)).size !== paid.length) return unsupported('Line: an invoice twice');
  const sum = paid.reduce((part, { amount }) => part + amount, 0);
  return sum === total.value && paid.length > 0 ? facts(...paid) : unsupported('Line: they do not make TotalAmt');
}

/** Most credit memos name no invoice: which one they reduce is then a person's to say. */
export function creditMemoFacts(read: CreditMemo, company: Company): Interpretation {
  if (postedByGateway(read.PrivateNote)) return nothing(OWN);
  if (isVoid(read)) return unsupported('TotalAmt: a void credit memo');
  const about = read.InvoiceRef?.value;
  if (about === undefined) return unsupported('InvoiceRef: it names no invoice');
  const content = contentOf(read, company);
  if (!content.ok) return unsupported(content.error);
  const { code, lines, total } = content.value;
  const invoice = keyIn(company, 'invoice', about);
  return facts({
    kind: 'credit_note.issued',
    occurredAt: read.TxnDate,
    requires: [invoice],
    creditNote: keyIn(company, 'credit_note', read.Id),
    invoice,
    customer: keyIn(company, 'customer', read.CustomerRef.value),
    number: said(read.DocNumber),
    currency: code,
    lines,
    total: minorUnits(total),
    reducesReceivable: minorUnits(total),
    refunded: ZERO,
    creditedToBalance: ZERO,
    paidOutOfBand: ZERO,
  });
}

/** A refund receipt names neither the invoice nor the payment it gives back, so there is nothing to book it against. */
export const refundReceiptFacts = (read: RefundReceipt): Interpretation =>
  postedByGateway(read.PrivateNote)
    ? nothing(OWN)
    : unsupported('RefundReceipt: it names neither the payment nor the invoice it gives back; book it by hand');

interface Content {
  readonly code: Currency;
  readonly lines: readonly InvoiceLine[];
  readonly total: number;
}

/** Lines that make the total to the last cent, or why they do not. Discount and taxes are of the whole: both are spread. */
function contentOf(read: Invoice | CreditMemo, company: Company): Result<Content, string> {
  const code = codeOf(read, company);
  if (!code.ok) return code;
  const total = exactMinor(read.TotalAmt, code.value, 'TotalAmt');
  if (!total.ok) return total;
  const sorted = sortLines(read.Line, code.value);
  if (!sorted.ok) return sorted;
  const { sales, discount } = sorted.value;
  if (sales.length === 0) return err('Line: nothing is sold');
  if (discount !== 0 && sales.some(({ net }) => net < 0)) return err('Line: a discount over negative lines');
  const discounts = allocate(minorUnits(discount), discount === 0 ? sales.map(() => 0) : sales.map(({ net }) => net));
  const taxes = taxesOf(read, sales, code.value);
  if (!taxes.ok) return taxes;
  const lines = sales.map(({ line, net }, index) =>
    plainLine({
      id: said(line.Id) ?? `line-${index + 1}`,
      description: said(line.Description) ?? said(line.SalesItemLineDetail?.ItemRef?.name) ?? 'Line',
      product: productOf(line, company),
      quantity: line.SalesItemLineDetail?.Qty ?? '1',
      net: net - (discounts[index] ?? 0),
      discount: minorUnits(discounts[index] ?? 0),
      taxes: taxes.value.flatMap((each) => each[index] ?? []),
    }),
  );
  if (new Set(lines.map(({ id }) => id)).size !== lines.length) return err('Line: an id twice');
  return linesTotal(lines) === total.value
    ? ok({ code: code.value, lines, total: total.value })
    : err('Line: with discount and taxes they do not make TotalAmt');
}

interface Sale {
  readonly line: SaleLine;
  readonly net: number;
}

function sortLines(
  all: readonly SaleLine[],
  code: Currency,
): Result<{ readonly sales: readonly Sale[]; readonly discount: number }, string> {
  const sales: Sale[] = [];
  let discount = 0;
  for (const [index, line] of all.entries()) {
    if (line.DetailType === 'SubTotalLineDetail' || line.DetailType === 'DescriptionOnly') continue;
    const amount = exactMinor(line.Amount ?? '0', code, `Line[${index}].Amount`);
    if (!amount.ok) return amount;
    if (line.DetailType === 'SalesItemLineDetail') sales.push({ line, net: amount.value });
    else if (line.DetailType === 'DiscountLineDetail') discount += amount.value;
    else return err(`Line[${index}].DetailType: a kind of line the gateway cannot read`);
  }
  return ok({ sales, discount });
}

/** Shipping is an item of its own kind with a name for an id: no product. */
function productOf(line: SaleLine, company: Company) {
  const id = line.SalesItemLineDetail?.ItemRef?.value;
  return id === undefined || !/^\d+$/.test(id) ? null : keyIn(company, 'item', id);
}

/** Each tax over the lines that are taxed, in proportion to them; per tax, one part for each line. */
function taxesOf(
  read: Invoice | CreditMemo,
  sales: readonly Sale[],
  code: Currency,
): Result<readonly (LineTax | null)[][], string> {
  const taxed = sales.map(({ line }) => line.SalesItemLineDetail?.TaxCodeRef?.value !== 'NON');
  const weights = sales.map(({ net }, index) => (taxed[index] === true ? Math.max(net, 0) : 0));
  const spread: (LineTax | null)[][] = [];
  for (const [index, tax] of (read.TxnTaxDetail?.TaxLine ?? []).entries()) {
    const amount = exactMinor(tax.Amount, code, `TxnTaxDetail.TaxLine[${index}].Amount`);
    if (!amount.ok) return amount;
    const rate = tax.TaxLineDetail?.TaxRateRef?.value ?? 'tax';
    const percent = tax.TaxLineDetail?.TaxPercent ?? null;
    spread.push(
      allocate(amount.value, weights).map((part) =>
        part === 0 ? null : { code: rate, amount: part, inclusive: false, percent },
      ),
    );
  }
  return ok(spread);
}
