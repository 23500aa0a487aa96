/**
 * Xero: batches of thin events about one or several organisations. Its set-up check ("intent to receive") sends right
 * and wrong signatures and takes nothing but 200 and 401, with an empty body and no cookie. docs/sources/xero.md.
 */
import { z } from 'zod';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import { announcingSource, otherAccount } from '../announcing.ts';
import { instantText, readInstant } from '../instants.ts';
import { describeIssues, member } from '../json.ts';
import { postedByGateway } from '../own-documents.ts';
import { facts, nothing, unknownType, unsupported } from '../reading.ts';
import { type EnrichmentNeed, enrichmentKey, type Interpretation, keysOf } from '../source.ts';
import { creditNoteFacts, invoiceFacts, OWN } from './documents.ts';
import { type Contact, contact, creditNote, instantOfXero, invoice } from './records.ts';

const key = keysOf('xero');

const xeroSettings = z.strictObject({
  /** The organisation this source serves (`tenantId` of the events); events of any other are quarantined. */
  tenantId: z.guid(),
  /** Whether customers are billed in Xero: its invoices, payments and credit notes are facts then. */
  facts: z.boolean().default(false),
});
type XeroSettings = z.infer<typeof xeroSettings>;

const scheme: HmacScheme = {
  form: { hash: 'SHA-256', key: 'text', signature: 'base64' },
  present: signatureHeader('x-xero-signature'),
  content: bodyAlone,
  time: null,
  evidence: ['x-xero-signature'],
};

const word = z.string().regex(/^[A-Z_]{1,40}$/);
const xeroEvent = z.looseObject({
  resourceId: z.guid(),
  tenantId: z.guid(),
  tenantType: word,
  eventCategory: word,
  eventType: word,
  eventDateUtc: instantText,
});
type XeroEvent = z.infer<typeof xeroEvent>;

/**
 * What the event names. Xero is a ledger itself: its documents are booked again only where the tenant says that it is where
 * its customers are billed.
 */
const categories: ReadonlyMap<string, string> = new Map([
  ['CONTACT', 'the contact could not be read, or is no customer'],
  ['INVOICE', "an invoice of Xero's own ledger; the event carries no amount"],
  ['CREDITNOTE', "a credit note of Xero's own ledger; the event carries no amount"],
  ['SUBSCRIPTION', 'a subscription to the Xero app'],
]);

export const xero = announcingSource<XeroSettings, XeroEvent>({
  provider: 'xero',
  about: {
    name: 'Xero',
    auth: '`x-xero-signature`: HMAC-SHA256 over the body; no time is signed. What is not proven is answered 401 with an empty body',
    trust: 'signed',
    acknowledges: '200 with an empty body',
    dedupe: 'category, resource, type and time',
    retries: 'for about a day, then the webhook is disabled',
    page: null,
  },
  settings: xeroSettings,
  verify: (delivery, secrets) => verifyHmac(delivery, secrets, scheme),
  refuse: () => emptyAnswer(401),
  acknowledge: () => emptyAnswer(200),
  split(json) {
    const events = member(json, 'events');
    return Array.isArray(events) ? events : null;
  },
  event: xeroEvent,
  address: (event) => ({
    eventId: `${event.eventCategory}/${event.resourceId}/${event.eventType}/${event.eventDateUtc}`,
    type: `${event.eventCategory}.${event.eventType}`,
    occurredAt: readInstant(event.eventDateUtc),
    customer: event.eventCategory === 'CONTACT' ? event.resourceId.toLowerCase() : null,
  }),
  objection(event, settings) {
    // An application's events carry the application's id, not an organisation's.
    const organisation = event.tenantType !== 'APPLICATION';
    if (organisation && event.tenantId.toLowerCase() !== settings.tenantId.toLowerCase()) {
      return otherAccount('tenantId');
    }
    return categories.has(event.eventCategory) ? null : unknownType;
  },
  needs(event, settings) {
    const need = needOf(event, settings);
    return need === null ? [] : [need];
  },
  interpret(event, stored, settings, fetched) {
    const note = categories.get(event.eventCategory) ?? 'no concern of the books';
    const need = needOf(event, settings);
    if (need === null) return nothing(note);
    const record = fetched.get(enrichmentKey(need)) ?? null;
    if (event.eventCategory === 'CONTACT') return readContact(event, record, stored.occurredAt, note);
    // Nobody else books it: what cannot be read is shown to a person.
    if (record === null) return unsupported('the record could not be read: apiKey, its consent, or the organisation');
    return event.eventCategory === 'INVOICE'
      ? read(invoice, record, event, ({ InvoiceID }) => InvoiceID, invoiceFacts)
      : read(creditNote, record, event, ({ CreditNoteID }) => CreditNoteID, creditNoteFacts);
  },
  understands: ['CONTACT', 'INVOICE', 'CREDITNOTE', 'SUBSCRIPTION'].flatMap((category) => [
    `${category}.CREATE`,
    `${category}.UPDATE`,
  ]),
});

/** Anything more than the status fails Xero's check. */
const emptyAnswer = (status: number): Response => new Response(null, { status });

const resources: ReadonlyMap<string, string> = new Map([
  ['CONTACT', 'Contacts'],
  ['INVOICE', 'Invoices'],
  ['CREDITNOTE', 'CreditNotes'],
]);

/** The record that is read for it; null where the event alone says enough, or is no concern of the books. */
function needOf(event: XeroEvent, settings: XeroSettings): EnrichmentNeed | null {
  const resource = resources.get(event.eventCategory);
  if (resource === undefined || (event.eventCategory !== 'CONTACT' && !settings.facts)) return null;
  return { kind: 'record', id: `${resource}/${event.resourceId}`, account: event.tenantId };
}

function read<Record>(
  schema: z.ZodType<Record>,
  value: unknown,
  event: XeroEvent,
  idOf: (record: Record) => string,
  factsOf: (record: Record) => Interpretation,
): Interpretation {
  const parsed = schema.safeParse(value);
  if (!parsed.success) return unsupported(describeIssues(parsed.error.issues, 490));
  const same = idOf(parsed.data).toLowerCase() === event.resourceId.toLowerCase();
  return same ? factsOf(parsed.data) : unsupported('another record than the event names');
}

function readContact(event: XeroEvent, record: unknown, occurredAt: number, note: string): Interpretation {
  const found = contact.safeParse(record);
  const known = found.success && found.data.ContactID.toLowerCase() === event.resourceId.toLowerCase();
  if (!known || found.data.IsCustomer === false) return nothing(note);
  const { ContactNumber, AccountNumber } = found.data;
  return postedByGateway(ContactNumber, AccountNumber) ? nothing(OWN) : customer(found.data, occurredAt);
}

function customer(found: Contact, occurredAt: number): Interpretation {
  const phone = found.Phones?.find(({ PhoneType, PhoneNumber }) => PhoneType === 'DEFAULT' && Boolean(PhoneNumber));
  const address = found.Addresses?.find(({ AddressLine1, City }) => Boolean(AddressLine1) || Boolean(City));
  const stamp = instantOfXero(found.UpdatedDateUTC) ?? occurredAt;
  const number = [phone?.PhoneCountryCode, phone?.PhoneAreaCode, phone?.PhoneNumber].filter(Boolean).join(' ');
  return facts({
    kind: 'customer.upserted',
    occurredAt,
    requires: [],
    customer: key('customer', found.ContactID.toLowerCase()),
    version: stamp,
    name: found.Name,
    email: found.EmailAddress || null,
    phone: number === '' ? null : number,
    taxId: found.TaxNumber || null,
    address:
      address === undefined
        ? null
        : {
            line1: address.AddressLine1 || null,
            line2: address.AddressLine2 || null,
            city: address.City || null,
            postalCode: address.PostalCode || null,
            state: address.Region || null,
            country: address.Country || null,
          },
    references: {},
    deleted: found.ContactStatus === 'ARCHIVED' || found.ContactStatus === 'GDPRREQUEST',
  });
}
