/**
 * PayPal: one event per delivery, signed with a certificate that is fetched, checked and kept. docs/sources/paypal.md
 * says how it is set up, what the proof is worth, and what becomes which fact.
 */
import type { PaypalCertificates } from '../../verification/paypal-signature.ts';
import { verifyPaypal } from '../../verification/paypal-signature.ts';
import { announcingSource } from '../announcing.ts';
import { unknownType } from '../reading.ts';
import type { SourceDefinition } from '../source.ts';
import { refundedPayment, typeReader, understoodTypes } from './interpret.ts';
import { dispute, type PaypalEvent, payment, paypalEvent, refund } from './schemas.ts';
import { type PaypalSettings, paypalSettings } from './settings.ts';

/** The payment or subscription whose history the event belongs to: PayPal names the payer in few of them. */
function subjectOf(event: PaypalEvent): string | null {
  const { event_type: type, resource } = event;
  if (type.startsWith('BILLING.SUBSCRIPTION.')) return resource.id ?? null;
  if (type.startsWith('CUSTOMER.DISPUTE.')) {
    const parsed = dispute.safeParse(resource);
    return parsed.success ? (parsed.data.disputed_transactions[0]?.seller_transaction_id ?? null) : null;
  }
  if (!/^PAYMENT\.(CAPTURE|SALE)\./.test(type)) return null;
  if (/\.(REFUNDED|REVERSED)$/.test(type)) {
    const parsed = refund.safeParse(resource);
    return parsed.success ? (refundedPayment(parsed.data) ?? parsed.data.id) : null;
  }
  const parsed = payment.safeParse(resource);
  return parsed.success ? (parsed.data.billing_agreement_id ?? parsed.data.id) : null;
}

const occurredAt = ({ create_time, resource }: PaypalEvent): number | null =>
  create_time ?? resource.status_update_time ?? resource.update_time ?? resource.create_time;

export const paypalSource = (certificates: PaypalCertificates): SourceDefinition<PaypalSettings> =>
  announcingSource<PaypalSettings, PaypalEvent>({
    provider: 'paypal',
    about: {
      name: 'PayPal',
      auth: 'an RSA signature over id, time, webhook and checksum of the body, by a certificate of a pinned host',
      trust: 'signed',
      acknowledges: '200 with the events and their lanes as JSON',
      dedupe: 'the event’s id, `WH-…`',
      retries: '25 times in three days',
      page: null,
    },
    settings: paypalSettings,
    verify: (delivery, secrets, settings) => verifyPaypal(delivery, secrets, certificates, settings.environment),
    event: paypalEvent,
    address: (event) => ({
      eventId: event.id,
      type: event.event_type,
      occurredAt: occurredAt(event),
      customer: subjectOf(event),
    }),
    objection: (event) => (typeReader(event.event_type) === null ? unknownType : null),
    interpret(event, stored) {
      const own = typeReader(event.event_type);
      if (own === null) return { kind: 'quarantine', reason: unknownType };
      return own.facts(event.resource, { occurredAt: stored.occurredAt, reason: event.event_type });
    },
    understands: understoodTypes,
  });
