/**
 * Base amounts: what an amount is worth in the entity's currency. The processor's own conversion is authoritative where
 * it converted; otherwise the tenant's rates, never older than `maxAgeDays`. A missing rate is an exception, not a guess.
 */
import type { ExchangeRate } from '../decision.ts';
import type { DraftEntry } from '../entry.ts';
import type { Settlement } from '../events.ts';
import type { IsoDate, ObjectKey } from '../ids.ts';
import { type Currency, convert, isoExponent, type MinorUnits, type Money, minorUnits } from '../money.ts';
import { err, ok } from '../result.ts';
import { type OrException, problem, type RuleContext, spoken } from './rule.ts';

/** Covers a long weekend with holidays; an older rate is a feed that stopped. */
export const maxAgeDays = 7;

const dayMs = 86_400_000;
const ageInDays = (rate: IsoDate, date: IsoDate) => (Date.parse(date) - Date.parse(rate)) / dayMs;

/** `part`/`whole` of `total`, half away from zero, exact in integers. Zero of nothing. */
export function share(total: MinorUnits, part: number, whole: number): MinorUnits {
  if (whole === 0 || part === 0 || total === 0) return minorUnits(0);
  const product = BigInt(total) * BigInt(part);
  const divisor = BigInt(whole);
  const negative = product < 0n !== divisor < 0n;
  const [n, d] = [product < 0n ? -product : product, divisor < 0n ? -divisor : divisor];
  const rounded = Number((n * 2n + d) / (d * 2n));
  return minorUnits(negative ? -rounded : rounded);
}

/** Divides by a rate quoted the other way round, half away from zero. */
function convertBack(value: Money, to: Currency, quoted: ExchangeRate): MinorUnits {
  const [whole = '0', fraction = ''] = quoted.rate.split('.');
  const scale = 10n ** BigInt(fraction.length + isoExponent(to));
  const divisor = BigInt(whole + fraction) * 10n ** BigInt(isoExponent(value.currency));
  const magnitude = BigInt(Math.abs(value.amount)) * scale;
  const rounded = Number((magnitude * 2n + divisor) / (divisor * 2n));
  return minorUnits(value.amount < 0 ? -rounded : rounded);
}

/** The newest usable rate between two currencies, quoted either way; of two of one day the direct one. */
function rateFor(rates: readonly ExchangeRate[], from: Currency, to: Currency, date: IsoDate): ExchangeRate | null {
  let best: ExchangeRate | null = null;
  for (const rate of rates) {
    const direct = rate.from === from && rate.to === to;
    if (!direct && !(rate.from === to && rate.to === from)) continue;
    const age = ageInDays(rate.date, date);
    if (age < 0 || age > maxAgeDays) continue;
    if (best === null || rate.date > best.date || (rate.date === best.date && direct && best.from !== from))
      best = rate;
  }
  return best;
}

export function rateMissing(value: Money, to: Currency, date: IsoDate, object: ObjectKey) {
  return problem('rate_missing', object, {
    message: `${spoken(value)} has no rate to ${to} for ${date} or the ${maxAgeDays} days before.`,
    remedy: `Add a rate ${value.currency}/${to} to the entity's rates, then retry.`,
    stake: value,
  });
}

const converted = (value: Money, to: Currency, at: ExchangeRate): MinorUnits =>
  at.from === to ? convertBack(value, to, at) : convert(value, to, at.rate).amount;

/** What `value` is worth in the entity's currency on `date`. */
export function baseOn(context: RuleContext, value: Money, date: IsoDate, object: ObjectKey): OrException<MinorUnits> {
  const base = context.books.currency;
  if (value.currency === base) return ok(value.amount);
  const found = rateFor(context.books.rates, value.currency, base, date);
  return found === null ? err(rateMissing(value, base, date, object)) : ok(converted(value, base, found));
}

/**
 * The tenant's rates that an entry's base amounts are made by, in words: rate, day, source and rounding. Amounts at another
 * rate (a receivable's own, the processor's conversion) are not by them, and are left out. Null: none is.
 */
export function ratesStated(context: RuleContext, entry: Pick<DraftEntry, 'date' | 'lines'>): string | null {
  const base = context.books.currency;
  const used = new Set<string>();
  for (const line of entry.lines) {
    if (line.currency === base || line.amount === 0) continue;
    const found = rateFor(context.books.rates, line.currency, base, entry.date);
    if (found === null || converted(line, base, found) !== line.base) continue;
    used.add(`1 ${found.from} = ${found.rate} ${found.to} on ${found.date} (${found.source})`);
  }
  return used.size === 0 ? null : `by ${[...used].join(', ')}, rounded half away from zero`;
}

/**
 * What a settled movement is worth: exactly, where either side is the entity's currency; by the tenant's rate of the
 * settlement currency, else of the presentment currency, where neither is.
 */
export function settledBase(
  context: RuleContext,
  settlement: Settlement,
  presentment: Money,
  date: IsoDate,
  object: ObjectKey,
): OrException<MinorUnits> {
  const base = context.books.currency;
  if (settlement.currency === base) return ok(settlement.gross);
  if (presentment.currency === base) return ok(presentment.amount);
  const bySettlement = baseOn(context, { amount: settlement.gross, currency: settlement.currency }, date, object);
  return bySettlement.ok ? bySettlement : baseOn(context, presentment, date, object);
}
