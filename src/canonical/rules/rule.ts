/** What every rule is written with: its type, its answers, its lookups. */
import type { Decision, EntityBooks, ExceptionDraft, NothingReason, ObjectLookup } from '../decision.ts';
import type { TargetDocument } from '../documents.ts';
import type { DraftEntry } from '../entry.ts';
import type { CanonicalEvent, CanonicalKind } from '../events.ts';
import { dateIn, type EpochMs, type IsoDate, type ObjectKey } from '../ids.ts';
import { formatMinor, type Money } from '../money.ts';
import type { ObjectState, StateOf } from '../objects.ts';
import { nextDay } from '../periods.ts';
import { err, ok, type Result } from '../result.ts';

export interface RuleContext {
  readonly books: EntityBooks;
  readonly objects: ObjectLookup;
}

/** One fact family's rule. Pure: same fact and same books, same decision. Throws only on a bug. */
export type Rule<Fact extends CanonicalEvent> = (fact: Fact, context: RuleContext) => Decision;
export type FactOf<K extends CanonicalKind> = Extract<CanonicalEvent, { readonly kind: K }>;

/** A value, or the exception a person has to resolve first. */
export type OrException<T> = Result<T, ExceptionDraft>;

export const nothing = (reason: NothingReason, note: string): Decision => ({ outcome: 'nothing', reason, note });
export const waitFor = (...requires: readonly ObjectKey[]): Decision => ({ outcome: 'wait', requires });
export const refuse = (exception: ExceptionDraft): Decision => ({ outcome: 'exception', exception });

export interface Booking {
  readonly entries?: readonly DraftEntry[];
  readonly documents?: readonly TargetDocument[];
  readonly objects: readonly ObjectState[];
  readonly notices?: readonly ExceptionDraft[];
  readonly note?: string | null;
}

export const booked = (booking: Booking): Decision => ({
  outcome: 'booked',
  entries: booking.entries ?? [],
  documents: booking.documents ?? [],
  objects: booking.objects,
  notices: booking.notices ?? [],
  note: booking.note ?? null,
});

const isKind = <K extends ObjectState['kind']>(state: ObjectState, kind: K): state is StateOf<K> => state.kind === kind;

/** @throws when the books hold another kind of object under that key: two sources' keys collide, which is a bug. */
export function find<K extends ObjectState['kind']>(context: RuleContext, key: ObjectKey, kind: K): StateOf<K> | null {
  const state = context.objects(key);
  if (state === null) return null;
  if (!isKind(state, kind)) throw new Error(`${key} is a ${state.kind}, not a ${kind}`);
  return state;
}

/** The objects laid over those of the books. */
export const withObjects = (context: RuleContext, changed: readonly ObjectState[]): RuleContext => {
  const overlay = new Map(changed.map((state) => [state.key, state]));
  return { books: context.books, objects: (key) => overlay.get(key) ?? context.objects(key) };
};

export function problem(
  cause: ExceptionDraft['cause'],
  object: ObjectKey | null,
  at: { readonly message: string; readonly remedy: string; readonly stake: Money | null },
): ExceptionDraft {
  return {
    cause,
    message: at.message,
    remedy: at.remedy,
    amount: at.stake?.amount ?? null,
    currency: at.stake?.currency ?? null,
    object,
  };
}

export const spoken = (value: Money): string => `${formatMinor(value.amount, value.currency)} ${value.currency}`;

export interface BookingDate {
  readonly date: IsoDate;
  /** The day it belongs to, when its period was closed and the policy moved it; shown in the description. */
  readonly movedFrom: IsoDate | null;
}

/** The day a fact is booked on: its own day in the entity's time zone, unless that is closed. */
export const bookingDate = (
  context: RuleContext,
  occurredAt: EpochMs,
  object: ObjectKey,
  stake: Money | null,
): OrException<BookingDate> => openDay(context, dateIn(context.books.timeZone, occurredAt), object, stake);

/** `date`, unless the books are closed by then: the policy moves it or a person decides. */
export function openDay(
  context: RuleContext,
  date: IsoDate,
  object: ObjectKey | null,
  stake: Money | null,
): OrException<BookingDate> {
  const { closedUntil, policies } = context.books;
  if (closedUntil === null || date > closedUntil) return ok({ date, movedFrom: null });
  if (policies.latePeriod === 'next-open') return ok({ date: nextDay(closedUntil), movedFrom: date });
  return err(
    problem('period_closed', object, {
      message: `It belongs to ${date}, and the books are closed until ${closedUntil}.`,
      remedy: 'Reopen the period, or set the policy latePeriod to next-open; it is then tried again by itself.',
      stake,
    }),
  );
}

/** Says in the books that an entry stands on another day than its own. */
export const describe = (text: string, when: BookingDate): string =>
  when.movedFrom === null ? text : `${text} (moved from ${when.movedFrom}, period closed)`;
