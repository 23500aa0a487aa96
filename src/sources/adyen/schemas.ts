/**
 * Adyen's wire shapes. Standard items: NotificationRequestItem of the Webhooks API. Platform events: the envelope, and
 * of transfers what moves a balance. Source: Adyen/adyen-openapi.
 */
import { z } from 'zod';
import { wireInstant } from '../instants.ts';
import { currencyCode, minorAmount } from '../reading.ts';
import { wireId, wireText } from '../wire.ts';

/** A number, or its digits as text. */
const value = z
  .union([
    minorAmount,
    z
      .string()
      .regex(/^-?\d{1,13}$/)
      .transform(Number),
  ])
  .pipe(minorAmount);
const money = z.object({ value, currency: currencyCode });

const flag = z.union([z.enum(['true', 'false']).transform((text) => text === 'true'), z.boolean()]);
const reference = z.string().max(255);

export const standardItem = z.object({
  NotificationRequestItem: z.object({
    pspReference: wireId,
    originalReference: reference.optional(),
    merchantAccountCode: wireId,
    merchantReference: reference.optional(),
    amount: money.optional(),
    eventCode: z.string().regex(/^[A-Z0-9_]{1,80}$/),
    eventDate: wireInstant.optional(),
    success: flag,
    reason: wireText.nullish(),
    additionalData: z
      .object({
        shopperReference: reference.optional(),
        'tokenization.shopperReference': reference.optional(),
        'recurring.shopperReference': reference.optional(),
        'modification.action': reference.optional(),
        disputeStatus: reference.optional(),
      })
      .nullish(),
  }),
  /** Of the batch; put into each item when it is taken apart. */
  live: flag.optional(),
});
export type StandardItem = z.infer<typeof standardItem>;
export type Item = StandardItem['NotificationRequestItem'];

export const platformEvent = z.object({
  type: z.string().regex(/^[A-Za-z0-9._]{1,160}$/),
  eventId: wireId.optional(),
  id: wireId.optional(),
  environment: z.string().max(40).optional(),
  timestamp: wireInstant.optional(),
  createdAt: wireInstant.optional(),
  data: z.record(z.string(), z.unknown()).default({}),
});
export type PlatformEvent = z.infer<typeof platformEvent>;

/** What of `data` tells one platform event from another. */
export const platformSubject = z.object({
  id: wireId.optional().catch(undefined),
  pspReference: wireId.optional().catch(undefined),
  accountHolder: z.object({ id: wireId }).optional().catch(undefined),
  balanceAccount: z.object({ id: wireId }).optional().catch(undefined),
  balanceAccountId: wireId.optional().catch(undefined),
  accountId: wireId.optional().catch(undefined),
  sequenceNumber: z.int().min(0).optional().catch(undefined),
  creationDate: wireInstant.optional().catch(undefined),
});

export const transfer = z.object({
  id: wireId,
  status: z.string().max(80),
  category: z.string().max(80).optional(),
  direction: z.enum(['incoming', 'outgoing']).optional(),
  balanceAccount: z.object({ id: wireId }).optional(),
  events: z
    .array(
      z.object({
        id: wireId,
        status: z.string().max(80).optional(),
        bookingDate: wireInstant.optional(),
        mutations: z
          .array(z.object({ currency: currencyCode, balance: minorAmount.optional() }))
          .max(20)
          .default([]),
      }),
    )
    .max(200)
    .default([]),
});
export type Transfer = z.infer<typeof transfer>;

/** The transfers of the first platform versions, which have one amount and a status. */
export const oldTransfer = z.object({
  id: wireId,
  status: z.string().max(80),
  amount: z.object({ value: minorAmount, currency: currencyCode }),
  balanceAccount: z.object({ id: wireId }).optional(),
});
export type OldTransfer = z.infer<typeof oldTransfer>;
