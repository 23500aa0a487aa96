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
      layout(documents, { column }) {
        const columns = billColumns(documents, major);
        return {
          fields: billFields(columns, column),
          rows: (document, naming) => billRows(document, columns, config, references, naming),
        };
      },
    },
    entry: {
      ...move,
      domain: [
        ['move_type', '=', 'entry'],
        ['state', '!=', 'cancel'],
      ],
      beforePost: markMatches,
      layout: (_documents, { column }) => ({
        fields: entryFields(column),
        rows: (document, naming) => entryRows(document, config, references, naming),
      }),
    },
    payment: {
      model: 'account.payment',
      keyField: paymentKeyField(major),
      domain: [['payment_type', '=', 'inbound']],
      readFields: [...paymentReadFields, paymentKeyField(major)],
      row: paymentRow,
      lookFirst: true,
      layout: (_documents, { column }) => ({
        fields: paymentFields(major, column),
        rows: (document, naming) => paymentRows(document, config, references, naming),
      }),
    },
  };
}
