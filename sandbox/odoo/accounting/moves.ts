import { userError } from '../errors.ts';
import type { ModelLookup } from '../models/domain.ts';
import { checkedValues, linkedIds } from '../models/values.ts';
import type { Books } from '../store/books.ts';
import { type LineRow, MOVE_TYPES, type MoveRow, type MoveType } from '../store/records.ts';
import { idOf, isList, isObject, numberOf, textOf, type Wire, type WireObject } from '../wire.ts';
import { settleEntryLine } from './entry-lines.ts';
import { recomputeInvoice } from './invoice.ts';
import { refuseIfLocked } from './lock-dates.ts';
import { isInvoice, isPurchase, isSale } from './move-types.ts';

/** What may not be written on a posted move (odoo.md A5: the sign that a re-load found a posted document). */
const READONLY_WHEN_POSTED = [
  'invoice_date',
  'date',
  'partner_id',
  'currency_id',
  'invoice_currency_rate',
  'journal_id',
  'invoice_line_ids',
  'line_ids',
] as const;

/** Creates a draft; everything about it is checked here but what only matters when it is posted. */
export function createMove(books: Books, vals: WireObject, models: ModelLookup): MoveRow {
  const values = moveValues(vals, 'create', models);
  if (values.state === 'posted') {
    throw userError(
      'You cannot create a move already in the posted state. Please create a draft move and post it after.',
    );
  }
  const moveType = moveTypeOf(values.move_type);
  const journalId = idOf(values.journal_id) ?? defaultJournal(books, moveType);
  const currencyId = idOf(values.currency_id) ?? books.journal(journalId).currencyId ?? books.companyCurrency().id;
  const invoiceDate = textOf(values.invoice_date);
  const move: MoveRow = {
    id: books.moves.nextId(),
    name: textOf(values.name),
    state: 'draft',
    moveType,
    date: textOf(values.date) ?? invoiceDate ?? books.today(),
    invoiceDate,
    dueDate: textOf(values.invoice_date_due) ?? books.today(),
    journalId,
    currencyId,
    rate:
      numberOf(values.invoice_currency_rate) ||
      (isCompanyCurrency(books, currencyId) ? 1 : books.currency(currencyId).rate),
    partnerId: idOf(values.partner_id),
    ref: textOf(values.ref),
    paymentReference: textOf(values.payment_reference),
    origin: textOf(values.invoice_origin),
    narration: textOf(values.narration),
    autoPost: textOf(values.auto_post) ?? 'no',
    reversedEntryId: idOf(values.reversed_entry_id),
    paymentId: null,
    postedBefore: false,
    paymentState: 'not_paid',
    lineIds: [],
    untaxed: 0,
    tax: 0,
    total: 0,
    residual: 0,
    untaxedSigned: 0,
    totalSigned: 0,
  };
  books.moves.put(move);
  applyLines(books, move.id, values, models);
  return recompute(books, move.id);
}

/** Writes on a move. A posted one keeps its accounting: only its labels may change. */
export function writeMove(books: Books, id: number, vals: WireObject, models: ModelLookup): void {
  const values = moveValues(vals, 'write', models);
  const before = books.move(id);
  if (before.state === 'posted' && values.state !== 'draft') {
    const refused = READONLY_WHEN_POSTED.filter(
      (name) => name in values && (isList(values[name]) || differs(before, name, values[name])),
    );
    // Odoo names every protected field that was written, changed or not.
    const named = refused.length > 0 ? readonlyNames(values) : [];
    if (named.length > 0)
      throw userError(`You cannot modify the following readonly fields on a posted move: ${named.join(', ')}`);
  }
  if (before.state === 'posted' && values.state === 'draft') refuseIfLocked(books, before);
  const state = textOf(values.state);
  const invoiceDate = 'invoice_date' in values ? textOf(values.invoice_date) : before.invoiceDate;
  const move = books.patchMove(id, {
    name: 'name' in values ? textOf(values.name) : before.name,
    state: state === 'draft' || state === 'posted' || state === 'cancel' ? state : before.state,
    ref: 'ref' in values ? textOf(values.ref) : before.ref,
    date: textOf(values.date) ?? (invoiceDate !== before.invoiceDate ? (invoiceDate ?? before.date) : before.date),
    invoiceDate,
    dueDate: 'invoice_date_due' in values ? textOf(values.invoice_date_due) : before.dueDate,
    journalId: idOf(values.journal_id) ?? before.journalId,
    currencyId: idOf(values.currency_id) ?? before.currencyId,
    rate: numberOf(values.invoice_currency_rate) || before.rate,
    partnerId: 'partner_id' in values ? idOf(values.partner_id) : before.partnerId,
    paymentReference: 'payment_reference' in values ? textOf(values.payment_reference) : before.paymentReference,
    origin: 'invoice_origin' in values ? textOf(values.invoice_origin) : before.origin,
    narration: 'narration' in values ? textOf(values.narration) : before.narration,
    autoPost: textOf(values.auto_post) ?? before.autoPost,
    reversedEntryId: 'reversed_entry_id' in values ? idOf(values.reversed_entry_id) : before.reversedEntryId,
  });
  if (move.state !== 'draft') return;
  applyLines(books, id, values, models);
  recompute(books, id);
}

/** Writes on one line. On a posted move Odoo answers true and the totals stay as they are (odoo.md A4). */
export function writeLine(books: Books, id: number, vals: WireObject, models: ModelLookup): void {
  const line = books.line(id);
  const values = lineValues(vals, 'write', models);
  if (books.move(line.moveId).state === 'posted') {
    if ('name' in values) books.patchLine(id, { name: textOf(values.name) });
    return;
  }
  putLine(books, books.move(line.moveId), values, line);
  recompute(books, line.moveId);
}

/** Removes a draft and its lines. */
export function unlinkMove(books: Books, id: number): void {
  const move = books.move(id);
  if (move.state === 'posted') {
    throw userError(
      "You can't delete a posted journal item. Don’t play games with your accounting records; reset the journal entry to draft before deleting it.",
    );
  }
  for (const lineId of move.lineIds) books.lines.delete(lineId);
  for (const external of books.externalIds.find('record', `account.move,${id}`)) books.externalIds.delete(external.id);
  books.moves.delete(id);
}

function recompute(books: Books, id: number): MoveRow {
  const move = books.move(id);
  if (isInvoice(move.moveType)) return recomputeInvoice(books, move);
  const lines = books.linesOf(move);
  if (lines.reduce((sum, line) => sum + line.balance, 0) !== 0) throw userError('The entry is not balanced.');
  const total = lines.reduce((sum, line) => sum + Math.max(line.balance, 0), 0);
  return books.patchMove(id, { total, totalSigned: total });
}

function applyLines(books: Books, moveId: number, values: WireObject, models: ModelLookup): void {
  for (const field of ['invoice_line_ids', 'line_ids'] as const) {
    const commands = values[field];
    if (!isList(commands)) continue;
    for (const command of commands) if (isList(command)) applyLineCommand(books, moveId, command, models);
  }
}

/** Odoo's one2many commands: [0,_,vals] add, [1,id,vals] change, [2,id] remove, [5] remove all, [6,_,ids] keep only. */
function applyLineCommand(books: Books, moveId: number, command: readonly Wire[], models: ModelLookup): void {
  const [code, target, content] = command;
  const move = books.move(moveId);
  if (code === 0 && isObject(content)) {
    const added = putLine(books, move, lineValues(content, 'create', models), undefined);
    books.patchMove(moveId, { lineIds: [...move.lineIds, added.id] });
  } else if (code === 1 && typeof target === 'number' && isObject(content)) {
    putLine(books, move, lineValues(content, 'write', models), books.line(target));
  } else if ((code === 2 || code === 3) && typeof target === 'number') {
    removeLines(books, move, [target]);
  } else if (code === 5) {
    removeLines(books, move, move.lineIds);
  } else if (code === 6 && isList(content)) {
    removeLines(
      books,
      move,
      move.lineIds.filter((id) => !content.includes(id)),
    );
  }
}

function removeLines(books: Books, move: MoveRow, ids: readonly number[]): void {
  for (const id of ids) books.lines.delete(id);
  books.patchMove(move.id, { lineIds: move.lineIds.filter((id) => !ids.includes(id)) });
}

function putLine(books: Books, move: MoveRow, values: WireObject, before: LineRow | undefined): LineRow {
  const productId = 'product_id' in values ? idOf(values.product_id) : (before?.productId ?? null);
  const accountId =
    'account_id' in values ? idOf(values.account_id) : (before?.accountId ?? defaultAccount(books, move, productId));
  const displayType = textOf(values.display_type) ?? before?.displayType ?? 'product';
  const line: LineRow = {
    id: before?.id ?? books.lines.nextId(),
    moveId: move.id,
    name: 'name' in values ? textOf(values.name) : (before?.name ?? productName(books, productId)),
    accountId,
    partnerId: 'partner_id' in values ? idOf(values.partner_id) : (before?.partnerId ?? move.partnerId),
    productId,
    currencyId: idOf(values.currency_id) ?? before?.currencyId ?? move.currencyId,
    displayType: displayType === 'line_section' || displayType === 'line_note' ? displayType : 'product',
    quantity: 'quantity' in values ? numberOf(values.quantity) : (before?.quantity ?? 1),
    priceUnit: 'price_unit' in values ? numberOf(values.price_unit) : (before?.priceUnit ?? 0),
    discount: 'discount' in values ? numberOf(values.discount) : (before?.discount ?? 0),
    taxIds: taxesOf(books, move, values, before, productId, accountId),
    taxLineId: null,
    balance: before?.balance ?? 0,
    amountCurrency: before?.amountCurrency ?? 0,
    subtotal: 0,
    priceTotal: 0,
    residual: before?.residual ?? 0,
    residualCurrency: before?.residualCurrency ?? 0,
    reconciled: false,
    fullReconcileId: null,
    matching: before?.matching ?? null,
    dateMaturity: textOf(values.date_maturity) ?? before?.dateMaturity ?? null,
  };
  return books.lines.put(isInvoice(move.moveType) ? line : settleEntryLine(books, move, line, values));
}

/**
 * The taxes of a line. Given ones are taken, an empty list means none; *left out*, a document's line takes its
 * product's taxes (the company's default tax, unless the product says otherwise), else its account's (odoo.md A3).
 */
function taxesOf(
  books: Books,
  move: MoveRow,
  values: WireObject,
  before: LineRow | undefined,
  productId: number | null,
  accountId: number | null,
): readonly number[] {
  if ('tax_ids' in values) return linkedIds(before?.taxIds ?? [], values.tax_ids ?? false);
  if (before !== undefined) return before.taxIds;
  if (!isInvoice(move.moveType)) return [];
  const use = isSale(move.moveType) ? 'sale' : 'purchase';
  const product = productId === null ? undefined : books.table('product.product').get(productId);
  const ofProduct = use === 'sale' ? linkedIds([], product?.values.taxes_id ?? false) : [];
  if (ofProduct.length > 0) return ofProduct;
  const ofAccount = accountId === null ? [] : books.account(accountId).taxIds;
  return ofAccount.filter((id) => books.table('account.tax').get(id)?.values.type_tax_use === use);
}

function defaultAccount(books: Books, move: MoveRow, productId: number | null): number | null {
  if (!isInvoice(move.moveType)) return null;
  const product = productId === null ? undefined : books.table('product.product').get(productId);
  return idOf(product?.values.property_account_income_id) ?? books.journal(move.journalId).defaultAccountId;
}

function productName(books: Books, productId: number | null): string | null {
  return productId === null ? null : textOf(books.table('product.product').get(productId)?.values.name);
}

function moveValues(vals: WireObject, mode: 'create' | 'write', models: ModelLookup): WireObject {
  const model = models('account.move');
  return model === undefined ? vals : checkedValues(model, vals, mode, models);
}

function lineValues(vals: WireObject, mode: 'create' | 'write', models: ModelLookup): WireObject {
  const model = models('account.move.line');
  return model === undefined ? vals : checkedValues(model, vals, mode, models);
}

function moveTypeOf(value: Wire | undefined): MoveType {
  return MOVE_TYPES.find((type) => type === value) ?? 'entry';
}

function defaultJournal(books: Books, type: MoveType): number {
  const wanted = isSale(type) ? 'sale' : isPurchase(type) ? 'purchase' : 'general';
  for (const row of books.table('account.journal').all()) if (row.values.type === wanted) return row.id;
  throw userError(`No journal could be found in company My Company for any of those types: ${wanted}`);
}

function isCompanyCurrency(books: Books, currencyId: number): boolean {
  return books.companyCurrency().id === currencyId;
}

function readonlyNames(values: WireObject): string[] {
  return READONLY_WHEN_POSTED.filter((name) => name in values && name !== 'journal_id');
}

function differs(move: MoveRow, name: (typeof READONLY_WHEN_POSTED)[number], value: Wire | undefined): boolean {
  switch (name) {
    case 'invoice_date':
      return textOf(value) !== move.invoiceDate;
    case 'date':
      return textOf(value) !== move.date;
    case 'partner_id':
      return idOf(value) !== move.partnerId;
    case 'currency_id':
      return idOf(value) !== move.currencyId;
    case 'journal_id':
      return idOf(value) !== move.journalId;
    case 'invoice_currency_rate':
      return numberOf(value) !== move.rate;
    default:
      return true;
  }
}
