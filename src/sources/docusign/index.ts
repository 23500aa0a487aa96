/** DocuSign Connect (JSON, v2.1): what happened to an envelope. docs/sources/docusign.md. */
import { z } from 'zod';
import { err } from '../../canonical/result.ts';
import { bodyAlone, type HmacScheme, verifyHmac } from '../../verification/hmac-scheme.ts';
import type { Delivery, LiveSecret, Verification } from '../../verification/verification.ts';
import { announcingSource, otherAccount } from '../announcing.ts';
import { instantText, readInstant } from '../instants.ts';
import { facts, nothing, unknownType } from '../reading.ts';
import { keysOf } from '../source.ts';

const key = keysOf('docusign');

const docusignSettings = z.strictObject({
  /** The account this source serves; envelopes of any other are quarantined. */
  accountId: z.guid().optional(),
  /** The envelope's text custom field that holds the customer's reference. */
  customerField: z.string().min(1).max(100).optional(),
});
type DocusignSettings = z.infer<typeof docusignSettings>;

/** Connect signs with every key of the account, one header each. */
const MAX_SIGNATURES = 100;
/** As many as one check looks at. */
const SIGNATURES_A_CHECK = 16;

const signatureName = (place: number): string => `x-docusign-signature-${place}`;

const scheme = (places: readonly number[]): HmacScheme => ({
  form: { hash: 'SHA-256', key: 'text', signature: 'base64' },
  present({ headers }) {
    const signatures = places.map((place) => headers.get(signatureName(place))).filter((value) => value !== null);
    return signatures.length === 0 ? err('header_missing') : { ok: true, value: { signatures, timestamp: null } };
  },
  content: bodyAlone,
  time: null,
  evidence: places.map(signatureName),
});

/** Any signature may match any live key. Keys are cached and a mismatch is a comparison, so many headers cost little. */
async function verify(delivery: Delivery, secrets: readonly LiveSecret[]): Promise<Verification> {
  let last: Verification = err('header_missing');
  for (let first = 1; first <= MAX_SIGNATURES; first += SIGNATURES_A_CHECK) {
    const places = Array.from({ length: SIGNATURES_A_CHECK }, (_, index) => first + index).filter(
      (place) => place <= MAX_SIGNATURES && delivery.headers.has(signatureName(place)),
    );
    if (places.length === 0) continue;
    last = await verifyHmac(delivery, secrets, scheme(places));
    if (last.ok) return last;
  }
  return last;
}

const docusignEvent = z.looseObject({
  event: z.string().regex(/^[a-z]{1,40}(?:-[a-z]{1,40}){0,5}$/),
  configurationId: z.union([z.int(), z.bigint(), z.string().max(40)]).nullish(),
  generatedDateTime: instantText,
  data: z.looseObject({
    accountId: z.string().min(1).max(64),
    envelopeId: z.string().min(1).max(64),
    recipientId: z.string().max(64).nullish(),
    envelopeSummary: z
      .looseObject({
        emailSubject: z.string().nullish(),
        completedDateTime: instantText.nullish(),
        customFields: z
          .looseObject({
            textCustomFields: z
              .array(z.looseObject({ name: z.string().nullish(), value: z.string().nullish() }))
              .max(200)
              .nullish(),
          })
          .nullish(),
      })
      .nullish(),
  }),
});
type DocusignEvent = z.infer<typeof docusignEvent>;

/** Connect's other events: on the way to a contract, or about templates and recipients. */
const withoutEffect = /^(?:envelope|recipient|template)-[a-z-]+$/;

export const docusign = announcingSource<DocusignSettings, DocusignEvent>({
  provider: 'docusign',
  about: {
    name: 'DocuSign Connect',
    auth: '`X-DocuSign-Signature-n`: HMAC-SHA256 over the body, any of them; no time is signed',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: 'configuration, envelope, event and time of making',
    retries: 'for up to about 15 days',
    page: null,
  },
  settings: docusignSettings,
  verify,
  attemptMembers: ['retryCount'],
  event: docusignEvent,
  address: (event, _delivery, settings) => ({
    eventId: [
      event.configurationId ?? '',
      event.data.envelopeId,
      event.event,
      event.data.recipientId ?? '',
      event.generatedDateTime,
    ].join('/'),
    type: event.event,
    occurredAt: readInstant(event.data.envelopeSummary?.completedDateTime) ?? readInstant(event.generatedDateTime),
    customer: customerOf(event, settings),
  }),
  objection(event, settings) {
    const expected = settings.accountId?.toLowerCase();
    if (expected !== undefined && event.data.accountId.toLowerCase() !== expected)
      return otherAccount('data.accountId');
    return withoutEffect.test(event.event) ? null : unknownType;
  },
  interpret(event, stored, settings) {
    if (event.event !== 'envelope-completed') return nothing(`${event.event} concerns no books`);
    const customer = customerOf(event, settings);
    return facts({
      kind: 'contract.activated',
      occurredAt: stored.occurredAt,
      requires: [],
      contract: key('contract', event.data.envelopeId),
      customer: customer === null ? null : key('customer', customer),
      name: event.data.envelopeSummary?.emailSubject || event.data.envelopeId,
    });
  },
  understands: ['envelope-completed', 'envelope-*', 'recipient-*', 'template-*'],
});

function customerOf(event: DocusignEvent, { customerField }: DocusignSettings): string | null {
  if (customerField === undefined) return null;
  const fields = event.data.envelopeSummary?.customFields?.textCustomFields ?? [];
  const value = fields.find(({ name }) => name === customerField)?.value?.trim() ?? '';
  return value === '' || value.length > 255 ? null : value;
}
