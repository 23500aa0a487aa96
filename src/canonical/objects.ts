/**
 * Object states: the sub-ledger. One row per business object, holding what later facts need (an invoice's open amount,
 * a payment's refunded part). Written only by the object's own lane, in the same transaction as the entry.
 */
import type { DisputePolicy, LostTax } from './decision.ts';
import type { DeferralSlice, JournalLine } from './entry.ts';
import type { PostalAddress, Settlement } from './events.ts';
import { type EpochMs, type IsoDate, type ObjectKey, objectKey, type PostingKey } from './ids.ts';
import type { Currency, MinorUnits } from './money.ts';

interface StateBase {
  readonly key: ObjectKey;
  readonly entity: string;
  /**
   * Orders snapshots of the same object: a snapshot with a lower version is stale. Epoch ms or the provider's version;
   * for objects whose facts are no snapshots (invoices, payments …) the number of facts booked to it.
   */
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
  /** Entities beside its own that have billed it: their targets know it too. */
  readonly otherEntities?: readonly string[];
  /**
   * The customer whose partner stands for this one at the targets: its primary, where the link was known before this one had
   * a partner. Absent: its own. Decided once, for the documents posted name it (docs/decisions/0008-one-partner.md).
   */
  readonly partner?: ObjectKey;
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

/** A line as issued. With gross discounts the discount is a line of its own, negative, on the contra account. */
export interface IssuedLine {
  readonly id: string;
  /** The provider's line it comes from: `id` itself, except for a discount. */
  readonly source: string;
  readonly role: 'revenue' | 'discount';
  readonly description: string;
  readonly product: ObjectKey | null;
  /** Whether the product was in the books when the line was billed: its bill and all that reverses it name it, or none does. */
  readonly productPosted?: boolean;
  readonly net: MinorUnits;
  readonly tax: MinorUnits;
  readonly taxes: readonly IssuedTax[];
  readonly revenueAccount: string;
  /** Null when nothing of the line was deferred. */
  readonly deferredAccount: string | null;
  /** What was deferred at issue, by accounting period; the sign is the line's. */
  readonly slices: readonly { readonly period: IsoDate; readonly amount: MinorUnits }[];
}

/** A tax of zero (reverse charge, exempt with a code) stands here too: the line's net is what was taxed so. */
export interface IssuedTax {
  readonly code: string;
  /** Null only where the tax is zero and its code is not mapped. */
  readonly account: string | null;
  readonly amount: MinorUnits;
  readonly percent: string | null;
}

/** A credit note as it bears on its invoice: what it takes from which issued line, and how it is settled. */
export interface InvoiceCredit {
  readonly creditNote: ObjectKey;
  readonly date: IsoDate;
  readonly lines: readonly {
    readonly line: string;
    readonly net: MinorUnits;
    readonly taxes: readonly IssuedTax[];
  }[];
  readonly refunded: MinorUnits;
  readonly creditedToBalance: MinorUnits;
  readonly paidOutOfBand: MinorUnits;
}

/** A refund, a lost dispute or a failed attempt: which, when, over how much. */
export interface DatedAmount {
  readonly object: ObjectKey;
  readonly date: IsoDate;
  readonly amount: MinorUnits;
}

/** A payment as it bears on an invoice: what of it was assigned here, and what of that went back without a credit note. */
export interface InvoicePayment {
  readonly payment: ObjectKey;
  readonly amount: MinorUnits;
  readonly refunds: readonly DatedAmount[];
  /** What of it was lost to disputes, with the policy `contra-revenue`. */
  readonly disputes?: readonly LostAmount[];
}

/** What the payer's bank took back for good, and what becomes of the tax in it. */
export interface LostAmount extends DatedAmount {
  readonly tax: LostTax;
}

/**
 * The facts of an invoice, and what they come to. The balances are a function of the *set* of facts
 * (src/canonical/rules/invoice-positions.ts), which is why they do not depend on the order of arrival.
 */
export interface InvoiceState extends StateBase {
  readonly kind: 'invoice';
  readonly customer: ObjectKey;
  readonly number: string;
  readonly currency: Currency;
  readonly date: IsoDate;
  readonly dueDate: IsoDate | null;
  readonly total: MinorUnits;
  readonly totalTax: MinorUnits;
  /** Customer credit it consumed (positive) or granted (negative). */
  readonly creditApplied: MinorUnits;
  /** The rate it was issued at: `amount` in its currency was worth `base` in the entity's. */
  readonly issuedRate: { readonly amount: MinorUnits; readonly base: MinorUnits };
  readonly lines: readonly IssuedLine[];
  readonly credits: readonly InvoiceCredit[];
  readonly payments: readonly InvoicePayment[];
  readonly voidedOn: IsoDate | null;
  readonly writtenOffOn: IsoDate | null;
  /** What became of the tax in what was written off, by the policy of that day; absent: it was a cost. */
  readonly writtenOffTax?: LostTax;
  /** The entry that wrote it off at the targets; absent or null where nothing was open by then. */
  readonly writtenOffBy?: PostingKey | null;
  /** Receivable still open, invoice currency, and the same at the rate it was booked at. Never negative. */
  readonly open: MinorUnits;
  readonly openBase: MinorUnits;
  /** Received beyond what was owed; stands on `unapplied`. */
  readonly overpaid: MinorUnits;
  readonly status: 'open' | 'paid' | 'void' | 'written_off';
  /** What this invoice has on each account by now, receivable included. Recognition of slices is not in it. */
  readonly booked: readonly JournalLine[];
  /** The schedule as it stands after credit notes, refunds, write-off and void; recognised slices stay in it. */
  readonly deferrals: readonly DeferralSlice[];
  /** Sum of the credit notes that are not void. */
  readonly credited: MinorUnits;
  /** Attempts to collect that failed, as far as they named the invoice; the newest twenty. They book nothing. */
  readonly failedPayments?: readonly DatedAmount[];
}

export interface PaymentState extends StateBase {
  readonly kind: 'payment';
  readonly customer: ObjectKey | null;
  /** The invoice it was collected for; takes whatever is not in `applied`. */
  readonly invoice: ObjectKey | null;
  /** Parts assigned to invoices by name. */
  readonly applied: readonly { readonly invoice: ObjectKey; readonly amount: MinorUnits }[];
  readonly currency: Currency;
  readonly amount: MinorUnits;
  readonly amountBase: MinorUnits;
  /** Cash not assigned to an invoice and not returned, presentment currency and at the rate it was booked at. */
  readonly unapplied: MinorUnits;
  readonly unappliedBase: MinorUnits;
  /** All that was returned, with and without credit notes. */
  readonly refunded: MinorUnits;
  /** The highest running total of refunds the provider named. */
  readonly refundedByProvider: MinorUnits;
  /** Refunds no credit note explains. */
  readonly refunds: readonly DatedAmount[];
  /** Disputes of it that are booked as contra-revenue; `lost` once one is lost. Absent: none. */
  readonly disputes?: readonly { readonly dispute: ObjectKey; readonly lost: LostAmount | null }[];
  /** What was lost to disputes beyond what was left of the payment. Absent: nothing. */
  readonly lostBeyond?: { readonly amount: MinorUnits; readonly base: MinorUnits };
  /** Known, and a cost only with the payout that lists the payment (policy `feeAt`). Absent: booked, or not known. */
  readonly feeDue?: Settlement;
  /** Whether fee and net were known when it was booked, or have been booked since. */
  readonly settled: boolean;
  readonly settlementCurrency: Currency;
  readonly failed: boolean;
}

/**
 * A payment's settlement as a payout listed it, for a payment that was booked gross or is not in the books yet. Written
 * by the payout's lane, read by the payment's: so that the fee is booked once, by whichever comes second.
 */
export interface SettlementState extends StateBase {
  readonly kind: 'settlement';
  readonly payment: ObjectKey;
  readonly settlement: Settlement;
  /** Whether the payout booked the fee; otherwise the payment does when it comes. */
  readonly booked: boolean;
}

export interface CreditNoteState extends StateBase {
  readonly kind: 'credit_note';
  readonly invoice: ObjectKey;
  readonly customer: ObjectKey;
  readonly currency: Currency;
  readonly total: MinorUnits;
  /** Part to be refunded that no refund has cleared yet, and the same at the rate it was booked at. */
  readonly awaitingRefund: MinorUnits;
  readonly awaitingRefundBase: MinorUnits;
  readonly status: 'issued' | 'void';
}

export interface RefundState extends StateBase {
  readonly kind: 'refund';
  readonly payment: ObjectKey;
  readonly customer: ObjectKey | null;
  readonly creditNote: ObjectKey | null;
  readonly amount: MinorUnits;
  readonly reversed: boolean;
  /** The processor's side of it (clearing, fees, conversion) and, with a credit note, what it cleared: what a reversal takes back. */
  readonly booked: readonly JournalLine[];
}

export interface DisputeState extends StateBase {
  readonly kind: 'dispute';
  readonly payment: ObjectKey;
  readonly status: 'opened' | 'withdrawn' | 'won' | 'lost';
  /** Steps already booked, in whatever order they came. */
  readonly steps: readonly ('withdrawn' | 'won' | 'lost')[];
  /** What stands on `disputesReceivable` (or on `disputeLoss`, where it is a loss at once), and at which base. */
  readonly parked: MinorUnits;
  readonly parkedBase: MinorUnits;
  /** The policy it was first booked under; it stays with the dispute. Absent: `receivable`. */
  readonly bookedAs?: DisputePolicy;
}

export interface PayoutState extends StateBase {
  readonly kind: 'payout';
  readonly currency: Currency;
  readonly amount: MinorUnits;
  readonly status: 'sent' | 'returned';
  /** Payments whose fee this payout booked. */
  readonly feesOf: readonly ObjectKey[];
  /** The transfer itself, without fees: what a return takes back. */
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
  | SettlementState
  | CreditNoteState
  | RefundState
  | DisputeState
  | PayoutState
  | MemoState;

export type StateOf<K extends ObjectState['kind']> = Extract<ObjectState, { readonly kind: K }>;

/** `stripe:payment:ch_1` → `stripe:settlement:payment:ch_1`: the settlement a payout listed for that payment. */
export function settlementKey(payment: ObjectKey): ObjectKey {
  const [provider = '', ...rest] = payment.split(':');
  return objectKey(provider, 'settlement', rest.join(':'));
}
