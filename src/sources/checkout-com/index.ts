/** Checkout.com: signed events of payments, disputes and payouts. docs/sources/checkout-com.md. */
import { err } from '../../canonical/result.ts';
import { equalsAny } from '../../verification/equality.ts';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import { type Delivery, type LiveSecret, liveSecrets, type Verification } from '../../verification/verification.ts';
import { announcingSource } from '../announcing.ts';
import { nothing, type Reader, reader, unknownType, unsupported, without } from '../reading.ts';
import type { Interpretation, QuarantineReason } from '../source.ts';
import { type Context, captured, declined, disputeStep, paidOut, refunded } from './money.ts';
import { action, type CheckoutEvent, checkoutEvent, dispute, payout, subject } from './schemas.ts';
import { type CheckoutSettings, checkoutSettings } from './settings.ts';

const scheme: HmacScheme = {
  form: { hash: 'SHA-256', key: 'text', signature: 'hex' },
  present: signatureHeader('cko-signature'),
  content: bodyAlone,
  time: null,
  evidence: ['cko-signature'],
};

const headerPrefix = 'authorization:';
const isHeaderKey = ({ value }: LiveSecret): boolean => value.startsWith(headerPrefix);
const MAX_HEADER_LENGTH = 4096;

/** The header first, where one is asked for: it is cheap, and strangers then learn nothing about the signature. */
async function verify(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  { authorization }: CheckoutSettings,
): Promise<Verification> {
  if (authorization) {
    const keys = liveSecrets(secrets.filter(isHeaderKey), delivery.receivedAt)
      .map(({ value }) => value.slice(headerPrefix.length))
      .filter((key) => key !== '');
    if (keys.length === 0) return err('no_live_secret');
    const presented = delivery.headers.get('authorization');
    if (presented === null) return err('header_missing');
    if (presented.length > MAX_HEADER_LENGTH) return err('header_malformed');
    if (!(await equalsAny(presented, keys))) return err('credentials_wrong');
  }
  return verifyHmac(
    delivery,
    secrets.filter((secret) => !isHeaderKey(secret)),
    scheme,
  );
}

const forPerson = (detail: string): Reader<unknown> => ({ problem: () => null, facts: () => unsupported(detail) });
const held = without('money is held or released, not moved');
const opened = reader(dispute, disputeStep('withdrawn'));
const won = reader(dispute, disputeStep('won'));
const lost = reader(dispute, disputeStep('lost'));

const readers: ReadonlyMap<string, Reader<Context>> = new Map<string, Reader<Context>>([
  ['payment_captured', reader(action, captured)],
  ['payment_refunded', reader(action, refunded)],
  ['payment_declined', reader(action, declined)],
  ['payment_capture_declined', reader(action, declined)],
  ['payment_approved', without('authorised; money moves at its capture')],
  ['payment_pending', held],
  ['payment_capture_pending', held],
  ['payment_refund_pending', held],
  ['payment_voided', held],
  ['payment_void_declined', held],
  ['payment_expired', held],
  ['payment_canceled', held],
  ['payment_refund_declined', without('the refund did not take place')],
  ['payment_returned', forPerson('payment_returned: a bank took a payment back')],
  ['payment_paid', forPerson('payment_paid: money was sent to somebody’s card or account')],
  ['dispute_received', opened],
  ['dispute_evidence_required', opened],
  ['dispute_evidence_submitted', without('evidence moves no money')],
  ['dispute_evidence_acknowledged_by_scheme', without('evidence moves no money')],
  ['dispute_won', won],
  ['dispute_canceled', won],
  ['dispute_lost', lost],
  ['dispute_accepted', lost],
  ['dispute_expired', lost],
  [
    'dispute_resolved',
    forPerson('dispute_resolved: the payment was refunded; whether the dispute took money is not told'),
  ],
  ['payout_paid', reader(payout, paidOut)],
  ['payout_carried_forward', without('a payout that is not made yet')],
  ['payout_returned', forPerson('payout_returned: a payout came back')],
  ['payout_failed', forPerson('payout_failed: a payout was not made')],
]);

/** Checks of cards and people. Not here, so shown to a person: arbitration after a dispute was decided, cards that are issued. */
const withoutEffect = /^(?:authentication_|card_verif|identity_verification_|id_document_verification_)/;

function objection({ type, data }: CheckoutEvent): QuarantineReason | null {
  const own = readers.get(type);
  if (own !== undefined) return own.problem(data);
  return withoutEffect.test(type) ? null : unknownType;
}

export const checkoutCom = announcingSource<CheckoutSettings, CheckoutEvent>({
  provider: 'checkout-com',
  about: {
    name: 'Checkout.com',
    auth: '`Cko-Signature`: HMAC-SHA256 over the body; no time is signed. A key in `Authorization` beside it, where it is set',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: 'the event’s id, `evt_…`',
    retries: 'eight times in some thirty hours',
    page: null,
  },
  settings: checkoutSettings,
  verify,
  event: checkoutEvent,
  address(event) {
    const about = subject.parse(event.data);
    return {
      eventId: event.id,
      type: event.type,
      occurredAt: event.created_on ?? event.timestamp ?? null,
      // Captures, refunds and disputes name the payment and not the customer: its lane is its own.
      customer: /^(?:payment|dispute)_/.test(event.type) ? (about.payment_id ?? about.id ?? null) : null,
    };
  },
  objection,
  interpret(event, { occurredAt }, settings): Interpretation {
    const own = readers.get(event.type);
    if (own !== undefined) return own.facts(event.data, { occurredAt, settings });
    return withoutEffect.test(event.type)
      ? nothing(`${event.type} concerns no books`)
      : { kind: 'quarantine', reason: unknownType };
  },
  understands: [...readers.keys()].sort(),
});
