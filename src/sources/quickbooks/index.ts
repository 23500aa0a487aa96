/**
 * QuickBooks Online: batches of thin events that may be about several companies (realms) at once; each source serves
 * one. CloudEvents, and the older `eventNotifications` shape for replays. docs/sources/quickbooks.md.
 */
import { z } from 'zod';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import { announcingSource, otherAccount } from '../announcing.ts';
import { instantText, readInstant } from '../instants.ts';
import { member } from '../json.ts';
import { facts, nothing, unknownType } from '../reading.ts';
import { type EnrichmentNeed, enrichmentKey, type Interpretation, keysOf } from '../source.ts';

const key = keysOf('quickbooks');

const digits = z.string().regex(/^\d{1,24}$/, 'digits');
const quickbooksSettings = z.strictObject({
  /** The company this source serves; events of any other are quarantined. */
  realmId: digits,
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

/** Entities Intuit lists for webhooks. QuickBooks is a ledger itself: its documents are not booked again. */
const entities: ReadonlySet<string> = new Set(
  `account bill billpayment budget class creditmemo currency customer department deposit employee estimate invoice item
  journalcode journalentry payment paymentmethod preferences purchase purchaseorder refundreceipt salesreceipt taxagency
  term timeactivity transfer vendor vendorcredit`.split(/\s+/),
);

const text = z.string().nullish();
/** `GET /v3/company/<realm>/customer/<id>`: the customer of its answer. */
const customerRecord = z.looseObject({
  Id: z.string(),
  DisplayName: text,
  CompanyName: text,
  Active: z.boolean().nullish(),
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
  needs: (event) => (isCustomerChange(event) ? [customerNeed(event)] : []),
  interpret(event, stored, _settings, fetched) {
    if (!isCustomerChange(event)) {
      return nothing(`a change of ${event.entity} in QuickBooks' own ledger; the event carries no data`);
    }
    const found = customerRecord.safeParse(fetched.get(enrichmentKey(customerNeed(event))));
    if (!found.success || found.data.Id !== event.entityId) return nothing('the customer could not be read');
    return customer(event, found.data, stored.occurredAt);
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

const customerNeed = (event: QuickbooksEvent): EnrichmentNeed => ({
  kind: 'record',
  id: `customer/${event.entityId}`,
  account: event.realmId,
});

function customer(event: QuickbooksEvent, found: z.infer<typeof customerRecord>, occurredAt: number): Interpretation {
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
