/**
 * One sample of each event worth sending by hand, by provider and event: bodies as the provider writes them, unsigned.
 * `npm run send` signs and sends them. A new provider is one entry of `samples`.
 */
import * as chargebee from './chargebee/events.ts';
import { accountNotification, opportunityNotification, outboundMessage } from './salesforce/messages.ts';
import * as stripe from './stripe/events.ts';

/** What makes one sending different from the next: ids are made of `key`, instants of `at`. */
export interface SampleMoment {
  /** Twelve letters or digits. Two samples of one key are about the same customer and documents. */
  readonly key: string;
  /** Epoch ms. */
  readonly at: number;
}

export interface Sample {
  /** The provider's event id in `make`'s body, where the gateway's timeline is found under. */
  readonly eventId: (moment: SampleMoment) => string;
  readonly contentType: string;
  readonly make: (moment: SampleMoment) => string;
  /** The event of the same provider that comes before it in the order things happen; null when there is none. */
  readonly after: string | null;
}

const seconds = (at: number): number => Math.floor(at / 1000);
const DAY = 86_400;

// ---- Stripe ----------------------------------------------------------------------

const stripeEvent = (
  name: string,
  after: string | null,
  object: (moment: SampleMoment) => stripe.StripeObject,
): Sample => {
  const eventId = ({ key }: SampleMoment): string => `evt_${name.replaceAll('.', '_')}_${key}`;
  return {
    eventId,
    contentType: 'application/json; charset=utf-8',
    make: (moment) =>
      JSON.stringify(
        // The classic shape: its charges name the invoice they pay.
        stripe.event(name, object(moment), { id: eventId(moment), created: seconds(moment.at), shape: 'classic' }),
      ),
    after,
  };
};

const stripeCharge = ({ key, at }: SampleMoment, refunded: number): stripe.StripeObject =>
  stripe.charge({
    ...{ id: `ch_${key}`, amount: 12_000, currency: 'eur', customer: `cus_${key}`, paymentIntent: `pi_${key}` },
    ...{ invoice: `in_${key}`, shape: 'classic', created: seconds(at), amountRefunded: refunded },
    balanceTransaction: stripe.balanceTransaction({
      ...{ id: `txn_${key}`, source: `ch_${key}`, amount: 12_000, currency: 'eur', fee: 330, created: seconds(at) },
    }),
  });

const stripeSamples: Readonly<Record<string, Sample>> = {
  'customer.created': stripeEvent('customer.created', null, ({ key, at }) =>
    stripe.customer({ id: `cus_${key}`, name: `Sample ${key}`, email: 'books@example.com', created: seconds(at) }),
  ),
  'invoice.finalized': stripeEvent('invoice.finalized', 'customer.created', ({ key, at }) =>
    stripe.invoice({
      ...{ id: `in_${key}`, number: `SAMPLE-${key}`, customer: `cus_${key}`, currency: 'eur', shape: 'classic' },
      customerName: `Sample ${key}`,
      finalizedAt: seconds(at),
      lines: [
        {
          ...{ id: `il_${key}`, product: 'prod_sample', description: 'Sample plan, one month', amount: 12_000 },
          period: { start: seconds(at), end: seconds(at) + 30 * DAY },
        },
      ],
    }),
  ),
  'charge.succeeded': stripeEvent('charge.succeeded', 'invoice.finalized', (moment) => stripeCharge(moment, 0)),
  'charge.refunded': stripeEvent('charge.refunded', 'charge.succeeded', (moment) => stripeCharge(moment, 5_000)),
};

// ---- Chargebee -------------------------------------------------------------------

const chargebeeCustomer = ({ key }: SampleMoment): chargebee.CustomerDetails => ({
  id: `cb-${key}`,
  company: `Sample ${key}`,
  email: 'books@example.com',
  country: 'FR',
});

const chargebeeEvent = (
  name: string,
  after: string | null,
  body: (meta: chargebee.EventMeta, moment: SampleMoment) => chargebee.ChargebeeEventBody,
): Sample => {
  const eventId = ({ key }: SampleMoment): string => `ev_${name}_${key}`;
  return {
    eventId,
    contentType: 'application/json',
    make: (moment) => JSON.stringify(body({ id: eventId(moment), occurredAt: seconds(moment.at) }, moment)),
    after,
  };
};

const chargebeeSamples: Readonly<Record<string, Sample>> = {
  customer_created: chargebeeEvent('customer_created', null, (meta, moment) =>
    chargebee.customerEvent(meta, 'customer_created', chargebeeCustomer(moment)),
  ),
  invoice_generated: chargebeeEvent('invoice_generated', 'customer_created', (meta, moment) =>
    chargebee.invoiceEvent(meta, 'invoice_generated', {
      ...{ id: `CB-${moment.key}`, customer: chargebeeCustomer(moment), currency: 'EUR', date: meta.occurredAt },
      lines: [
        {
          ...{ id: `li-${moment.key}`, itemPrice: 'sample-EUR-monthly', description: 'Sample plan', amount: 9_900 },
          ...{ from: meta.occurredAt, to: meta.occurredAt + 30 * DAY },
        },
      ],
    }),
  ),
  payment_succeeded: chargebeeEvent('payment_succeeded', 'invoice_generated', (meta, moment) =>
    chargebee.paymentEvent(meta, 'payment_succeeded', {
      ...{ id: `txn-${moment.key}`, customer: chargebeeCustomer(moment), currency: 'EUR', amount: 9_900 },
      date: meta.occurredAt,
      applied: [{ invoiceId: `CB-${moment.key}`, amount: 9_900 }],
    }),
  ),
};

// ---- Salesforce ------------------------------------------------------------------

/** Tenant demo's organization. */
const organizationId = '00d000000000001AAA';

const outbound = (
  letter: string,
  after: string | null,
  notification: (
    at: { notificationId: string; modifiedAt: string },
    moment: SampleMoment,
  ) => Parameters<typeof outboundMessage>[0]['notifications'][number],
): Sample => {
  const eventId = ({ key }: SampleMoment): string => `04l${letter}${key.slice(1)}`;
  return {
    eventId,
    contentType: 'text/xml; charset=UTF-8',
    make: (moment) => {
      const at = { notificationId: eventId(moment), modifiedAt: new Date(moment.at).toISOString() };
      return outboundMessage({
        organizationId,
        actionId: '04k000000000001AAA',
        notifications: [notification(at, moment)],
      });
    },
    after,
  };
};

const salesforceSamples: Readonly<Record<string, Sample>> = {
  Account: outbound('a', null, (at, { key }) =>
    accountNotification({ ...at, recordId: `001${key}` }, { name: `Sample ${key}`, country: 'FR' }),
  ),
  Opportunity: outbound('o', 'Account', (at, { key }) =>
    opportunityNotification(
      { ...at, recordId: `006${key}` },
      { accountId: `001${key}`, name: `Sample ${key}`, stage: 'Closed Won', amount: '12000.0', currency: 'EUR' },
    ),
  ),
};

// ---- Senders that only a config describes ----------------------------------------

/** As in the example of docs/sources/custom.md. */
const customSamples: Readonly<Record<string, Sample>> = {
  'invoice.sent': described('invoice.sent', null, ({ key, at }) => ({
    ...{ number: `AC-${key}`, currency: 'EUR', due_on: new Date(at + 30 * DAY * 1000).toISOString().slice(0, 10) },
    customer: { id: key, name: `Sample ${key}` },
    lines: [{ id: '1', text: 'Sample licence', net: '100.00', taxes: [] }],
  })),
  'payment.received': described('payment.received', 'invoice.sent', ({ key }) => ({
    ...{ reference: `P-${key}`, invoice: `AC-${key}`, currency: 'EUR', amount: '100.00', customer: { id: key } },
  })),
};

/** As in the example of docs/sources/standard-webhooks.md. */
const standardWebhooksSamples: Readonly<Record<string, Sample>> = {
  'account.updated': described('account.updated', null, ({ key }) => ({
    account: { id: key, name: `Sample ${key}`, email: 'books@example.com' },
  })),
};

function described(name: string, after: string | null, data: (moment: SampleMoment) => object): Sample {
  const eventId = ({ key }: SampleMoment): string => `${name.replaceAll('.', '-')}-${key}`;
  return {
    eventId,
    contentType: 'application/json',
    make: (moment) => {
      const at = new Date(moment.at).toISOString();
      return JSON.stringify({ id: eventId(moment), type: name, timestamp: at, created_at: at, data: data(moment) });
    },
    after,
  };
}

/** By provider, then by the provider's word for the event. */
export const samples: Readonly<Record<string, Readonly<Record<string, Sample>>>> = {
  stripe: stripeSamples,
  salesforce: salesforceSamples,
  chargebee: chargebeeSamples,
  custom: customSamples,
  'standard-webhooks': standardWebhooksSamples,
};
