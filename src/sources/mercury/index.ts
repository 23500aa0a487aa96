/** Mercury: changes of a bank account's records as JSON merge patches. docs/sources/mercury.md. */
import { z } from 'zod';
import {
  type HmacForm,
  type HmacScheme,
  keyedHeader,
  timeThenBody,
  verifyHmac,
} from '../../verification/hmac-scheme.ts';
import type { Delivery, LiveSecret, Verification } from '../../verification/verification.ts';
import { announcingSource } from '../announcing.ts';
import { instantText, readInstant } from '../instants.ts';
import { nothing, unknownType } from '../reading.ts';

const mercurySettings = z.strictObject({});

const scheme = (key: HmacForm['key']): HmacScheme => ({
  form: { hash: 'SHA-256', key, signature: 'hex' },
  present: keyedHeader('mercury-signature', { separator: ',', timestamp: 't', signature: 'v1' }),
  content: timeThenBody('.'),
  time: { unit: 'seconds', toleranceSeconds: 300 },
  evidence: ['mercury-signature'],
});

/** Mercury hands the secret out as base64 text; public receivers use its bytes, some the text: either proves it. */
async function verify(delivery: Delivery, secrets: readonly LiveSecret[]): Promise<Verification> {
  const decoded = await verifyHmac(delivery, secrets, scheme('base64'));
  const retry = !decoded.ok && (decoded.error === 'signature_mismatch' || decoded.error === 'no_live_secret');
  return retry ? verifyHmac(delivery, secrets, scheme('text')) : decoded;
}

const word = z.string().regex(/^[A-Za-z]{1,60}$/);
const mercuryEvent = z.looseObject({
  id: z.string().min(1).max(120),
  resourceType: word,
  resourceId: z.string().min(1).max(120),
  operationType: word,
  occurredAt: instantText,
});
type MercuryEvent = z.infer<typeof mercuryEvent>;

const notes: ReadonlyMap<string, string> = new Map([
  ['transaction', 'a bank transaction is matched with what is booked, not booked by itself'],
  ['checkingAccount', 'a change of a bank account, such as its balance'],
  ['savingsAccount', 'a change of a bank account, such as its balance'],
  ['treasuryAccount', 'a change of a treasury account, such as its balance'],
  ['investmentAccount', 'a change of an investment account, such as its balance'],
  ['creditAccount', 'a change of a credit account, such as its balance'],
]);

export const mercury = announcingSource<z.infer<typeof mercurySettings>, MercuryEvent>({
  provider: 'mercury',
  about: {
    name: 'Mercury',
    auth: '`Mercury-Signature`: HMAC-SHA256 over time and body',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: 'the event’s id',
    retries: 'ten times in about a day; **never after a 4xx** other than 429',
    page: null,
  },
  settings: mercurySettings,
  verify,
  event: mercuryEvent,
  address: (event) => ({
    eventId: event.id,
    type: `${event.resourceType}.${event.operationType}`,
    occurredAt: readInstant(event.occurredAt),
    customer: null,
  }),
  objection: ({ resourceType }) => (notes.has(resourceType) ? null : unknownType),
  interpret: ({ resourceType }) => nothing(notes.get(resourceType) ?? 'no concern of the books'),
  understands: [...notes.keys()].map((type) => `${type}.*`),
});
