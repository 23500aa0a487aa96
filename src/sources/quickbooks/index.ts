/**
 * QuickBooks Online: batches of thin events that may be about several companies (realms) at once; each source serves
 * one. CloudEvents, and the older `eventNotifications` shape for replays. docs/sources/quickbooks.md.
 */
import { z } from 'zod';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import { announcingSource, otherAccount } from '../announcing.ts';
import { instantText, readInstant } from '../instants.ts';
import { describeIssues, member } from '../json.ts';
import { postedByGateway } from '../own-documents.ts';
import { currencyCode, facts, nothing, unknownType, unsupported } from '../reading.ts';
import { type EnrichmentNeed, enrichmentKey, type Interpretation, keysOf } from '../source.ts';
import { type Company, creditMemoFacts, invoiceFacts, OWN, paymentFacts, refundReceiptFacts } from './documents.ts';
import { type CustomerRecord, creditMemo, customerRecord, invoice, payment, refundReceipt } from './records.ts';

const key = keysOf('quickbooks');

const digits = z.string().regex(/^\d{1,24}$/, 'digits');
const quickbooksSettings = z.strictObject({
  /** The company this source serves; events of any other are quarantined. */
  realmId: digits,
  /** Whether customers are billed in QuickBooks: its invoices, payments and credit memos are facts then. */
  facts: z.boolean().default(false),
  /** The company's own currency, for records that do not name theirs. */
  currency: currencyCode.optional(),
});
type QuickbooksSettings = z.infer<typeof quickbooksSettings>;

const scheme: HmacScheme = {
  form: { hash: 'SHA-256', key: 'text', signature: 'base64' },
  present: signatureHeader('intuit-signature'),
  content: bodyAlone,
  time: null,
  evidence: ['intuit-signature'],
};

const cloudEvent = z
  .looseObject({
    specversion: z.literal('1.0'),
    id: z.string().min(1).max(255),
    type: z.string().regex(/^qbo\.[A-Za-z]{1,40}\.[A-Za-z]{1,40}\.v\d{1,3}$/),
    time: instantText,
    intuitaccountid: digits,
    intuitentityid: z.string().min(1).max(64),
  })
  .transform((event) => {
    const [, entity = '', operation = ''] = event.type.split('.');
    return {
      eventId: event.id,
      realmId: event.intuitaccountid,
      entity: entity.toLowerCase(),
      operation: operation.toLowerCase(),
      entityId: event.intuitentityid,
      time: event.time,
    };
  });

/** One entity of an old notification, with its realm put beside it (`split`). */
const oldEntity = z
  .looseObject({
    realmId: digits,
    entity: z.looseObject({
      name: z.string().regex(/^[A-Za-z]{1,40}$/),
      id: z.string().min(1).max(64),
      operation: z.string().regex(/^[A-Za-z]{1,40}$/),
      lastUpdated: instantText,
    }),
  })
  .transform(({ realmId, entity: { name, id, operation, lastUpdated } }) => ({
    eventId: `${realmId}/${name}/${id}/${operation}/${lastUpdated}`,
    realmId,
    entity: name.toLowerCase(),
    operation: pastTense(operation.toLowerCase()),
    entityId: id,
    time: lastUpdated,
  }));

const quickbooksEvent = z.union([cloudEvent, oldEntity]);
type QuickbooksEvent = z.infer<typeof quickbooksEvent>;

/** The old shape says `Create`, the new one `created`. */
const pastTense = (operation: string): string =>
  operation === 'void' || operation === 'email'
    ? `${operation}ed`
    : operation.endsWith('e')
      ? `${operation}d`
      : operation;

/** Entities Intuit lists for webhooks. */
const entities: ReadonlySet<string> = new Set(
  `account bill billpayment budget class creditmemo currency customer department deposit employee estimate invoice item
  journalcode journalentry payment paymentmethod preferences purchase purchaseorder refundreceipt salesreceipt taxagency
  term timeactivity transfer vendor vendorcredit`.split(/\s+/),
);

interface RecordReading {
  facts(record: unknown, event: QuickbooksEvent, company: Company, occurredAt: number): Interpretation;
}

const reading = <T extends { readonly Id: string }>(
  schema: z.ZodType<T>,
  factsOf: (record: T, company: Company, occurredAt: number) => Interpretation,
): RecordReading => ({
  facts(record, event, company, occurredAt) {
    // Nobody else books it: what cannot be read is shown to a person.
    if (record === null) return unsupported('the record could not be read: it is gone, or apiKey may not read it');
    const parsed = schema.safeParse(record);
    if (!parsed.success) return unsupported(describeIssues(parsed.error.issues, 490));
    if (parsed.data.Id !== event.entityId) return unsupported('another record than the event names');
    return factsOf(parsed.data, company, occurredAt);
  },
});

/** What is read and booked where the tenant says that QuickBooks is where its customers are billed. */
const transactions: ReadonlyMap<string, RecordReading> = new Map([
  ['invoice', reading(invoice, invoiceFacts)],
  ['payment', reading(payment, paymentFacts)],
  ['creditmemo', reading(creditMemo, creditMemoFacts)],
  ['refundreceipt', reading(refundReceipt, refundReceiptFacts)],
]);

export const quickbooks = announcingSource<QuickbooksSettings, QuickbooksEvent>({
  provider: 'quickbooks',
  about: {
    name: 'QuickBooks Online',
    auth: '`intuit-signature`: HMAC-SHA256 over the body; no time is signed',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: 'the CloudEvents id; older shape: realm, entity, id, operation and time',
    retries: 'for some hours',
    page: null,
  },
  settings: quickbooksSettings,
  contentTypes: ['application/json', 'application/cloudevents-batch+json', 'application/cloudevents+json'],
  verify: (delivery, secrets) => verifyHmac(delivery, secrets, scheme),
  split,
  event: quickbooksEvent,
  address: (event, _delivery, settings) => ({
    eventId: event.eventId,
    type: `${event.entity}.${event.operation}`,
    occurredAt: readInstant(event.time),
    // Ids of customers are counted per company: another company's 1 is another customer.
    customer: event.entity === 'customer' && event.realmId === settings.realmId ? reference(event) : null,
  }),
  objection(event, settings) {
    if (event.realmId !== settings.realmId) return otherAccount('realm');
    return entities.has(event.entity) ? null : unknownType;
  },
  needs: (event, settings) => (isCustomerChange(event) || booksOf(event, settings) !== null ? [recordNeed(event)] : []),
  interpret(event, stored, settings, fetched) {
    const record = fetched.get(enrichmentKey(recordNeed(event))) ?? null;
    const books = booksOf(event, settings);
    if (books !== null) {
      const company = { realmId: settings.realmId, homeCurrency: settings.currency ?? null };
      return books.facts(record, event, company, stored.occurredAt);
    }
    if (!isCustomerChange(event)) {
      return nothing(`a change of ${event.entity} in QuickBooks' own ledger; the event carries no data`);
    }
    const found = customerRecord.safeParse(record);
    if (!found.success || found.data.Id !== event.entityId) return nothing('the customer could not be read');
    return postedByGateway(found.data.Notes) ? nothing(OWN) : customer(event, found.data, stored.occurredAt);
  },
  understands: [...entities].map((entity) => `${entity}.*`),
});

/** CloudEvents come as an array or singly; old notifications hold entities by realm. */
function split(json: unknown): readonly unknown[] | null {
  if (Array.isArray(json)) return json;
  const notifications = member(json, 'eventNotifications');
  if (Array.isArray(notifications)) {
    return notifications.flatMap((notification: unknown) => {
      const changed = member(member(notification, 'dataChangeEvent'), 'entities');
      const realmId = member(notification, 'realmId');
      return Array.isArray(changed) ? changed.map((entity: unknown) => ({ realmId, entity })) : [notification];
    });
  }
  return [json];
}

const isCustomerChange = ({ entity, operation }: QuickbooksEvent): boolean =>
  entity === 'customer' && (operation === 'created' || operation === 'updated');

const reference = ({ realmId, entityId }: QuickbooksEvent): string => `${realmId}-${entityId}`;

/**
 * How its record becomes facts; null where it does not. QuickBooks is a ledger itself: without the tenant's word its
 * documents are not booked again. An e-mailed document has not changed.
 */
const booksOf = (event: QuickbooksEvent, settings: QuickbooksSettings): RecordReading | null =>
  settings.facts && event.operation !== 'emailed' ? (transactions.get(event.entity) ?? null) : null;

const recordNeed = (event: QuickbooksEvent): EnrichmentNeed => ({
  kind: 'record',
  id: `${event.entity}/${event.entityId}`,
  account: event.realmId,
});

function customer(event: QuickbooksEvent, found: CustomerRecord, occurredAt: number): Interpretation {
  const address = found.BillAddr ?? null;
  return facts({
    kind: 'customer.upserted',
    occurredAt,
    requires: [],
    customer: key('customer', reference(event)),
    version: readInstant(found.MetaData?.LastUpdatedTime) ?? occurredAt,
    name: found.DisplayName || found.CompanyName || null,
    email: found.PrimaryEmailAddr?.Address || null,
    phone: found.PrimaryPhone?.FreeFormNumber || null,
    taxId: found.PrimaryTaxIdentifier || null,
    address:
      address === null
        ? null
        : {
            line1: address.Line1 || null,
            line2: address.Line2 || null,
            city: address.City || null,
            postalCode: address.PostalCode || null,
            state: address.CountrySubDivisionCode || null,
            country: address.Country || null,
          },
    references: {},
    deleted: found.Active === false,
  });
}
