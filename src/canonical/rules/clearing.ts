/** The processor's side of a movement: what changed on its balance, what it kept, what it converted. */
import type { Settlement } from '../events.ts';
import type { IsoDate, ObjectKey } from '../ids.ts';
import { type Currency, type MinorUnits, type Money, minorUnits } from '../money.ts';
import { err, ok } from '../result.ts';
import { baseOn, settledBase, share } from './fx.ts';
import type { LineDraft } from './lines.ts';
import { type OrException, problem, type RuleContext, spoken } from './rule.ts';

export interface CashMovement {
  /** Sum to `amount` in presentment currency and `base` in base; every other currency sums to zero. */
  readonly lines: readonly LineDraft[];
  readonly base: MinorUnits;
}

export interface Cash {
  /** Presentment; positive into the processor balance, negative out of it. */
  readonly moved: Money;
  readonly settlement: Settlement | null;
  readonly date: IsoDate;
  readonly object: ObjectKey;
  /** The payment whose money it is, where the movement has an object of its own. */
  readonly item?: ObjectKey;
  /** True: the gross goes to clearing, and the fee is booked by itself later (`feeAlone`). */
  readonly feeLater?: boolean;
}

/** Whether a listed settlement can be the one of this collection: in one currency the gross is the amount. */
export const settles = (settlement: Settlement, collected: Money): boolean =>
  settlement.currency !== collected.currency || settlement.gross === collected.amount;

function contradiction({ moved, object }: Cash, settlement: Settlement): OrException<CashMovement> | null {
  const { gross, fee, feeTax, net } = settlement;
  const adds = gross - fee - feeTax === net;
  const sameSign = Math.sign(gross) === Math.sign(moved.amount) || gross === 0;
  const same = settles(settlement, moved);
  if (adds && sameSign && same) return null;
  return err(
    problem('does_not_add_up', object, {
      message: adds
        ? `The processor's balance changed by ${spoken({ amount: gross, currency: settlement.currency })} for a movement of ${spoken(moved)}.`
        : `The processor's gross, fee and net do not add up: ${gross} − ${fee} − ${feeTax} is not ${net} (${settlement.currency}).`,
      remedy: `Compare balance transaction ${settlement.reference} with the payment at the processor, then retry or book by hand.`,
      stake: moved,
    }),
  );
}

/** `gross` is what the settlement's gross is worth in the entity's currency. */
function fees(
  context: RuleContext,
  settlement: Settlement,
  gross: MinorUnits,
  at: Pick<Cash, 'date' | 'object'>,
): OrException<LineDraft[]> {
  const { currency } = settlement;
  const reclaim = context.books.policies.feeTax === 'reclaim';
  const drafts: LineDraft[] = [];
  for (const [role, amount] of [
    ['fees', reclaim ? settlement.fee : settlement.fee + settlement.feeTax],
    ['feesInputTax', reclaim ? settlement.feeTax : 0],
  ] as const) {
    const fee = { amount: minorUnits(amount), currency };
    const base =
      settlement.gross === 0 ? baseOn(context, fee, at.date, at.object) : ok(share(gross, amount, settlement.gross));
    if (!base.ok) return base;
    drafts.push({ role, qualifier: currency, currency, amount, base: base.value, memo: settlement.reference });
  }
  return ok(drafts);
}

/** Clearing by net, fees apart; where the processor converted, the trading account carries one currency over to the other. */
export function cashMovement(context: RuleContext, cash: Cash): OrException<CashMovement> {
  const { moved, settlement, date, object } = cash;
  const clearing = (currency: Currency, amount: number, base: number): LineDraft => ({
    role: 'clearing',
    qualifier: currency,
    currency,
    amount,
    base,
    memo: settlement?.reference ?? null,
    ...(cash.item === undefined ? {} : { item: cash.item }),
  });
  if (settlement === null) {
    const base = baseOn(context, moved, date, object);
    if (!base.ok) return base;
    return ok({ lines: [clearing(moved.currency, moved.amount, base.value)], base: base.value });
  }
  const wrong = contradiction(cash, settlement);
  if (wrong !== null) return wrong;
  const gross = settledBase(context, settlement, moved, date, object);
  if (!gross.ok) return gross;
  const kept = cash.feeLater === true ? ok([]) : fees(context, settlement, gross.value, cash);
  if (!kept.ok) return kept;
  const [left, leftBase] = [settlement.gross - total(kept.value).amount, gross.value - total(kept.value).base];
  const lines = [clearing(settlement.currency, left, leftBase), ...kept.value];
  if (settlement.currency !== moved.currency) {
    lines.push(conversion({ amount: minorUnits(-settlement.gross), currency: settlement.currency }, -gross.value));
    lines.push(conversion(moved, gross.value));
  }
  return ok({ lines, base: gross.value });
}

function total(lines: readonly LineDraft[]): { amount: number; base: number } {
  const sum = { amount: 0, base: 0 };
  for (const line of lines) {
    sum.amount += line.amount;
    sum.base += line.base;
  }
  return sum;
}

/** The fee of a payment whose gross is on clearing: Dr fees, Cr clearing, at the rate the gross was booked at. */
export function feeAlone(
  context: RuleContext,
  settlement: Settlement,
  grossBase: MinorUnits,
  date: IsoDate,
  object: ObjectKey,
): OrException<readonly LineDraft[]> {
  const kept = fees(context, settlement, grossBase, { date, object });
  if (!kept.ok) return kept;
  const { amount, base } = total(kept.value);
  const { currency, reference } = settlement;
  const out: LineDraft = {
    ...{ role: 'clearing', qualifier: currency, currency, memo: reference },
    ...{ amount: -amount, base: -base },
  };
  return ok([...kept.value, out]);
}

const conversion = ({ amount, currency }: Money, base: number): LineDraft => ({
  role: 'fxConversion',
  qualifier: currency,
  currency,
  amount,
  base,
});

/**
 * Fee and conversion of a payment that was booked gross in its presentment currency, once the processor says them.
 * Balanced but for the exchange difference between the day's rate it was booked at and the processor's.
 */
export function lateSettlement(
  context: RuleContext,
  payment: { readonly booked: Money; readonly base: MinorUnits },
  settlement: Settlement,
  date: IsoDate,
  object: ObjectKey,
): OrException<readonly LineDraft[]> {
  const { booked, base } = payment;
  const movement = cashMovement(context, { moved: booked, settlement, date, object });
  if (!movement.ok) return movement;
  const gross: LineDraft = {
    role: 'clearing',
    qualifier: booked.currency,
    currency: booked.currency,
    amount: -booked.amount,
    base: -(settlement.currency === booked.currency ? movement.value.base : base),
    memo: settlement.reference,
  };
  return ok([...movement.value.lines, gross]);
}
