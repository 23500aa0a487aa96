/** What Square's interpreters share. */
import type { Settlement } from '../../canonical/events.ts';
import type { EpochMs, ObjectKey } from '../../canonical/ids.ts';
import { type Currency, currency, type MinorUnits, minorUnits } from '../../canonical/money.ts';
import { type Enrichment, keysOf } from '../source.ts';
import type { Money, SquareEvent } from './schemas.ts';

export const key = keysOf('square');

export interface Context {
  readonly event: SquareEvent;
  readonly occurredAt: EpochMs;
  readonly enrichment: Enrichment;
}

export const currencyOf = (value: Money): Currency => currency(value.currency);
export const amountOf = (value: Money): MinorUnits => minorUnits(value.amount);

export const customerKey = (id: string | undefined): ObjectKey | null =>
  id === undefined ? null : key('customer', id);

/**
 * What the processor kept. Null while Square has not said what it charges (the fee comes with a later
 * `payment.updated`), and where a fee is in another currency, which nobody stated a rate for.
 */
export function settlementOf(
  gross: number,
  moneyCurrency: string,
  fees: readonly Money[],
  reference: string,
): Settlement | null {
  if (fees.length === 0 || fees.some((fee) => fee.currency !== moneyCurrency)) return null;
  const fee = fees.reduce((sum, one) => sum + one.amount, 0);
  return {
    currency: currency(moneyCurrency),
    gross: minorUnits(gross),
    fee: minorUnits(fee),
    feeTax: minorUnits(0),
    net: minorUnits(gross - fee),
    exchangeRate: null,
    reference,
  };
}
