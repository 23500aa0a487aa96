/** Records of Xero's accounting API as enrichment reads them: numbers are the digits they were sent with. */
import { z } from 'zod';
import type { EpochMs } from '../../canonical/ids.ts';
import { currencyCode, decimalText } from '../reading.ts';

const text = z.string().nullish();
/** Xero leaves out what is zero in some answers. */
const amount = decimalText.nullish().transform((digits) => digits ?? '0');

const epoch = /^\/Date\((\d{1,15})(?:[+-]\d{4})?\)\/$/;

/** `/Date(1551916800000+0000)/` → epoch ms; null for anything else. */
export function instantOfXero(value: string | null | undefined): EpochMs | null {
  const digits = epoch.exec(value ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}

/** A day, which Xero writes as its midnight in UTC: as noon, so that it is that day in every time zone. */
const day = z.string().transform((value, context): EpochMs => {
  const instant = instantOfXero(value);
  if (instant !== null) return instant - (instant % 86_400_000) + 43_200_000;
  context.addIssue({ code: 'custom', message: 'expected /Date(…)/' });
  return z.NEVER;
});

/** `GET /api.xro/2.0/Contacts/<id>`: the one contact of its answer. */
export const contact = z.looseObject({
  ContactID: z.guid(),
  Name: z.string(),
  ContactStatus: text,
  EmailAddress: text,
  TaxNumber: text,
  ContactNumber: text,
  AccountNumber: text,
  IsCustomer: z.boolean().nullish(),
  UpdatedDateUTC: text,
  Phones: z
    .array(z.looseObject({ PhoneType: text, PhoneNumber: text, PhoneAreaCode: text, PhoneCountryCode: text }))
    .max(20)
    .nullish(),
  Addresses: z
    .array(
      z.looseObject({
        AddressType: text,
        AddressLine1: text,
        AddressLine2: text,
        City: text,
        PostalCode: text,
        Region: text,
        Country: text,
      }),
    )
    .max(20)
    .nullish(),
});
export type Contact = z.infer<typeof contact>;

const payment = z.looseObject({ PaymentID: z.guid(), Date: day, Amount: decimalText, Reference: text });

const lineItem = z.looseObject({
  LineItemID: text,
  Description: text,
  Quantity: decimalText.nullish(),
  ItemCode: text,
  TaxType: text,
  TaxAmount: amount,
  LineAmount: amount,
});
export type LineItem = z.infer<typeof lineItem>;

/** What invoices and credit notes have in common. */
const document = {
  Contact: z.looseObject({ ContactID: z.guid(), Name: text, EmailAddress: text }),
  Status: z.string(),
  Reference: text,
  Date: day,
  CurrencyCode: currencyCode,
  LineAmountTypes: z.enum(['Exclusive', 'Inclusive', 'NoTax']),
  LineItems: z.array(lineItem).max(1000),
  Total: decimalText,
  CISDeduction: amount,
  Payments: z.array(payment).max(1000).nullish(),
};

/** `GET /api.xro/2.0/Invoices/<id>`: sales and purchases alike. */
export const invoice = z.looseObject({
  ...document,
  InvoiceID: z.guid(),
  Type: z.string(),
  InvoiceNumber: text,
  DueDate: day.nullish(),
  Prepayments: z.array(z.unknown()).nullish(),
  Overpayments: z.array(z.unknown()).nullish(),
});
export type Invoice = z.infer<typeof invoice>;

/** `GET /api.xro/2.0/CreditNotes/<id>`. */
export const creditNote = z.looseObject({
  ...document,
  CreditNoteID: z.guid(),
  Type: z.string(),
  CreditNoteNumber: text,
  RemainingCredit: amount,
  Allocations: z
    .array(
      z.looseObject({
        Amount: decimalText,
        IsDeleted: z.boolean().nullish(),
        Invoice: z.looseObject({ InvoiceID: z.guid() }),
      }),
    )
    .max(1000)
    .nullish(),
});
export type CreditNote = z.infer<typeof creditNote>;
