/** Modern Treasury: changes of payment orders, bank lines and accounts. docs/sources/modern-treasury.md. */
import { z } from 'zod';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import { announcingSource } from '../announcing.ts';
import { instantText, readInstant } from '../instants.ts';
import { nothing, unknownType } from '../reading.ts';

const modernTreasurySettings = z.strictObject({});

const scheme: HmacScheme = {
  form: { hash: 'SHA-256', key: 'text', signature: 'hex' },
  present: signatureHeader('x-signature'),
  content: bodyAlone,
  time: null,
  evidence: ['x-signature'],
};

const word = z.string().regex(/^[a-z0-9_]{1,80}$/);
const modernTreasuryEvent = z.looseObject({
  event: word,
  data: z.looseObject({
    id: z.string().min(1).max(120),
    object: word,
    updated_at: instantText,
  }),
});
type ModernTreasuryEvent = z.infer<typeof modernTreasuryEvent>;

const bankLine = 'a bank movement is matched with what is booked, not booked by itself';
const setUp = 'concerns no books';

const notes: ReadonlyMap<string, string> = new Map([
  ...['payment_order', 'incoming_payment_detail', 'expected_payment', 'transaction', 'transaction_line_item'].map(
    (object): [string, string] => [object, bankLine],
  ),
  ...['return', 'reversal', 'paper_item', 'payment_reference', 'balance_report', 'invoice'].map(
    (object): [string, string] => [object, bankLine],
  ),
  ...['counterparty', 'external_account', 'internal_account', 'virtual_account', 'legal_entity', 'connection'].map(
    (object): [string, string] => [object, setUp],
  ),
  ...['account_collection_flow', 'payment_flow', 'account_details', 'document', 'bulk_request', 'bulk_result'].map(
    (object): [string, string] => [object, setUp],
  ),
  ...['ledger', 'ledger_account', 'ledger_transaction', 'ledger_entry', 'ledger_account_settlement'].map(
    (object): [string, string] => [object, "an entry of Modern Treasury's own ledger"],
  ),
]);

export const modernTreasury = announcingSource<z.infer<typeof modernTreasurySettings>, ModernTreasuryEvent>({
  provider: 'modern-treasury',
  about: {
    name: 'Modern Treasury',
    auth: '`X-Signature`: HMAC-SHA256 over the body; no time is signed',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: 'object, id, event and `updated_at`',
    retries: 'backing off',
    page: null,
  },
  settings: modernTreasurySettings,
  verify: (delivery, secrets) => verifyHmac(delivery, secrets, scheme),
  event: modernTreasuryEvent,
  // The ids in `X-Webhook-ID` and the topic are not signed; what the body says is.
  address: ({ event, data }) => ({
    eventId: `${data.object}/${data.id}/${event}/${data.updated_at}`,
    type: `${data.object}.${event}`,
    occurredAt: readInstant(data.updated_at),
    customer: null,
  }),
  objection: ({ data }) => (notes.has(data.object) ? null : unknownType),
  interpret: ({ data }) => nothing(notes.get(data.object) ?? setUp),
  understands: [...notes.keys()].map((object) => `${object}.*`),
});
