/** Adyen webhooks of our own making, signed by its published rule. */
import { createHmac } from 'node:crypto';

export const HMAC_KEY = '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056';

export interface ItemFields {
  readonly eventCode: string;
  readonly success?: string;
  readonly pspReference?: string;
  readonly originalReference?: string;
  readonly amount?: { readonly value: number | string; readonly currency: string };
  readonly additionalData?: Readonly<Record<string, string>>;
  readonly reason?: string;
}

export function item(fields: ItemFields, hmacKey = HMAC_KEY) {
  const full = {
    pspReference: 'PSP00001',
    merchantAccountCode: 'AcmeECOM',
    merchantReference: 'order:\\1/é',
    eventDate: '2026-11-20T11:00:00+01:00',
    success: 'true',
    amount: { value: 1000, currency: 'EUR' },
    ...fields,
  };
  const signed = [
    full.pspReference,
    full.originalReference ?? '',
    full.merchantAccountCode,
    full.merchantReference,
    full.amount.value,
    full.amount.currency,
    full.eventCode,
    full.success,
  ].join(':');
  const hmacSignature = createHmac('sha256', Buffer.from(hmacKey, 'hex')).update(signed).digest('base64');
  return { ...full, additionalData: { ...full.additionalData, hmacSignature } };
}

export const batch = (...items: readonly object[]) => ({
  live: 'true',
  notificationItems: items.map((each) => ({ NotificationRequestItem: each })),
});

export const standard = { webhook: 'standard', capture: 'manual' } as const;
export const platform = { webhook: 'platform', balanceAccounts: ['BA1'] } as const;

export const transfer = (status: string, mutations: readonly object[], change: object = {}) => ({
  type: 'balancePlatform.transfer.updated',
  environment: 'live',
  timestamp: '2026-11-20T11:00:05+01:00',
  data: {
    id: 'TR1',
    status,
    category: 'bank',
    direction: 'outgoing',
    sequenceNumber: 3,
    balanceAccount: { id: 'BA1' },
    amount: { value: 5000, currency: 'EUR' },
    events: mutations.map((mutation, index) => ({
      id: `EV${index + 1}`,
      status,
      bookingDate: '2026-11-20T11:00:00+01:00',
      mutations: [mutation],
    })),
    ...change,
  },
});
