/**
 * Object states: the sub-ledger. One row per business object, holding what later facts need (an invoice's open amount,
 * a payment's refunded part). Written only by the object's own lane, in the same transaction as the entry.
 */
import type { DeferralSlice, JournalLine } from './entry.ts';
import type { PostalAddress } from './events.ts';
import type { EpochMs, IsoDate, ObjectKey } from './ids.ts';
import type { Currency, MinorUnits } from './money.ts';

interface StateBase {
  readonly key: ObjectKey;
  readonly entity: string;
  /** Orders snapshots of the same object: a snapshot with a lower version is stale. Epoch ms or the provider's version. */
  readonly version: number;
  /** Other objects that must be loaded with it (a payment's invoice). */
  readonly related: readonly ObjectKey[];
}

export interface CustomerState extends StateBase {
  readonly kind: 'customer';
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly taxId: string | null;
  readonly address: PostalAddress | null;
  readonly references: Readonly<Record<string, string>>;
  readonly active: boolean;
}

export interface ProductState extends StateBase {
  readonly kind: 'product';
  readonly name: string;
  readonly active: boolean;
}

export interface SubscriptionState extends StateBase {
  readonly kind: 'subscription';
  readonly customer: ObjectKey;
  readonly status: string;
}

export interface InvoiceState extends StateBase {
  readonly kind: 'invoice';
  readonly customer: ObjectKey;
  readonly number: string;
  readonly currency: Currency;
  readonly date: IsoDate;
  readonly dueDate: IsoDate | null;
  readonly total: MinorUnits;
  readonly totalTax: MinorUnits;
  /** Receivable still open, invoice currency, and the same at the rate it was booked at. */
  readonly open: MinorUnits;
  readonly openBase: MinorUnits;
  readonly status: 'open' | 'paid' | 'void' | 'written_off';
  /** What issue and credit notes left on each non-receivable account: what a void has to reverse. */
  readonly booked: readonly JournalLine[];
  /** Deferred slices still open after credit notes. */
  readonly deferrals: readonly DeferralSlice[];
  /** Lines as issued, for credit notes that name them. */
  readonly lines: readonly {
    readonly id: string;
    readonly net: MinorUnits;
    readonly tax: MinorUnits;
    readonly revenueAccount: string;
  }[];
  readonly credited: MinorUnits;
  /** Reversal of the write-off if money comes after all. */
  readonly writtenOff: readonly JournalLine[];
}

export interface PaymentState extends StateBase {
  readonly kind: 'payment';
  readonly customer: ObjectKey | null;
  readonly invoice: ObjectKey | null;
  readonly currency: Currency;
  readonly amount: MinorUnits;
  readonly amountBase: MinorUnits;
  /** Cash not assigned to an invoice, presentment currency and at the rate it was booked at. */
  readonly unapplied: MinorUnits;
  readonly unappliedBase: MinorUnits;
  readonly refunded: MinorUnits;
  /** Whether fee and net were known when it was booked. */
  readonly settled: boolean;
  readonly settlementCurrency: Currency;
  readonly failed: boolean;
}

export interface CreditNoteState extends StateBase {
  readonly kind: 'credit_note';
  readonly invoice: ObjectKey;
  readonly customer: ObjectKey;
  readonly currency: Currency;
  readonly total: MinorUnits;
  /** Part to be refunded that no refund has cleared yet. */
  readonly awaitingRefund: MinorUnits;
  readonly status: 'issued' | 'void';
  readonly booked: readonly JournalLine[];
}

export interface RefundState extends StateBase {
  readonly kind: 'refund';
  readonly payment: ObjectKey;
  readonly amount: MinorUnits;
  readonly reversed: boolean;
  readonly booked: readonly JournalLine[];
}

export interface DisputeState extends StateBase {
  readonly kind: 'dispute';
  readonly payment: ObjectKey;
  readonly status: 'opened' | 'withdrawn' | 'won' | 'lost';
  readonly booked: readonly JournalLine[];
}

export interface PayoutState extends StateBase {
  readonly kind: 'payout';
  readonly currency: Currency;
  readonly amount: MinorUnits;
  readonly status: 'sent' | 'returned';
  /** Payments whose fee this payout booked. */
  readonly feesOf: readonly ObjectKey[];
  readonly booked: readonly JournalLine[];
}

/** Facts that are only remembered so that they are not booked twice: fees, adjustments, deals, contracts. */
export interface MemoState extends StateBase {
  readonly kind: 'memo';
  readonly label: string;
  readonly recordedAt: EpochMs;
}

export type ObjectState =
  | CustomerState
  | ProductState
  | SubscriptionState
  | InvoiceState
  | PaymentState
  | CreditNoteState
  | RefundState
  | DisputeState
  | PayoutState
  | MemoState;
