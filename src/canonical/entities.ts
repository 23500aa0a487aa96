/**
 * Which legal entity's books a source event belongs to: where the books know what it is about, that object's; else what
 * the source's rules say. Pure. What concerns two entities is not booked: intercompany accounts are not kept here.
 */
import type { ExceptionDraft } from './decision.ts';
import type { CanonicalEvent } from './events.ts';
import type { ObjectKey } from './ids.ts';
import type { Currency } from './money.ts';
import type { ObjectState } from './objects.ts';
import { err, ok, type Result } from './result.ts';

export interface EntityRule {
  readonly currency: Currency | null;
  /** Dotted path in the provider's event, and the text that has to stand there. */
  readonly field: { readonly path: string; readonly equals: string } | null;
  readonly entity: string;
}

/** The first rule that fits; null when none does. @param valueAt text at a dotted path of the event, or null. */
export function entityByRule(
  rules: readonly EntityRule[],
  facts: readonly CanonicalEvent[],
  valueAt: (path: string) => string | null,
): string | null {
  const fits = ({ currency, field }: EntityRule): boolean =>
    (currency === null || facts.some((fact) => 'currency' in fact && fact.currency === currency)) &&
    (field === null || valueAt(field.path) === field.equals);
  return rules.find(fits)?.entity ?? null;
}

/** Customers and products are shared by entities; these are one entity's. */
const ofOneEntity: ReadonlySet<ObjectState['kind']> = new Set<ObjectState['kind']>([
  'invoice',
  'payment',
  'credit_note',
  'refund',
  'dispute',
  'payout',
]);

export const isOfOneEntity = ({ kind }: ObjectState): boolean => ofOneEntity.has(kind);

/**
 * The entity of the objects an event is about, as far as the books know them; `fallback` when they know none of them.
 * @param keys what the event's facts are about (`objectsOf`).
 */
export function entityOfObjects(
  keys: readonly ObjectKey[],
  find: (key: ObjectKey) => ObjectState | null,
  fallback: string,
): Result<string, ExceptionDraft> {
  const known = keys.map(find).filter((state) => state !== null && isOfOneEntity(state));
  const entities = [...new Set(known.flatMap((state) => state?.entity ?? []))].sort();
  const [only = fallback, other] = entities;
  if (other === undefined) return ok(only);
  return err({
    cause: 'unsupported',
    message: `It concerns ${entities.join(' and ')} at once. What one legal entity owes another is not booked here.`,
    remedy: 'Give each entity an account of its own at the provider, or book this one by hand in both.',
    amount: null,
    currency: null,
    object: known[0]?.key ?? null,
  });
}
