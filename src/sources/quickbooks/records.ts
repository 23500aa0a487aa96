/** Records of QuickBooks' accounting API as enrichment reads them: numbers are the digits they were sent with. */
import { z } from 'zod';
import { calendarDate, currencyCode, decimalText } from '../reading.ts';

const text = z.string().nullish();
const reference = z.looseObject({ value: z.string().min(1).max(64), name: text });

/** `GET /v3/company/<realm>/customer/<id>`: the customer of its answer. */
export const customerRecord = z.looseObject({
  Id: z.string(),
  DisplayName: text,
  CompanyName: text,
  Active: z.boolean().nullish(),
  Notes: text,
  PrimaryEmailAddr: z.looseObject({ Address: text }).nullish(),
  PrimaryPhone: z.looseObject({ FreeFormNumber: text }).nullish(),
  PrimaryTaxIdentifier: text,
  BillAddr: z
    .looseObject({
      Line1: text,
      Line2: text,
      City: text,
      PostalCode: text,
      CountrySubDivisionCode: text,
      Country: text,
    })
    .nullish(),
  MetaData: z.looseObject({ LastUpdatedTime: text }).nullish(),
});
export type CustomerRecord = z.infer<typeof customerRecord>;

/** What all transactions have in common. */
const transaction = {
  Id: z.string(),
  TxnDate: calendarDate,
  CustomerRef: reference,
  /** Left out by companies with one currency, in some answers. */
  CurrencyRef: z.looseObject({ value: currencyCode }).nullish(),
  TotalAmt: decimalText,
  PrivateNote: text,
  DocNumber: text,
};

const saleLine = z.looseObject({
  Id: text,
  Description: text,
  Amount: decimalText.nullish(),
  DetailType: z.string(),
  SalesItemLineDetail: z
    .looseObject({
      ItemRef: reference.nullish(),
      Qty: decimalText.nullish(),
      TaxCodeRef: reference.nullish(),
    })
    .nullish(),
});
export type SaleLine = z.infer<typeof saleLine>;

const taxDetail = z.looseObject({
  TotalTax: decimalText.nullish(),
  TaxLine: z
    .array(
      z.looseObject({
        Amount: decimalText,
        TaxLineDetail: z.looseObject({ TaxRateRef: reference.nullish(), TaxPercent: decimalText.nullish() }).nullish(),
      }),
    )
    .max(100)
    .nullish(),
});

const sale = {
  ...transaction,
  Line: z.array(saleLine).max(2000),
  TxnTaxDetail: taxDetail.nullish(),
};

export const invoice = z.looseObject({
  ...sale,
  DueDate: calendarDate.nullish(),
  BillEmail: z.looseObject({ Address: text }).nullish(),
});
export type Invoice = z.infer<typeof invoice>;

export const creditMemo = z.looseObject({
  ...sale,
  /** The invoice it is about, where the company's edition asks for one. */
  InvoiceRef: reference.nullish(),
});
export type CreditMemo = z.infer<typeof creditMemo>;

export const payment = z.looseObject({
  ...transaction,
  UnappliedAmt: decimalText.nullish(),
  PaymentRefNum: text,
  Line: z
    .array(
      z.looseObject({
        Amount: decimalText,
        LinkedTxn: z.array(z.looseObject({ TxnId: z.string().min(1), TxnType: z.string() })).max(10),
      }),
    )
    .max(1000)
    .nullish(),
});
export type Payment = z.infer<typeof payment>;

export const refundReceipt = z.looseObject(transaction);
export type RefundReceipt = z.infer<typeof refundReceipt>;
