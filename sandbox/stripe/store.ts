/** What the stand-in keeps: objects by id, with the one other id each kind is listed by. */
import { z } from 'zod';

export const storedObject = z.looseObject({ id: z.string().min(1).max(255), object: z.string().min(1).max(64) });
export type StoredObject = z.infer<typeof storedObject>;

export const fault = z.strictObject({
  /** `hang` answers after `hangMs`, long after any client gave up. */
  kind: z.enum(['500', '429', 'hang']),
  /** Requests it lasts. */
  times: z.int().min(1).max(1000),
  hangMs: z.int().min(1).max(60_000).default(30_000),
  retryAfterSeconds: z.int().min(0).max(3600).default(1),
});

export const upload = z.strictObject({
  objects: z.array(storedObject).max(1000).default([]),
  /** Balance transactions of a payout, by payout id: the transactions themselves do not say. */
  payouts: z.record(z.string(), z.array(z.string()).max(10_000)).default({}),
});

/** Objects travel as JSON text, so that a Durable Object's RPC carries them unchanged. */
export interface StripeStore {
  save(objects: string, payouts: string): Promise<void>;
  find(id: string): Promise<string | null>;
  /** In the order they were saved, after the object `after`. */
  listed(kind: string, owner: string, after: string | null, limit: number): Promise<string[]>;
  arm(fault: string): Promise<void>;
  /** The fault this request meets, if one is armed. */
  meet(): Promise<string | null>;
}

const reference = z.union([z.string(), z.object({ id: z.string() }).transform((object) => object.id)]);
const owners = z.object({
  charge: reference.nullish().catch(null),
  customer: reference.nullish().catch(null),
  payment: z.object({ payment_intent: reference.nullish() }).nullish().catch(null),
});

/** The id an object is listed by: refunds by charge, credit notes by customer, invoice payments by payment intent. */
export function ownerOf(object: StoredObject): string | null {
  const { charge, customer, payment } = owners.parse(object);
  switch (object.object) {
    case 'refund':
      return charge ?? null;
    case 'credit_note':
      return customer ?? null;
    case 'invoice_payment':
      return payment?.payment_intent ?? null;
    default:
      return null;
  }
}
