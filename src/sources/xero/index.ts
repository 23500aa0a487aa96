/**
 * Xero: batches of thin events about one or several organisations. Its set-up check ("intent to receive") sends right
 * and wrong signatures and takes nothing but 200 and 401, with an empty body and no cookie. docs/sources/xero.md.
 */
import { z } from 'zod';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import { announcingSource, otherAccount } from '../announcing.ts';
import { instantText, readInstant } from '../instants.ts';
import { member } from '../json.ts';
import { facts, nothing, unknownType } from '../reading.ts';
import { type EnrichmentNeed, enrichmentKey, keysOf } from '../source.ts';

const key = keysOf('xero');

const xeroSettings = z.strictObject({
  /** The organisation this source serves (`tenantId` of the events); events of any other are quarantined. */
  tenantId: z.guid(),
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

/** What the event names, and where its record is read. Xero is a ledger itself: its documents are not booked again. */
const categories: ReadonlyMap<string, string> = new Map([
  ['CONTACT', 'the contact could not be read, or is no customer'],
  ['INVOICE', "an invoice of Xero's own ledger; the event carries no amount"],
  ['CREDITNOTE', "a credit note of Xero's own ledger; the event carries no amount"],
  ['SUBSCRIPTION', 'a subscription to the Xero app'],
]);

const text = z.string().nullish();
/** `GET /api.xro/2.0/Contacts/<id>`: the one contact of its answer. */
const contact = z.looseObject({
  ContactID: z.guid(),
  Name: z.string(),
  ContactStatus: text,
  EmailAddress: text,
  TaxNumber: text,
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
type Contact = z.infer<typeof contact>;

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
  needs: (event) => (event.eventCategory === 'CONTACT' ? [contactNeed(event)] : []),
  interpret(event, stored, _settings, fetched) {
    const note = categories.get(event.eventCategory) ?? 'no concern of the books';
    if (event.eventCategory !== 'CONTACT') return nothing(note);
    const found = contact.safeParse(fetched.get(enrichmentKey(contactNeed(event))));
    const known = found.success && found.data.ContactID.toLowerCase() === event.resourceId.toLowerCase();
    if (!known || found.data.IsCustomer === false) return nothing(note);
    return customer(found.data, stored.occurredAt);
  },
  understands: ['CONTACT', 'INVOICE', 'CREDITNOTE', 'SUBSCRIPTION'].flatMap((category) => [
    `${category}.CREATE`,
    `${category}.UPDATE`,
  ]),
});

/** Anything more than the status fails Xero's check. */
const emptyAnswer = (status: number): Response => new Response(null, { status });

const contactNeed = (event: XeroEvent): EnrichmentNeed => ({
  kind: 'record',
  id: `Contacts/${event.resourceId}`,
  account: event.tenantId,
});

function customer(found: Contact, occurredAt: number) {
  const phone = found.Phones?.find(({ PhoneType, PhoneNumber }) => PhoneType === 'DEFAULT' && Boolean(PhoneNumber));
  const address = found.Addresses?.find(({ AddressLine1, City }) => Boolean(AddressLine1) || Boolean(City));
  const stamp = Number(/^\/Date\((\d{1,15})(?:[+-]\d{4})?\)\/$/.exec(found.UpdatedDateUTC ?? '')?.[1] ?? occurredAt);
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
