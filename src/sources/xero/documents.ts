/**
 * Invoices and credit notes of a tenant that bills in Xero → facts. What cannot be told in the gateway's words is shown to a
 * person, because here nobody else books it.
 */
import type { CanonicalEvent, InvoiceLine } from '../../canonical/events.ts';
import { type Currency, currency, minorUnits, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { postedByGateway } from '../own-documents.ts';
import { exactMinor, exactSum, facts, linesTotal, nothing, plainLine, said, unsupported } from '../reading.ts';
import { type Interpretation, keysOf } from '../source.ts';
import type { CreditNote, Invoice, LineItem } from './records.ts';

const key = keysOf('xero');
/** Ids are uuids; events and records may write them in other cases. */
const keyOf = (kind: 'customer' | 'invoice' | 'payment' | 'credit_note', id: string) => key(kind, id.toLowerCase());

export const OWN = 'posted by the gateway itself';
const PURCHASE = 'of a supplier: no concern of these books';
const DRAFT = 'not approved: no claim yet';

type Document = Pick<Invoice, 'CurrencyCode' | 'LineAmountTypes' | 'LineItems' | 'Total'>;

/** An approved invoice is a claim, and each payment on it is money that came outside any processor. */
export function invoiceFacts(read: Invoice): Interpretation {
  if (read.Type !== 'ACCREC') return nothing(`an invoice ${PURCHASE}`);
  if (postedByGateway(read.Reference, read.InvoiceNumber)) return nothing(OWN);
  const [invoice, customer] = [keyOf('invoice', read.InvoiceID), keyOf('customer', read.Contact.ContactID)];
  switch (read.Status) {
    case 'AUTHORISED':
    case 'PAID':
      return issued(read, invoice, customer);
    case 'VOIDED':
      return facts({
        kind: 'invoice.voided',
        occurredAt: read.Date,
        requires: [invoice],
        invoice,
        customer,
      });
    case 'DRAFT':
    case 'SUBMITTED':
    case 'DELETED':
      return nothing(`an invoice ${DRAFT}`);
    default:
      return unsupported('Status: none that an invoice is known to have');
  }
}

function issued(read: Invoice, invoice: ReturnType<typeof keyOf>, customer: ReturnType<typeof keyOf>): Interpretation {
  if ((read.Prepayments?.length ?? 0) + (read.Overpayments?.length ?? 0) > 0) {
    return unsupported('Prepayments, Overpayments: money taken in advance, which no event tells of');
  }
  const content = contentOf(read);
  if (!content.ok) return unsupported(content.error);
  const { code, lines, total } = content.value;
  const paid = paymentsOf(read, code, { invoice, customer });
  if (!paid.ok) return unsupported(paid.error);
  return facts(
    {
      kind: 'invoice.issued',
      occurredAt: read.Date,
      requires: [],
      invoice,
      customer,
      number: said(read.InvoiceNumber),
      currency: code,
      lines,
      total: minorUnits(total),
      creditApplied: ZERO,
      dueAt: read.DueDate ?? null,
      billedTo: { name: said(read.Contact.Name), email: said(read.Contact.EmailAddress) },
    },
    ...paid.value,
  );
}

function paymentsOf(
  read: Invoice,
  code: Currency,
  of: { readonly invoice: ReturnType<typeof keyOf>; readonly customer: ReturnType<typeof keyOf> },
): Result<readonly CanonicalEvent[], string> {
  const paid: CanonicalEvent[] = [];
  for (const [index, payment] of (read.Payments ?? []).entries()) {
    if (postedByGateway(payment.Reference)) continue;
    const amount = exactMinor(payment.Amount, code, `Payments[${index}].Amount`);
    if (!amount.ok) return amount;
    paid.push({
      kind: 'payment.external',
      occurredAt: payment.Date,
      requires: [of.invoice],
      payment: keyOf('payment', payment.PaymentID),
      ...of,
      currency: code,
      amount: amount.value,
    });
  }
  return ok(paid);
}

/**
 * A credit note that is used up: by its allocations to one invoice, and by money paid back for the rest. Before that it
 * does not say which invoice it is about, or what becomes of what is left.
 */
export function creditNoteFacts(read: CreditNote): Interpretation {
  if (read.Type !== 'ACCRECCREDIT') return nothing(`a credit note ${PURCHASE}`);
  if (postedByGateway(read.Reference, read.CreditNoteNumber)) return nothing(OWN);
  if (['DRAFT', 'SUBMITTED', 'DELETED'].includes(read.Status)) return nothing(`a credit note ${DRAFT}`);
  if (!['AUTHORISED', 'PAID'].includes(read.Status)) return unsupported('Status: a void credit note names no invoice');
  const content = contentOf(read);
  if (!content.ok) return unsupported(content.error);
  const { code, lines, total } = content.value;
  const allocations = (read.Allocations ?? []).filter(({ IsDeleted }) => IsDeleted !== true);
  const [only, ...more] = new Set(allocations.map(({ Invoice }) => Invoice.InvoiceID.toLowerCase()));
  if (only === undefined || more.length > 0) return unsupported('Allocations: not to one invoice');
  const allocated = sumOf(
    allocations.map(({ Amount }) => Amount),
    code,
    'Allocations',
  );
  if (!allocated.ok) return unsupported(allocated.error);
  const repaid = sumOf(
    (read.Payments ?? []).map(({ Amount }) => Amount),
    code,
    'Payments',
  );
  if (!repaid.ok) return unsupported(repaid.error);
  if (allocated.value + repaid.value !== total) return unsupported('RemainingCredit: not all of it is allocated');
  const invoice = keyOf('invoice', only);
  return facts({
    kind: 'credit_note.issued',
    occurredAt: read.Date,
    requires: [invoice],
    creditNote: keyOf('credit_note', read.CreditNoteID),
    invoice,
    customer: keyOf('customer', read.Contact.ContactID),
    number: said(read.CreditNoteNumber),
    currency: code,
    lines,
    total: minorUnits(total),
    reducesReceivable: minorUnits(allocated.value),
    refunded: ZERO,
    creditedToBalance: ZERO,
    paidOutOfBand: minorUnits(repaid.value),
  });
}

function sumOf(amounts: readonly string[], code: Currency, path: string): Result<number, string> {
  const each: number[] = [];
  for (const text of amounts) {
    const amount = exactMinor(text, code, path);
    if (!amount.ok) return amount;
    each.push(amount.value);
  }
  const sum = exactSum(each);
  return sum === null ? err(`${path}: too_large`) : ok(sum);
}

interface Content {
  readonly code: Currency;
  readonly lines: readonly InvoiceLine[];
  readonly total: number;
}

/** Lines that make the total to the last cent, or why they do not. */
function contentOf(read: Document & { readonly CISDeduction: string }): Result<Content, string> {
  if (Number(read.CISDeduction) !== 0) return err('CISDeduction: tax withheld by the payer');
  const code = currency(read.CurrencyCode);
  const total = exactMinor(read.Total, code, 'Total');
  if (!total.ok) return total;
  const lines: InvoiceLine[] = [];
  for (const [index, item] of read.LineItems.entries()) {
    const line = lineOf(item, index, read.LineAmountTypes, code);
    if (!line.ok) return line;
    lines.push(line.value);
  }
  if (new Set(lines.map(({ id }) => id)).size !== lines.length) return err('LineItems: an id twice');
  return linesTotal(lines) === total.value
    ? ok({ code, lines, total: total.value })
    : err('LineItems: with their taxes they do not make Total');
}

function lineOf(
  item: LineItem,
  index: number,
  amounts: Invoice['LineAmountTypes'],
  code: Currency,
): Result<InvoiceLine, string> {
  const amount = exactMinor(item.LineAmount, code, `LineItems[${index}].LineAmount`);
  if (!amount.ok) return amount;
  const tax = exactMinor(item.TaxAmount, code, `LineItems[${index}].TaxAmount`);
  if (!tax.ok) return tax;
  const inclusive = amounts === 'Inclusive';
  const taxes =
    tax.value === 0 || amounts === 'NoTax'
      ? []
      : [{ code: said(item.TaxType) ?? 'tax', amount: tax.value, inclusive, percent: null }];
  return ok(
    plainLine({
      id: said(item.LineItemID) ?? `line-${index + 1}`,
      description: said(item.Description) ?? said(item.ItemCode) ?? 'Line',
      product: said(item.ItemCode) === null ? null : key('item', item.ItemCode ?? ''),
      quantity: item.Quantity ?? '1',
      net: amount.value - (inclusive ? tax.value : 0),
      taxes,
    }),
  );
}
