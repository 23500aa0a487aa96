/**
 * Target documents: what a canonical event asks of a target, in no target's words. Connectors (src/targets/*) turn
 * them into the target's calls. Every document has a deterministic key, so posting it twice is posting it once.
 */

import type { PostalAddress } from './events.ts';
import type { IsoDate, ObjectKey, PostingKey } from './ids.ts';
import type { Currency, MinorUnits } from './money.ts';

interface DocumentBase {
  /**
   * Idempotency key, unique per tenant and target: `<kind>/<object>` or `<kind>/<object>/<part>`, such as
   * `invoice/stripe:invoice:in_1`. A later snapshot of a customer or product is another posting
   * (`partner/<object>/<version>`) about the same `object`: their own key at the target is made from `object`.
   */
  readonly key: PostingKey;
  readonly object: ObjectKey;
  readonly entity: string;
  /** Documents that must be at the target before this one. */
  readonly dependsOn: readonly PostingKey[];
}

export interface PartnerDocument extends DocumentBase {
  readonly kind: 'partner';
  readonly version: number;
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly taxId: string | null;
  readonly address: PostalAddress | null;
  readonly active: boolean;
}

export interface ProductDocument extends DocumentBase {
  readonly kind: 'product';
  readonly version: number;
  readonly name: string;
  readonly description: string | null;
  readonly active: boolean;
}

export interface DocumentTax {
  readonly code: string;
  /** Account the tax is booked to where the target has no tax mapped for `code`. */
  readonly account: string;
  readonly amount: MinorUnits;
  readonly percent: string | null;
}

export interface DocumentLine {
  /** Unique in the document; part of the line's own key at the target. */
  readonly id: string;
  readonly description: string;
  /** Only set when the product itself was posted before. */
  readonly product: PostingKey | null;
  readonly account: string;
  /** Signed, excluding tax; the line is posted with quantity 1 and this price, so that no target multiplies. */
  readonly net: MinorUnits;
  readonly taxes: readonly DocumentTax[];
}

interface BillingDocument extends DocumentBase {
  readonly partner: PostingKey;
  /** The provider's number, kept as reference. */
  readonly number: string;
  readonly date: IsoDate;
  readonly currency: Currency;
  /** Total in the entity's currency, when `currency` is another: fixes the target's rate. */
  readonly baseTotal: MinorUnits;
  readonly baseCurrency: Currency;
  readonly lines: readonly DocumentLine[];
  readonly untaxed: MinorUnits;
  readonly tax: MinorUnits;
  readonly total: MinorUnits;
}

export interface InvoiceDocument extends BillingDocument {
  readonly kind: 'invoice';
  readonly dueDate: IsoDate | null;
}

/** Reverses (part of) a posted invoice; all amounts positive. */
export interface CreditNoteDocument extends BillingDocument {
  readonly kind: 'credit_note';
  readonly reverses: PostingKey;
}

/** Money received outside the processor, for targets with payments of their own. */
export interface PaymentDocument extends DocumentBase {
  readonly kind: 'payment';
  readonly partner: PostingKey;
  readonly date: IsoDate;
  readonly currency: Currency;
  readonly amount: MinorUnits;
  readonly reference: string;
  /** The invoice document it settles. */
  readonly settles: PostingKey | null;
}

export interface EntryLineDocument {
  readonly account: string;
  readonly currency: Currency;
  /** Debit positive. */
  readonly amount: MinorUnits;
  readonly base: MinorUnits;
  readonly partner: PostingKey | null;
  readonly label: string;
  /** On a receivable line: the invoice, credit note or write-off whose receivable it settles. */
  readonly settles: PostingKey | null;
  /**
   * Part of a realised exchange difference on a receivable: amount 0, base only. Such lines balance among themselves.
   * A target that books the difference itself when it reconciles (Odoo does, in its exchange journal) is sent the
   * entry without them; any other target is sent all lines.
   */
  readonly exchangeDifference: boolean;
}

/** Everything that is not a bill: settlements, refunds, disputes, payouts, fees, write-offs. */
export interface EntryDocument extends DocumentBase {
  readonly kind: 'entry';
  readonly date: IsoDate;
  readonly reference: string;
  readonly baseCurrency: Currency;
  readonly lines: readonly EntryLineDocument[];
}

export type TargetDocument =
  | PartnerDocument
  | ProductDocument
  | InvoiceDocument
  | CreditNoteDocument
  | PaymentDocument
  | EntryDocument;

/** The amount at stake if this document never arrives: shown on its exception. */
export function amountAtStake(document: TargetDocument): { amount: MinorUnits; currency: Currency } | null {
  switch (document.kind) {
    case 'invoice':
    case 'credit_note':
      return { amount: document.total, currency: document.currency };
    case 'payment':
      return { amount: document.amount, currency: document.currency };
    case 'entry': {
      let amount = 0;
      for (const line of document.lines) if (line.base > 0) amount += line.base;
      return { amount: amount as MinorUnits, currency: document.baseCurrency };
    }
    case 'partner':
    case 'product':
      return null;
  }
}
