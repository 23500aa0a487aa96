/** Brex: events of transfers, expenses and users, signed as Standard Webhooks. docs/sources/brex.md. */
import { z } from 'zod';
import { verifyStandardWebhook } from '../../verification/standard-webhooks.ts';
import { announcingSource, otherAccount } from '../announcing.ts';
import { nothing, unknownType } from '../reading.ts';

const brexSettings = z.strictObject({
  /** The company this source serves; events of any other are quarantined. */
  companyId: z.string().min(1).max(120).optional(),
});
type BrexSettings = z.infer<typeof brexSettings>;

const brexEvent = z.looseObject({
  event_type: z.string().regex(/^[A-Z]{1,40}(?:_[A-Z]{1,40}){0,6}$/),
  company_id: z.string().max(120).nullish(),
});
type BrexEvent = z.infer<typeof brexEvent>;

const bankLine = 'a bank movement is matched with what is booked, not booked by itself';
const notes: ReadonlyMap<string, string> = new Map([
  ['TRANSFER_PROCESSED', bankLine],
  ['TRANSFER_FAILED', bankLine],
  ['EXPENSE_PAYMENT_UPDATED', 'a card payment is booked with its statement, not by itself'],
  ['REFERRAL_CREATED', 'concerns no books'],
  ['REFERRAL_ACTIVATED', 'concerns no books'],
  ['REFERRAL_APPLICATION_STATUS_CHANGED', 'concerns no books'],
  ['USER_UPDATED', 'concerns no books'],
]);

export const brex = announcingSource<BrexSettings, BrexEvent>({
  provider: 'brex',
  about: {
    name: 'Brex',
    auth: 'Standard Webhooks',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: '`Webhook-Id`',
    retries: 'for some days, backing off',
    page: null,
  },
  settings: brexSettings,
  verify: (delivery, secrets) => verifyStandardWebhook(delivery, secrets),
  event: brexEvent,
  // The id is in a signed header; it stays the same when Brex tries again.
  address: (event, { evidence, receivedAt }) => ({
    eventId: evidence['webhook-id'] ?? evidence['svix-id'] ?? `${event.event_type}/${receivedAt}`,
    type: event.event_type,
    occurredAt: null,
    customer: null,
  }),
  objection({ event_type: type, company_id: company }, { companyId }) {
    if (companyId !== undefined && company !== companyId) return otherAccount('company_id');
    return notes.has(type) ? null : unknownType;
  },
  interpret: ({ event_type: type }) => nothing(notes.get(type) ?? 'concerns no books'),
  understands: [...notes.keys()],
});
