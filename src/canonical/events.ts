/**
 * Canonical events: the facts providers announce, in the gateway's own words. Pure data; amounts are ISO minor units,
 * instants are epoch ms UTC. Sources make them (src/sources/<provider>), `decide` turns them into books.
 *
 * One source event yields zero or more canonical events, always the same ones. What a provider announces twice in
 * different events (a charge and its paid invoice) becomes money in exactly one of them; the source maps the other to
 * nothing, with the reason. Rule book: docs/accounting.md.
 */
import type { DeferralSlice, JournalLine } from './entry.ts';
import type { EpochMs, IsoDate, ObjectKey } from './ids.ts';
import type { Currency, MinorUnits, Rate } from './money.ts';

interface Fact {
  /** When it happened, by the provider's clock. The books' date is this instant's date in the entity's time zone. */
  readonly occurredAt: EpochMs;
  /**
   * Objects that must already be in the books for this fact to be booked (`invoice.paid` needs its invoice).
   * The event waits in its lane, bounded in time, until they are.
   */
  readonly requires: readonly ObjectKey[];
}

/** A customer as the provider describes it; a snapshot: `version` orders two snapshots of the same customer. */
export interface CustomerUpserted extends Fact {
  readonly kind: 'customer.upserted';
  readonly customer: ObjectKey;
  readonly version: number;
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly taxId: string | null;
  readonly address: PostalAddress | null;
  /** The same customer elsewhere: `{ salesforce: '001A…' }`. */
  readonly references: Readonly<Record<string, string>>;
  readonly deleted: boolean;
}

export interface PostalAddress {
  readonly line1: string | null;
  readonly line2: string | null;
  readonly city: string | null;
  readonly postalCode: string | null;
  readonly state: string | null;
  /** ISO 3166-1 alpha-2 where the provider gives it so. */
  readonly country: string | null;
}

export interface ProductUpserted extends Fact {
  readonly kind: 'product.upserted';
  readonly product: ObjectKey;
  readonly version: number;
  readonly name: string;
  readonly description: string | null;
  readonly active: boolean;
}

/** A tax on one line, as the provider computed it. The provider's amounts are kept; nobody recomputes them. */
export interface LineTax {
  /** The tenant's word for the tax, looked up in `accounts.tax`: `FR-20`, or the provider's rate id. */
  readonly code: string;
  readonly amount: MinorUnits;
  readonly inclusive: boolean;
  /** For people and tax mapping: `20` or `8.875`, decimal string, percent. */
  readonly percent: string | null;
}

export interface InvoiceLine {
  /** Unique within the invoice; the provider's line id. */
  readonly id: string;
  readonly description: string;
  readonly product: ObjectKey | null;
  /** Decimal string, for display at targets; amounts are never derived from it. */
  readonly quantity: string;
  /** Net of inclusive tax and of discounts, excluding all taxes. Negative for proration credits. */
  readonly net: MinorUnits;
  /** Discount that was subtracted to reach `net` (positive), excluding tax. */
  readonly discount: MinorUnits;
  readonly taxes: readonly LineTax[];
  /** Service period [start, end) when the line is for a span of time. */
  readonly period: { readonly start: EpochMs; readonly end: EpochMs } | null;
  readonly proration: boolean;
}

/** The invoice became a legal claim (Stripe `invoice.finalized`). Sum of line nets and taxes = `total`. */
export interface InvoiceIssued extends Fact {
  readonly kind: 'invoice.issued';
  readonly invoice: ObjectKey;
  readonly customer: ObjectKey;
  readonly number: string | null;
  readonly currency: Currency;
  readonly lines: readonly InvoiceLine[];
  readonly total: MinorUnits;
  /** Customer credit consumed by it (positive), or granted by it (negative: a negative invoice grants credit). */
  readonly creditApplied: MinorUnits;
  readonly dueAt: EpochMs | null;
  /** The payer as the invoice names them: makes a provisional customer when the customer's own event has not come. */
  readonly billedTo: { readonly name: string | null; readonly email: string | null };
}

/** Where the money of a charge, refund or dispute went at the processor: the balance transaction, authoritative for cash. */
export interface Settlement {
  readonly currency: Currency;
  /** Signed change of the processor balance before fees, settlement currency. Negative for refunds and withdrawals. */
  readonly gross: MinorUnits;
  /** Fees taken from it, positive = cost, tax on them excluded. */
  readonly fee: MinorUnits;
  readonly feeTax: MinorUnits;
  /** gross − fee − feeTax. */
  readonly net: MinorUnits;
  /** Settlement per presentment unit where the currencies differ. */
  readonly exchangeRate: Rate | null;
  /** The balance transaction's id, for the audit trail. */
  readonly reference: string;
}

/** Money was collected by the processor. */
export interface PaymentCaptured extends Fact {
  readonly kind: 'payment.captured';
  readonly payment: ObjectKey;
  readonly customer: ObjectKey | null;
  /** The invoice it pays, when the provider says; otherwise it is unapplied cash. */
  readonly invoice: ObjectKey | null;
  readonly currency: Currency;
  readonly amount: MinorUnits;
  /** Absent when it could not be fetched: the gross is booked to clearing and fees are booked when they are known. Never guessed. */
  readonly settlement: Settlement | null;
}

/** Unapplied cash was assigned to an invoice after the fact (Stripe `invoice_payment.paid`). */
export interface PaymentApplied extends Fact {
  readonly kind: 'payment.applied';
  readonly payment: ObjectKey;
  readonly invoice: ObjectKey;
  readonly customer: ObjectKey | null;
  readonly currency: Currency;
  readonly amount: MinorUnits;
}

/** An invoice was settled outside the processor (cheque, transfer). */
export interface PaymentExternal extends Fact {
  readonly kind: 'payment.external';
  readonly payment: ObjectKey;
  readonly invoice: ObjectKey;
  readonly customer: ObjectKey;
  readonly currency: Currency;
  readonly amount: MinorUnits;
}

export interface PaymentFailed extends Fact {
  readonly kind: 'payment.failed';
  readonly payment: ObjectKey;
  readonly invoice: ObjectKey | null;
  readonly customer: ObjectKey | null;
  readonly currency: Currency;
  readonly amount: MinorUnits;
  readonly reason: string | null;
}

/** A credit note against an issued invoice. `total` = nets + taxes of its lines (all positive). */
export interface CreditNoteIssued extends Fact {
  readonly kind: 'credit_note.issued';
  readonly creditNote: ObjectKey;
  readonly invoice: ObjectKey;
  readonly customer: ObjectKey;
  readonly number: string | null;
  readonly currency: Currency;
  readonly lines: readonly InvoiceLine[];
  readonly total: MinorUnits;
  /** How the total is settled; the four parts sum to `total`. */
  readonly reducesReceivable: MinorUnits;
  readonly refunded: MinorUnits;
  readonly creditedToBalance: MinorUnits;
  readonly paidOutOfBand: MinorUnits;
}

/** A void of a credit note: exact reversal of it. */
export interface CreditNoteVoided extends Fact {
  readonly kind: 'credit_note.voided';
  readonly creditNote: ObjectKey;
  readonly invoice: ObjectKey;
  readonly customer: ObjectKey;
}

/**
 * The processor returned money to the payer. `cumulative` is all that was refunded of this payment so far; the books
 * take the difference to what they hold, so repeats and disorder change nothing.
 */
export interface RefundPaid extends Fact {
  readonly kind: 'refund.paid';
  readonly refund: ObjectKey;
  readonly payment: ObjectKey;
  readonly invoice: ObjectKey | null;
  readonly customer: ObjectKey | null;
  readonly currency: Currency;
  readonly cumulative: MinorUnits;
  /**
   * This refund's own amount, when `refund` is the provider's id of this one refund: then the key alone says whether it
   * is booked, and the order in which refunds arrive does not matter. Absent: `cumulative` decides.
   */
  readonly amount?: MinorUnits | null;
  /** Set when a credit note already took the revenue back; the refund then only clears it. */
  readonly creditNote: ObjectKey | null;
  readonly settlement: Settlement | null;
}

/** A refund bounced; the money is back at the processor. */
export interface RefundReversed extends Fact {
  readonly kind: 'refund.reversed';
  readonly refund: ObjectKey;
  readonly payment: ObjectKey;
  readonly customer: ObjectKey | null;
  readonly currency: Currency;
  readonly amount: MinorUnits;
}

interface DisputeFact extends Fact {
  readonly dispute: ObjectKey;
  readonly payment: ObjectKey;
  readonly customer: ObjectKey | null;
  readonly currency: Currency;
  readonly amount: MinorUnits;
}

export interface DisputeOpened extends DisputeFact {
  readonly kind: 'dispute.opened';
}
/** The disputed amount (and fee) left the processor balance. */
export interface DisputeWithdrawn extends DisputeFact {
  readonly kind: 'dispute.withdrawn';
  readonly settlement: Settlement | null;
}
/** The processor gave the money back. */
export interface DisputeWon extends DisputeFact {
  readonly kind: 'dispute.won';
  readonly settlement: Settlement | null;
}
export interface DisputeLost extends DisputeFact {
  readonly kind: 'dispute.lost';
}

/** Money moved from the processor balance to the bank. Negative payouts move it back. */
export interface PayoutSent extends Fact {
  readonly kind: 'payout.sent';
  readonly payout: ObjectKey;
  readonly currency: Currency;
  readonly amount: MinorUnits;
  readonly arrivesAt: EpochMs | null;
  /**
   * Fees of transactions in this payout as the provider lists them, for payments that were booked gross.
   * Null when the list could not be fetched.
   */
  readonly transactions: readonly { readonly payment: ObjectKey; readonly settlement: Settlement }[] | null;
}

export interface PayoutReturned extends Fact {
  readonly kind: 'payout.returned';
  readonly payout: ObjectKey;
  readonly currency: Currency;
  readonly amount: MinorUnits;
}

/** A fee the processor charged by itself (monthly, Radar, …); `amount` positive = cost. */
export interface ProcessorFee extends Fact {
  readonly kind: 'processor.fee';
  readonly fee: ObjectKey;
  readonly currency: Currency;
  readonly amount: MinorUnits;
  readonly description: string;
}

/** A change of the processor balance of no known kind: goes to suspense and to a person. Signed. */
export interface BalanceAdjusted extends Fact {
  readonly kind: 'balance.adjusted';
  readonly adjustment: ObjectKey;
  readonly currency: Currency;
  readonly amount: MinorUnits;
  readonly category: string;
}

export interface InvoiceVoided extends Fact {
  readonly kind: 'invoice.voided';
  readonly invoice: ObjectKey;
  readonly customer: ObjectKey;
}

/** The provider says it will not be collected. Only this is bad debt, never mere lateness. */
export interface InvoiceWrittenOff extends Fact {
  readonly kind: 'invoice.written_off';
  readonly invoice: ObjectKey;
  readonly customer: ObjectKey;
  /** What was still owed, by the provider; checked against the books. */
  readonly remaining: MinorUnits | null;
  readonly currency: Currency;
}

export interface SubscriptionChanged extends Fact {
  readonly kind: 'subscription.changed';
  readonly subscription: ObjectKey;
  readonly customer: ObjectKey;
  readonly version: number;
  /** The provider's status word. */
  readonly status: string;
  readonly items: readonly { readonly product: ObjectKey | null; readonly quantity: string }[];
}

/** A sale was closed in the CRM: no books yet (ASC 606: no right to consideration), a commitment for memory. */
export interface DealWon extends Fact {
  readonly kind: 'deal.won';
  readonly deal: ObjectKey;
  readonly customer: ObjectKey | null;
  readonly name: string;
  readonly currency: Currency | null;
  readonly amount: MinorUnits | null;
}

export interface ContractActivated extends Fact {
  readonly kind: 'contract.activated';
  readonly contract: ObjectKey;
  readonly customer: ObjectKey | null;
  readonly name: string;
}

/** A month is over: what its schedules still hold is earned now. Told by the gateway itself. */
export interface RevenueRecognized extends Fact {
  readonly kind: 'revenue.recognized';
  /** This run; a later run for the same month recognises what came late. */
  readonly recognition: ObjectKey;
  /** First day of the month. */
  readonly period: IsoDate;
  /** What is open for the month, by currency and accounts; `line` is not set apart any more. */
  readonly open: readonly DeferralSlice[];
}

/** An entry that a person asked for in full: opening balances, a reversal, what is booked in its place. */
export interface JournalPosted extends Fact {
  readonly kind: 'journal.posted';
  readonly journal: ObjectKey;
  readonly purpose: 'opening' | 'reversal' | 'correction';
  /** The day it is for; `occurredAt` is when it was asked for. */
  readonly date: IsoDate;
  readonly description: string;
  /** Balanced per currency and in base. */
  readonly lines: readonly JournalLine[];
  readonly deferrals: readonly DeferralSlice[];
  /** Targets that never got what this takes back, and so get no reversal of it. */
  readonly notFor?: readonly string[];
}

/** A posting window closed: the day's entries together, for a target that takes no more. The books have them already. */
export interface JournalSummarised extends Fact {
  readonly kind: 'journal.summarised';
  readonly summary: ObjectKey;
  readonly target: string;
  readonly date: IsoDate;
  readonly description: string;
  /** By account and currency; balanced per currency and in base. */
  readonly lines: readonly Pick<JournalLine, 'account' | 'currency' | 'amount' | 'base'>[];
}

/** What providers announce. */
export type AnnouncedEvent =
  | CustomerUpserted
  | ProductUpserted
  | InvoiceIssued
  | PaymentCaptured
  | PaymentApplied
  | PaymentExternal
  | PaymentFailed
  | CreditNoteIssued
  | CreditNoteVoided
  | RefundPaid
  | RefundReversed
  | DisputeOpened
  | DisputeWithdrawn
  | DisputeWon
  | DisputeLost
  | PayoutSent
  | PayoutReturned
  | ProcessorFee
  | BalanceAdjusted
  | InvoiceVoided
  | InvoiceWrittenOff
  | SubscriptionChanged
  | DealWon
  | ContractActivated;

/** What the clock or a person tells the gateway itself; no source can announce it. */
export type OwnEvent = RevenueRecognized | JournalPosted | JournalSummarised;

export type CanonicalEvent = AnnouncedEvent | OwnEvent;

export type CanonicalKind = CanonicalEvent['kind'];
