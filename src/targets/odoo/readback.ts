/** What stands in Odoo, compared with what was sent. Odoo accepts and changes silently; only reading back tells. */
import { z } from 'zod';
import type { CreditNoteDocument, EntryDocument, InvoiceDocument, PaymentDocument } from '../../canonical/documents.ts';
import { add, type Currency, formatMinor, type MinorUnits, negate, ZERO } from '../../canonical/money.ts';
import type { OdooTargetConfig } from '../../tenants/config.ts';
import type { Posting } from '../connector.ts';
import { sentLines } from './entry.ts';
import { type Rejection, rejected } from './errors.ts';
import { taxesMapped } from './invoice.ts';
import type { References } from './references.ts';
import { decimal, reference, text, toMinor } from './wire.ts';
import { type Difference, difference } from './work.ts';

export type BookedDocument = InvoiceDocument | CreditNoteDocument | EntryDocument | PaymentDocument;

/** A record as read back, whichever model it is of. */
export interface Found {
  readonly id: number;
  readonly key: string | null;
  readonly state: 'draft' | 'posted' | 'cancelled';
  readonly name: string | null;
  readonly date: string | null;
  readonly partner: number | null;
  readonly currency: number | null;
  readonly untaxed: string | null;
  readonly tax: string | null;
  readonly total: string;
  /** In company currency, signed as Odoo signs it; null where Odoo does not say. */
  readonly base: string | null;
  readonly moveId: number | null;
}

export const moveReadFields = [
  'ref',
  'state',
  'name',
  'date',
  'partner_id',
  'currency_id',
  'amount_untaxed',
  'amount_tax',
  'amount_total',
  'amount_total_signed',
] as const;

export const moveRow: z.ZodType<Found> = z
  .object({
    id: z.int(),
    ref: text,
    state: z.string(),
    name: text,
    date: text,
    partner_id: reference,
    currency_id: reference,
    amount_untaxed: decimal,
    amount_tax: decimal,
    amount_total: decimal,
    amount_total_signed: decimal,
  })
  .transform((row) => ({
    id: row.id,
    key: row.ref,
    state: stateOf(row.state),
    name: row.name,
    date: row.date,
    partner: row.partner_id,
    currency: row.currency_id,
    untaxed: row.amount_untaxed,
    tax: row.amount_tax,
    total: row.amount_total,
    base: row.amount_total_signed,
    moveId: row.id,
  }));

export const paymentReadFields = ['state', 'name', 'date', 'partner_id', 'currency_id', 'amount', 'move_id'] as const;

export const paymentRow: z.ZodType<Found> = z
  .object({
    id: z.int(),
    memo: text.optional(),
    ref: text.optional(),
    state: z.string(),
    name: text,
    date: text,
    partner_id: reference,
    currency_id: reference,
    amount: decimal,
    move_id: reference,
  })
  .transform((row) => ({
    id: row.id,
    key: row.memo ?? row.ref ?? null,
    state: stateOf(row.state),
    name: row.name,
    date: row.date,
    partner: row.partner_id,
    currency: row.currency_id,
    untaxed: null,
    tax: null,
    total: row.amount,
    base: null,
    moveId: row.move_id,
  }));

/** Moves: draft, posted, cancel. Payments: draft, in_process, paid, canceled, rejected; before 18 posted, sent, … */
function stateOf(state: string): Found['state'] {
  if (state === 'draft') return 'draft';
  return /^(cancel|reject)/.test(state) ? 'cancelled' : 'posted';
}

export interface Comparison {
  /** Odoo's document is another one than ours: it must not be posted like this. */
  readonly wrong: readonly Difference[];
  /** Rounding of the company currency, within a minor unit a line: posted, and shown. */
  readonly rounded: readonly Difference[];
}

/** Amounts, currency and customer. The date is judged apart, by {@link dateDifference}. */
export function compare(
  document: BookedDocument,
  found: Found,
  config: OdooTargetConfig,
  references: References,
  receipts: Posting['receipts'],
): Comparison {
  const wrong: Difference[] = [];
  const rounded: Difference[] = [];
  const check = (field: string, sent: MinorUnits, digits: string | null, code: Currency, tolerance = 0) => {
    if (digits === null) return;
    const amount = toMinor(digits, code);
    if (amount === sent) return;
    const at = `${amount === null ? digits.slice(0, 40) : formatMinor(amount, code)} ${code}`;
    const close = amount !== null && Math.abs(amount - sent) <= tolerance;
    (close ? rounded : wrong).push(difference(field, `${formatMinor(sent, code)} ${code}`, at));
  };
  if (document.kind === 'entry') {
    const debits = add(ZERO, ...sentLines(document).map((line) => (line.base > 0 ? line.base : ZERO)));
    check('total', debits, found.base, document.baseCurrency);
    return { wrong, rounded };
  }

  const currency = references.currencies.get(document.currency);
  if (found.currency !== currency) wrong.push(difference('currency', document.currency, `currency ${found.currency}`));
  const partner = document.partner === null ? undefined : receipts.get(document.partner)?.remoteId;
  if (partner !== undefined && partner !== `res.partner/${found.partner}`) {
    wrong.push(difference('partner', partner, `res.partner/${found.partner}`));
  }
  if (document.kind === 'payment') {
    check('amount', document.amount, found.total, document.currency);
    return { wrong, rounded };
  }
  check('total', document.total, found.total, document.currency);
  if (taxesMapped(document, config)) {
    check('untaxed', document.untaxed, found.untaxed, document.currency);
    check('tax', document.tax, found.tax, document.currency);
  }
  const base = document.kind === 'invoice' ? document.baseTotal : negate(document.baseTotal);
  const tolerance = document.currency === document.baseCurrency ? 0 : document.lines.length + 1;
  check('total in company currency', base, found.base, document.baseCurrency, tolerance);
  return { wrong, rounded };
}

/** Odoo moves documents out of locked periods without a word. */
export const dateDifference = (document: BookedDocument, found: Found): readonly Difference[] =>
  found.date === document.date ? [] : [difference('date', document.date, found.date ?? 'none')];

const totals = new Set(['total', 'untaxed', 'tax', 'amount', 'total in company currency']);

/** For a draft that must stay one. */
export function refuseDraft(wrong: readonly Difference[]): Rejection {
  const code = wrong.some((each) => totals.has(each.field)) ? 'totals_differ' : 'content_differs';
  const list = wrong.map((each) => `${each.field}: sent ${each.sent}, Odoo has ${each.found}`).join('; ');
  return rejected('business', code, `left as a draft in Odoo, ${list}`);
}

/** Whether the date is locked for this document, by the lock dates last read. */
export function lockedBy(document: BookedDocument, references: References, config: OdooTargetConfig): string | null {
  const { locks } = references;
  const bill = document.kind === 'invoice' || document.kind === 'credit_note';
  const taxed = bill && document.lines.some((line) => line.taxes.some((tax) => tax.code in config.taxes));
  const applying = [locks.all, ...(bill ? [locks.sales] : []), ...(taxed ? [locks.taxes] : [])];
  const lock = applying.toSorted().at(-1) ?? locks.all;
  return document.date <= lock ? lock : null;
}

export const periodLocked = (document: BookedDocument, lock: string | null): Rejection =>
  rejected(
    'business',
    'period_locked',
    lock === null
      ? `Odoo would move the date ${document.date} out of a locked period; left as a draft`
      : `${document.date} is in a period locked in Odoo up to ${lock}`,
  );
