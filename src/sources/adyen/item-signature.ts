/**
 * Adyen's standard webhooks: each item of the batch carries its own signature, HMAC-SHA256 (hex key, base64 digest) over
 * eight of its fields joined by colons, absent ones empty, nothing escaped (adyen-node-api-library, hmacValidator).
 *
 * It binds those eight only: reference, original reference, account, merchant reference, amount, currency, event code
 * and success. The date and everything in `additionalData` is not signed, so no amount may ever be taken from there.
 */
import { z } from 'zod';
import { err, ok } from '../../canonical/result.ts';
import { isBasicCredential } from '../../verification/basic.ts';
import { hmacMatches } from '../../verification/hmac-scheme.ts';
import {
  asVerified,
  type Delivery,
  type LiveSecret,
  liveSecrets,
  type Verification,
} from '../../verification/verification.ts';
import { parseJson } from '../json.ts';

const MAX_ITEMS = 250;
const form = { hash: 'SHA-256', key: 'hex', signature: 'base64' } as const;

/** Text, or a number as it was written; absent and null count as empty, as Adyen's own libraries have it. */
const field = z
  .union([z.string(), z.number(), z.bigint(), z.boolean()])
  .nullish()
  .transform((value) => (value === undefined || value === null ? '' : String(value)));

const item = z.object({
  pspReference: field,
  originalReference: field,
  merchantAccountCode: field,
  merchantReference: field,
  amount: z.object({ value: field, currency: field }).nullish(),
  eventCode: field,
  success: field,
  additionalData: z.object({ hmacSignature: z.string().max(512).optional() }).nullish(),
});
type Item = z.infer<typeof item>;

const batch = z.object({
  notificationItems: z
    .array(z.object({ NotificationRequestItem: item }))
    .min(1)
    .max(MAX_ITEMS),
});

const signedText = (of: Item): string =>
  [
    of.pspReference,
    of.originalReference,
    of.merchantAccountCode,
    of.merchantReference,
    of.amount?.value ?? '',
    of.amount?.currency ?? '',
    of.eventCode,
    of.success,
  ].join(':');

/**
 * Accepts when every item is signed with a live key; one that is not refuses them all. Secrets that are credentials
 * (with a colon) belong to Basic and are passed over. Never throws on what a sender can send.
 * Errors: `header_malformed` (no such batch), `header_missing` (an item without signature), `no_live_secret`,
 * `signature_mismatch`.
 */
export async function verifyAdyenItems(delivery: Delivery, secrets: readonly LiveSecret[]): Promise<Verification> {
  const json = parseJson(delivery.body);
  const parsed = json.ok ? batch.safeParse(json.value) : null;
  if (parsed === null || !parsed.success) return err('header_malformed');
  const keys = liveSecrets(secrets, delivery.receivedAt)
    .map((secret) => secret.value)
    .filter((value) => !isBasicCredential(value));
  for (const { NotificationRequestItem: each } of parsed.data.notificationItems) {
    const signature = each.additionalData?.hmacSignature;
    if (signature === undefined) return err('header_missing');
    const message = new Uint8Array(new TextEncoder().encode(signedText(each)));
    const match = await hmacMatches(form, keys, message, [signature]);
    if (match !== 'match') return err(match);
  }
  // The signatures are in the bytes that are kept; nothing else is needed to check them again.
  return ok(asVerified(delivery, 'signed', { scheme: 'adyen-items' }));
}
