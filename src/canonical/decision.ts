/** What `decide` is given and what it answers. Pure: no clock, no binding, no randomness. */
import type { ChartOfAccounts } from './accounts.ts';
import type { TargetDocument } from './documents.ts';
import type { DraftEntry } from './entry.ts';
import type { IsoDate, ObjectKey } from './ids.ts';
import type { Currency, MinorUnits, Rate } from './money.ts';
import type { ObjectState } from './objects.ts';
import type { CustomerRecords } from './system-of-record.ts';

/** A legal entity's settings as the rules need them; src/tenants makes them from the config. */
export interface EntityBooks {
  readonly entity: string;
  readonly currency: Currency;
  /** IANA name. */
  readonly timeZone: string;
  readonly accounts: ChartOfAccounts;
  readonly policies: Policies;
  readonly rates: readonly ExchangeRate[];
  /** Last closed day of the entity's books; a fact dated on or before it follows `policies.latePeriod`. */
  readonly closedUntil: IsoDate | null;
  /** Currencies the entity's books take; absent: any. */
  readonly currencies?: readonly Currency[];
  /** Which system's word counts on a customer's fields. */
  readonly records?: CustomerRecords;
}

/** The same books, closed by `closedUntil` where that is later than what they say. */
export function closedFrom<Books extends Pick<EntityBooks, 'closedUntil'>>(
  books: Books,
  closedUntil: IsoDate | null,
): Books {
  const later = closedUntil !== null && (books.closedUntil === null || closedUntil > books.closedUntil);
  return later ? { ...books, closedUntil } : books;
}
export type DisputePolicy = 'receivable' | 'expense' | 'contra-revenue';
export type LostTax = 'expense' | 'relief';

export interface Policies {
  /** Net: revenue is booked after discounts. Gross: revenue in full, the discount on its contra account. */
  readonly discounts: 'net' | 'gross';
  readonly deferAt: 'issue' | 'never';
  /** How a line is spread over its months: by days, or equal parts for whole months and days for those it only touches. */
  readonly recognition: 'daily' | 'monthly';
  /** A fact dated into a closed period: an exception, or the first open day with the entry marked as moved. */
  readonly latePeriod: 'exception' | 'next-open';
  /** Whether input tax on processor fees is reclaimable and booked apart. */
  readonly feeTax: 'reclaim' | 'expense';
  /** What is asked of an invoice before it is booked; absent: nothing beyond what its entry needs. */
  readonly validation?: {
    /** Active: no invoice to a customer that its provider has removed. */
    readonly customers: 'any' | 'active';
    /** Known: every product has been announced, or has a revenue account of its own. */
    readonly products: 'any' | 'known';
  };
  /**
   * Disputed money. Receivable: parked until the dispute is decided, a loss when it is lost. Expense: a loss as soon as it
   * is withdrawn, taken back when it is won. Contra-revenue: parked, and when lost taken from the months still deferred
   * and from revenue, by a contra account of its own.
   */
  readonly bookDisputesAs: DisputePolicy;
  /** Whether the processor's fee is a cost with its charge, or with the payout that lists the charge. */
  readonly feeAt: 'charge' | 'payout';
  /** Tax in what is written off (or lost to a dispute, as contra-revenue): a cost, or taken off the tax that is owed. */
  readonly badDebtTax: LostTax;
}

/** One unit of `from` costs `rate` units of `to` on `date`; used for `maxAgeDays` after it. */
export interface ExchangeRate {
  readonly from: Currency;
  readonly to: Currency;
  readonly date: IsoDate;
  readonly rate: Rate;
  readonly source: string;
}

/** Looks up an object's state as the books hold it. Everything `objectsOf` names has been loaded before. */
export type ObjectLookup = (key: ObjectKey) => ObjectState | null;

/** Closed set of reasons why a person must decide. docs/runbooks/exceptions.md has one section per cause. */
export type ExceptionCause =
  | 'customer_inactive'
  | 'product_unknown'
  /** It is about an object of another legal entity, or of one the config does not have. */
  | 'entity_unclear'
  | 'currency_not_allowed'
  | 'tax_not_mapped'
  | 'account_not_mapped'
  | 'rate_missing'
  | 'prerequisite_missing'
  | 'period_closed'
  | 'does_not_add_up'
  | 'conflicting_facts'
  /** Two customers that look like one. */
  | 'duplicate_customer'
  | 'unsupported'
  | 'event_conflict'
  | 'untrusted_money'
  /** The access by which a source's records are read has ended; its events wait. */
  | 'source_disconnected'
  | 'posting_rejected'
  | 'posting_uncertain'
  | 'posted_with_warnings'
  /** A second person decided against a posting. */
  | 'approval_rejected'
  /** Nobody decided about a posting in time; it is held. */
  | 'approval_expired'
  /** It was approved, and what was to follow has not followed yet. */
  | 'approval_unfinished'
  /** A person put the event aside. */
  | 'set_aside'
  | 'internal_error';

export interface ExceptionDraft {
  readonly cause: ExceptionCause;
  /** One sentence for a finance person: what happened and to what. No secrets, no personal data. */
  readonly message: string;
  /** What to do about it, imperative. */
  readonly remedy: string;
  readonly amount: MinorUnits | null;
  readonly currency: Currency | null;
  readonly object: ObjectKey | null;
}

export type NothingReason =
  /** An older snapshot than the one in the books. */
  | 'stale'
  /** The same fact is booked from another event (invoice.paid and its charge). */
  | 'covered_elsewhere'
  /** Already booked in full (a repeat under another event id). */
  | 'already_booked'
  /** Known event type that concerns no books. */
  | 'no_effect';

export type Decision =
  | {
      readonly outcome: 'booked';
      readonly entries: readonly DraftEntry[];
      readonly documents: readonly TargetDocument[];
      /** New states of the objects it touched; all belong to this lane. */
      readonly objects: readonly ObjectState[];
      /** Conditions that were booked but that a person should see. */
      readonly notices: readonly ExceptionDraft[];
      /** What a reader of the event should know: no values, no personal data. */
      readonly note?: string | null;
    }
  | { readonly outcome: 'nothing'; readonly reason: NothingReason; readonly note: string }
  /** Prerequisites are not in the books yet. */
  | { readonly outcome: 'wait'; readonly requires: readonly ObjectKey[] }
  /** Nothing is booked; the event parks until the cause is gone. */
  | { readonly outcome: 'exception'; readonly exception: ExceptionDraft };
