/**
 * Adyen. Standard webhooks are batches whose items are signed one by one; a refused batch holds up the queue, so
 * whatever is authentic is taken. Platform webhooks are signed whole. docs/sources/adyen.md has what becomes which fact.
 */
import { z } from 'zod';
import { unreachable } from '../../canonical/result.ts';
import { isBasicCredential, verifyBasic } from '../../verification/basic.ts';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import type { Delivery, LiveSecret, Verification } from '../../verification/verification.ts';
import { announcingSource, type EventAddress, otherAccount } from '../announcing.ts';
import { isJsonObject, member } from '../json.ts';
import { unknownType, unsupported } from '../reading.ts';
import type { Interpretation, QuarantineReason, SourceDefinition } from '../source.ts';
import { verifyAdyenItems } from './item-signature.ts';
import { platformReader, platformTypes } from './platform.ts';
import { type PlatformEvent, platformEvent, platformSubject, type StandardItem, standardItem } from './schemas.ts';
import { type AdyenSettings, adyenSettings } from './settings.ts';
import { interpretStandard, isStandardType, paymentReference, standardTypes } from './standard.ts';

const platformScheme: HmacScheme = {
  form: { hash: 'SHA-256', key: 'hex', signature: 'base64' },
  present: signatureHeader('hmacsignature'),
  content: bodyAlone,
  time: null,
  evidence: ['hmacsignature', 'protocol'],
};

const signed = (delivery: Delivery, secrets: readonly LiveSecret[], { webhook }: AdyenSettings) =>
  webhook === 'standard'
    ? verifyAdyenItems(delivery, secrets)
    : verifyHmac(
        delivery,
        secrets.filter((secret) => !isBasicCredential(secret.value)),
        platformScheme,
      );

/** With both proofs Basic is checked first: it is cheap, and strangers then learn nothing about the other. */
async function verify(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  settings: AdyenSettings,
): Promise<Verification> {
  switch (settings.proof) {
    case 'hmac':
      return signed(delivery, secrets, settings);
    case 'basic':
      return verifyBasic(delivery, secrets);
    case 'hmac-and-basic': {
      const caller = await verifyBasic(delivery, secrets);
      return caller.ok ? signed(delivery, secrets, settings) : caller;
    }
    default:
      return unreachable(settings.proof);
  }
}

/** A batch becomes its items, each with the batch's `live`; a platform event stays whole. */
function split(json: unknown): readonly unknown[] | null {
  if (!isJsonObject(json)) return null;
  const items = member(json, 'notificationItems');
  if (items === undefined) return [json];
  if (!Array.isArray(items) || items.length === 0) return null;
  const live = member(json, 'live');
  return items.map((item: unknown) => (isJsonObject(item) && live !== undefined ? { ...item, live } : item));
}

const adyenEvent = z.union([standardItem, platformEvent]);
type AdyenEvent = StandardItem | PlatformEvent;

const isStandard = (event: AdyenEvent): event is StandardItem => 'NotificationRequestItem' in event;

/** Adyen gives items no id: reference, code and outcome are one (docs.adyen.com, "handle webhook events"). */
function addressOf(event: AdyenEvent): EventAddress {
  if (isStandard(event)) {
    const item = event.NotificationRequestItem;
    return {
      eventId: `${item.pspReference}:${item.eventCode}:${item.success}`,
      type: item.eventCode,
      occurredAt: item.eventDate ?? null,
      // A payment's captures, refunds and disputes name the payment and not always the shopper: its lane is its own.
      customer: paymentReference(item),
    };
  }
  const subject = platformSubject.parse(event.data);
  const occurredAt = event.timestamp ?? event.createdAt ?? subject.creationDate ?? null;
  const object =
    event.id ??
    subject.id ??
    subject.pspReference ??
    subject.balanceAccountId ??
    subject.accountId ??
    subject.accountHolder?.id ??
    subject.balanceAccount?.id ??
    '';
  return {
    eventId: event.eventId ?? `${event.type}:${object}:${subject.sequenceNumber ?? occurredAt ?? ''}`,
    type: event.type,
    occurredAt,
    customer: null,
  };
}

/** `live` of a batch, or `environment` of a platform event, against what the source is for. */
function isWrongMode(event: AdyenEvent, { live }: AdyenSettings): boolean {
  if (live === undefined) return false;
  const actual = isStandard(event)
    ? event.live
    : event.environment === undefined
      ? undefined
      : event.environment === 'live';
  return actual !== live;
}

function objection(event: AdyenEvent, settings: AdyenSettings): QuarantineReason | null {
  if (isStandard(event) !== (settings.webhook === 'standard')) {
    return { code: 'unsupported_shape', detail: `webhook: expected the ${settings.webhook} kind` };
  }
  if (isWrongMode(event, settings)) return { code: 'wrong_mode', detail: `live: expected ${settings.live}` };
  if (!isStandard(event)) return platformReader(event.type) === null ? unknownType : null;
  const { merchantAccountCode, eventCode } = event.NotificationRequestItem;
  const only = settings.webhook === 'standard' ? settings.merchantAccount : undefined;
  if (only !== undefined && only !== merchantAccountCode) return otherAccount('merchantAccountCode');
  return isStandardType(eventCode) ? null : unknownType;
}

function interpret(event: AdyenEvent, receivedAt: number, occurredAt: number, settings: AdyenSettings): Interpretation {
  if (isStandard(event) && settings.webhook === 'standard') {
    return interpretStandard(event.NotificationRequestItem, occurredAt, settings);
  }
  if (isStandard(event) || settings.webhook === 'standard') return unsupported('webhook: of the other kind');
  const own = platformReader(event.type);
  if (own === null) return { kind: 'quarantine', reason: unknownType };
  return own.facts(event.data, { occurredAt: addressOf(event).occurredAt ?? receivedAt, settings });
}

export const adyen: SourceDefinition<AdyenSettings> = announcingSource<AdyenSettings, AdyenEvent>({
  provider: 'adyen',
  about: {
    name: 'Adyen',
    auth: 'standard: HMAC-SHA256 in each item; platform: HMAC-SHA256 over the body; no time is signed',
    trust: 'signed',
    acknowledges: '`[accepted]`',
    dedupe: '`pspReference`, code and outcome; platform: type, object and sequence number',
    retries: 'for up to 30 days, and nothing after it passes before',
    page: null,
  },
  settings: adyenSettings,
  verify,
  split,
  event: adyenEvent,
  address: addressOf,
  objection,
  interpret: (event, stored, settings) => interpret(event, stored.receivedAt, stored.occurredAt, settings),
  // Older accounts look for this text; all take any 2xx.
  acknowledge: () => new Response('[accepted]', { headers: { 'content-type': 'text/plain' } }),
  understands: [...standardTypes, ...platformTypes],
});
