/**
 * Base amounts: what an amount is worth in the entity's currency. The processor's own conversion is authoritative where
 * it converted; otherwise the tenant's rates, never older than `maxAgeDays`. A missing rate is an exception, not a guess.
 */
import type { ExchangeRate } from '../decision.ts';
import type { DraftEntry } from '../entry.ts';
import type { Settlement } from '../events.ts';
import type { IsoDate, ObjectKey } from '../ids.ts';
import { type Currency, isoExponent, type MinorUnits, type Money, minorUnits } from '../money.ts';
import { daysBetween } from '../periods.ts';
import { err, ok } from '../result.ts';
import { type OrException, problem, type RuleContext, spoken } from './rule.ts';

/** Covers a long weekend with holidays; an older rate is a feed that stopped. */
export const maxAgeDays = 7;

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

/** Units of one currency per unit of another, as a fraction: what is quoted the other way round is exact too. */
interface Quote {
  readonly numerator: bigint;
  readonly denominator: bigint;
  readonly date: IsoDate;
  /** The rates it is made of: one, or two through a third currency. */
  readonly legs: readonly ExchangeRate[];
}

/** One rate read in the direction asked for; null when it is about other currencies or not usable on `date`. */
function quote(rate: ExchangeRate, from: Currency, to: Currency, date: IsoDate): Quote | null {
  const direct = rate.from === from && rate.to === to;
  if (!direct && !(rate.from === to && rate.to === from)) return null;
  const age = daysBetween(rate.date, date);
  if (age < 0 || age > maxAgeDays) return null;
  const [whole = '0', fraction = ''] = rate.rate.split('.');
  const [units, scale] = [BigInt(whole + fraction), 10n ** BigInt(fraction.length)];
  return direct
    ? { numerator: units, denominator: scale, date: rate.date, legs: [rate] }
    : { numerator: scale, denominator: units, date: rate.date, legs: [rate] };
}

/** The newest usable rate between two currencies, quoted either way; of two of one day the direct one. */
function quoted(rates: readonly ExchangeRate[], from: Currency, to: Currency, date: IsoDate): Quote | null {
  let best: { readonly quote: Quote; readonly direct: boolean } | null = null;
  for (const rate of rates) {
    const found = quote(rate, from, to, date);
    if (found === null) continue;
    const direct = rate.from === from;
    const newer = best === null || found.date > best.quote.date;
    if (newer || (found.date === best?.quote.date && direct && !best.direct)) best = { quote: found, direct };
  }
  return best?.quote ?? null;
}

/**
 * Through a third currency that one source quotes both in on one day, as the European Central Bank quotes all against the
 * euro: the newest such day. Rounded once, when an amount is converted.
 */
function crossed(rates: readonly ExchangeRate[], from: Currency, to: Currency, date: IsoDate): Quote | null {
  const legs = new Map<string, { readonly pivot: Currency; first: Quote | null; second: Quote | null }>();
  for (const rate of rates) {
    for (const pivot of [rate.from, rate.to]) {
      if (pivot === from || pivot === to) continue;
      const first = quote(rate, from, pivot, date);
      const second = quote(rate, pivot, to, date);
      if (first === null && second === null) continue;
      const key = `${rate.source}\n${rate.date}\n${pivot}`;
      const leg = legs.get(key) ?? { pivot, first: null, second: null };
      leg.first ??= first;
      leg.second ??= second;
      legs.set(key, leg);
    }
  }
  let best: Quote | null = null;
  for (const { first, second } of legs.values()) {
    if (first === null || second === null || (best !== null && best.date >= first.date)) continue;
    best = {
      numerator: first.numerator * second.numerator,
      denominator: first.denominator * second.denominator,
      date: first.date,
      legs: [...first.legs, ...second.legs],
    };
  }
  return best;
}

const rateFor = (rates: readonly ExchangeRate[], from: Currency, to: Currency, date: IsoDate): Quote | null =>
  quoted(rates, from, to, date) ?? crossed(rates, from, to, date);

/** Half away from zero, in integers throughout. */
function atQuote(value: Money, to: Currency, { numerator, denominator }: Quote): MinorUnits {
  const scaled = BigInt(Math.abs(value.amount)) * numerator * 10n ** BigInt(isoExponent(to));
  const divisor = denominator * 10n ** BigInt(isoExponent(value.currency));
  const rounded = Number((scaled * 2n + divisor) / (divisor * 2n));
  return minorUnits(value.amount < 0 ? -rounded : rounded);
}

export function rateMissing(value: Money, to: Currency, date: IsoDate, object: ObjectKey) {
  return problem('rate_missing', object, {
    message: `${spoken(value)} has no rate to ${to} for ${date} or the ${maxAgeDays} days before.`,
    remedy: `Record a rate ${value.currency}/${to} (POST /rates), or add it to the entity's rates; it is then tried again by itself.`,
    stake: value,
  });
}

/** What `value` is worth in the entity's currency on `date`. */
export function baseOn(context: RuleContext, value: Money, date: IsoDate, object: ObjectKey): OrException<MinorUnits> {
  const base = context.books.currency;
  if (value.currency === base) return ok(value.amount);
  const found = rateFor(context.books.rates, value.currency, base, date);
  return found === null ? err(rateMissing(value, base, date, object)) : ok(atQuote(value, base, found));
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
    if (found === null || atQuote(line, base, found) !== line.base) continue;
    used.add(
      found.legs.map((leg) => `1 ${leg.from} = ${leg.rate} ${leg.to} on ${leg.date} (${leg.source})`).join(' and '),
    );
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
