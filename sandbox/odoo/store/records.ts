import type { Wire } from '../wire.ts';
import type { Row } from './table.ts';

/** A record of a model whose fields are plain data (partners, products, accounts, journals …), by Odoo's field names. */
export interface PlainRow extends Row {
  readonly values: Readonly<Record<string, Wire>>;
}

export const MOVE_TYPES = [
  'entry',
  'out_invoice',
  'out_refund',
  'in_invoice',
  'in_refund',
  'out_receipt',
  'in_receipt',
] as const;
export type MoveType = (typeof MOVE_TYPES)[number];
export type MoveState = 'draft' | 'posted' | 'cancel';
export type PaymentState = 'not_paid' | 'in_payment' | 'paid' | 'partial' | 'reversed';

/** account.move. Amounts are integers: `untaxed`, `tax`, `total`, `residual` in the move's currency, `…Signed` in the company's. */
export interface MoveRow extends Row {
  readonly name: string | null;
  readonly state: MoveState;
  readonly moveType: MoveType;
  /** The accounting date, which Odoo moves silently out of locked periods. */
  readonly date: string;
  readonly invoiceDate: string | null;
  readonly dueDate: string | null;
  readonly journalId: number;
  readonly currencyId: number;
  /** Foreign units per unit of the company's currency (`invoice_currency_rate`). */
  readonly rate: number;
  readonly partnerId: number | null;
  readonly ref: string | null;
  readonly paymentReference: string | null;
  readonly origin: string | null;
  readonly narration: string | null;
  readonly autoPost: string;
  readonly reversedEntryId: number | null;
  readonly paymentId: number | null;
  readonly postedBefore: boolean;
  readonly paymentState: PaymentState;
  readonly lineIds: readonly number[];
  readonly untaxed: number;
  readonly tax: number;
  readonly total: number;
  readonly residual: number;
  readonly untaxedSigned: number;
  readonly totalSigned: number;
}

export type DisplayType = 'product' | 'tax' | 'payment_term' | 'line_section' | 'line_note';

/** account.move.line. `balance` and `residual` in the company's minor units, the `…Currency` ones in the line's currency. */
export interface LineRow extends Row {
  readonly moveId: number;
  readonly name: string | null;
  readonly accountId: number | null;
  readonly partnerId: number | null;
  readonly productId: number | null;
  readonly currencyId: number;
  readonly displayType: DisplayType;
  readonly quantity: number;
  readonly priceUnit: number;
  readonly discount: number;
  readonly taxIds: readonly number[];
  readonly taxLineId: number | null;
  readonly balance: number;
  readonly amountCurrency: number;
  readonly subtotal: number;
  readonly priceTotal: number;
  readonly residual: number;
  readonly residualCurrency: number;
  readonly reconciled: boolean;
  readonly fullReconcileId: number | null;
  readonly matching: string | null;
  readonly dateMaturity: string | null;
}

/** account.partial.reconcile: one debit line matched with one credit line. Amounts are positive. */
export interface PartialRow extends Row {
  readonly debitId: number;
  readonly creditId: number;
  readonly amount: number;
  readonly debitCurrencyAmount: number;
  readonly creditCurrencyAmount: number;
  readonly exchangeMoveId: number | null;
}

export interface PaymentRow extends Row {
  readonly state: 'draft' | 'in_process' | 'canceled';
  readonly paymentType: string;
  readonly partnerType: string;
  readonly partnerId: number | null;
  readonly amount: number;
  readonly currencyId: number;
  readonly date: string;
  readonly journalId: number;
  readonly memo: string | null;
  readonly moveId: number | null;
}

/** The running number of one journal: the last name it gave, from which the next one is derived. */
export interface SequenceRow extends Row {
  /** journal id and kind (`INV` and `RINV` count apart). */
  readonly key: string;
  readonly lastName: string;
}

/** ir.model.data: an external id, unique, written in the same transaction as its record. */
export interface ExternalIdRow extends Row {
  readonly xid: string;
  readonly model: string;
  readonly recordId: number;
  /** The number of the commit that last wrote the record through this id: what makes a concurrent `load` lose. */
  readonly commit: number;
}
