/** What the post protocol needs to know of each kind of document; see booking.ts. */
import type { EntryDocument, PaymentDocument } from '../../canonical/documents.ts';
import type { OdooTargetConfig } from '../../tenants/config.ts';
import type { BookedKind } from './booking.ts';
import { entryFields, entryRows } from './entry.ts';
import { type BillDocument, billColumns, billFields, billRows } from './invoice.ts';
import { paymentFields, paymentKeyField, paymentRows } from './payment.ts';
import { moveReadFields, moveRow, paymentReadFields, paymentRow } from './readback.ts';
import type { References } from './references.ts';
import { markMatches } from './settle.ts';

export interface Kinds {
  readonly bill: BookedKind<BillDocument>;
  readonly entry: BookedKind<EntryDocument>;
  readonly payment: BookedKind<PaymentDocument>;
}

const move = {
  model: 'account.move',
  keyField: 'ref',
  readFields: moveReadFields,
  row: moveRow,
  lookFirst: false,
} as const;

export function kindsFor(major: number, config: OdooTargetConfig, references: References): Kinds {
  return {
    bill: {
      ...move,
      domain: [
        ['move_type', 'in', ['out_invoice', 'out_refund']],
        ['state', '!=', 'cancel'],
      ],
      layout(documents) {
        const columns = billColumns(documents, major);
        return { fields: billFields(columns), rows: (document) => billRows(document, columns, config, references) };
      },
    },
    entry: {
      ...move,
      domain: [
        ['move_type', '=', 'entry'],
        ['state', '!=', 'cancel'],
      ],
      beforePost: markMatches,
      layout: () => ({ fields: entryFields, rows: (document) => entryRows(document, config, references) }),
    },
    payment: {
      model: 'account.payment',
      keyField: paymentKeyField(major),
      domain: [['payment_type', '=', 'inbound']],
      readFields: [...paymentReadFields, paymentKeyField(major)],
      row: paymentRow,
      lookFirst: true,
      layout: () => ({
        fields: paymentFields(major),
        rows: (document) => paymentRows(document, config, references),
      }),
    },
  };
}
