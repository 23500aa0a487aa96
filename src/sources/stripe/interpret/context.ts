/** What every interpreter works with. Problems are collected, not thrown: one event names all that is wrong with it. */
import type { CanonicalEvent } from '../../../canonical/events.ts';
import type { EpochMs, ObjectKey } from '../../../canonical/ids.ts';
import { type Currency, type MinorUnits, minorUnits, ZERO } from '../../../canonical/money.ts';
import { type Enrichment, enrichmentKey, keysOf } from '../../source.ts';
import { fromStripe, stripeCurrency } from '../amounts.ts';
import type { StripeEvent } from '../envelope.ts';
import { idOf, type Reference } from '../schemas/common.ts';

const MAX_PROBLEMS = 20;

/** What keeps an event from being understood: paths and expectations, never values. */
export class Problems {
  readonly #found: string[] = [];

  add(path: string, expectation: string): void {
    if (this.#found.length < MAX_PROBLEMS) this.#found.push(`${path}: ${expectation}`);
  }

  get any(): boolean {
    return this.#found.length > 0;
  }

  describe(): string {
    return this.#found.join('; ').slice(0, 500);
  }
}

export interface Context {
  readonly event: StripeEvent;
  readonly enrichment: Enrichment;
  readonly problems: Problems;
  /** The event's `created`: when the provider says it happened. Also the version of snapshots. */
  readonly occurredAt: EpochMs;
}

export interface Outcome {
  readonly facts: readonly CanonicalEvent[];
  readonly note: string | null;
}

export const facts = (...all: readonly CanonicalEvent[]): Outcome => ({ facts: all, note: null });
export const nothing = (note: string): Outcome => ({ facts: [], note });

export const keyOf = keysOf('stripe');
export const fromSeconds = (value: number): EpochMs => value * 1000;

/** The amount in the books' unit; a problem and zero when it cannot be stated exactly. */
export function money(context: Context, path: string, amount: number, currency: Currency): MinorUnits {
  const converted = fromStripe(amount, currency);
  if (converted.ok) return converted.value;
  context.problems.add(path, converted.error);
  return ZERO;
}

/** A sum of amounts; a problem and zero when it leaves the safe integers, where amounts would be rounded. */
export function exactly(context: Context, path: string, sum: number): MinorUnits {
  if (Number.isSafeInteger(sum)) return minorUnits(sum);
  context.problems.add(path, 'too large');
  return ZERO;
}

export { stripeCurrency as currencyOf };

/** A charge's or refund's payment: the payment intent where there is one, as all its charges are one payment. */
export function paymentKey(
  paymentIntent: Reference | null | undefined,
  charge: Reference | null | undefined,
): ObjectKey | null {
  const id = idOf(paymentIntent) ?? idOf(charge);
  return id === null ? null : keyOf('payment', id);
}

/** The customer, or the account that stands for one (`customer_account`, API v2 accounts). */
export function customerKey(object: {
  readonly customer?: Reference | null | undefined;
  readonly customer_account?: string | null | undefined;
}): ObjectKey | null {
  const id = idOf(object.customer) ?? object.customer_account ?? null;
  return id === null ? null : keyOf('customer', id);
}

export function requiredCustomer(context: Context, object: Parameters<typeof customerKey>[0]): ObjectKey {
  const key = customerKey(object);
  if (key === null) context.problems.add('customer', 'expected a customer');
  return key ?? keyOf('customer', 'unknown');
}

/** Present keys only: an object key that is null requires nothing. */
export const requiring = (...keys: readonly (ObjectKey | null)[]): ObjectKey[] => keys.filter((key) => key !== null);

/** A fetched object as it came, or null when it could not be had. The caller's schema stands between. */
export const fetched = (context: Context, kind: string, id: string): unknown =>
  context.enrichment.get(enrichmentKey({ kind, id, account: null })) ?? null;
