/** Canonical facts in an accountant's words, for the pages of the golden cases. */
import type { CanonicalEvent, InvoiceLine, Settlement } from '../../src/canonical/events.ts';
import { dateIn, type ObjectKey } from '../../src/canonical/ids.ts';
import { type Currency, formatMinor, minorUnits } from '../../src/canonical/money.ts';
import { unreachable } from '../../src/canonical/result.ts';

const id = (key: ObjectKey): string => key.split(':').slice(2).join(':');

interface Words {
  readonly timeZone: string;
}

const money = (amount: number, currency: Currency): string =>
  `${formatMinor(minorUnits(amount), currency)} ${currency}`;

function lineWords(line: InvoiceLine, currency: Currency, { timeZone }: Words): string {
  const amount = (value: number) => formatMinor(minorUnits(value), currency);
  const parts = [`${line.description} ${amount(line.net)}`];
  if (line.discount !== 0) parts.push(`after a discount of ${amount(line.discount)}`);
  if (line.period !== null) {
    parts.push(`for ${dateIn(timeZone, line.period.start)} until ${dateIn(timeZone, line.period.end)}`);
  }
  for (const tax of line.taxes) {
    parts.push(`${tax.inclusive ? 'contained tax' : 'tax'} ${tax.code} ${amount(tax.amount)}`);
  }
  return parts.join(', ');
}

const linesWords = (lines: readonly InvoiceLine[], currency: Currency, words: Words): string =>
  lines.map((line) => lineWords(line, currency, words)).join('; ');

function settlementWords(settlement: Settlement | null): string {
  if (settlement === null) return 'what the processor kept is not known';
  const { currency, gross, fee, feeTax, net } = settlement;
  const kept = fee === 0 && feeTax === 0 ? 'nothing kept' : `fee ${formatMinor(fee, currency)}`;
  const tax = feeTax === 0 ? '' : `, tax on it ${formatMinor(feeTax, currency)}`;
  return `the processor’s balance changed by ${money(net, currency)} (gross ${formatMinor(gross, currency)}, ${kept}${tax})`;
}

const parts = (named: readonly (readonly [string, number])[], currency: Currency): string =>
  named
    .filter(([, amount]) => amount !== 0)
    .map(([name, amount]) => `${formatMinor(minorUnits(amount), currency)} ${name}`)
    .join(', ');

/** One fact as half a sentence. Amounts as they are in the fact; dates in the entity's time zone. */
export function wordsOf(fact: CanonicalEvent, words: Words): string {
  switch (fact.kind) {
    case 'invoice.issued': {
      const credit =
        fact.creditApplied === 0 ? '' : `; customer credit used: ${money(fact.creditApplied, fact.currency)}`;
      return `invoice ${fact.number ?? id(fact.invoice)} over ${money(fact.total, fact.currency)} is issued (${linesWords(fact.lines, fact.currency, words)})${credit}`;
    }
    case 'payment.captured': {
      const paid = fact.invoice === null ? 'on no invoice' : `on invoice ${id(fact.invoice)}`;
      return `payment ${id(fact.payment)} of ${money(fact.amount, fact.currency)} ${paid} is collected; ${settlementWords(fact.settlement)}`;
    }
    case 'payment.applied':
      return `${money(fact.amount, fact.currency)} of payment ${id(fact.payment)} is assigned to invoice ${id(fact.invoice)}`;
    case 'payment.external':
      return `${money(fact.amount, fact.currency)} of invoice ${id(fact.invoice)} is paid outside the processor`;
    case 'payment.failed':
      return `an attempt to collect ${money(fact.amount, fact.currency)} fails (${fact.reason ?? 'no reason given'})`;
    case 'credit_note.issued': {
      const { currency } = fact;
      const settled = parts(
        [
          ['off what is owed', fact.reducesReceivable],
          ['to be refunded', fact.refunded],
          ['as customer credit', fact.creditedToBalance],
          ['to be paid outside', fact.paidOutOfBand],
        ],
        currency,
      );
      return `credit note ${fact.number ?? id(fact.creditNote)} over ${money(fact.total, currency)} on invoice ${id(fact.invoice)} (${linesWords(fact.lines, currency, words)}): ${settled}`;
    }
    case 'credit_note.voided':
      return `credit note ${id(fact.creditNote)} is voided`;
    case 'refund.paid': {
      const by = fact.creditNote === null ? 'without a credit note' : `by credit note ${id(fact.creditNote)}`;
      const amount = fact.amount ?? null;
      const what = amount === null ? `up to ${money(fact.cumulative, fact.currency)}` : money(amount, fact.currency);
      return `refund ${id(fact.refund)} of ${what} of payment ${id(fact.payment)}, ${by}; ${settlementWords(fact.settlement)}`;
    }
    case 'refund.reversed':
      return `refund ${id(fact.refund)} of ${money(fact.amount, fact.currency)} comes back`;
    case 'invoice.voided':
      return `invoice ${id(fact.invoice)} is voided`;
    case 'invoice.written_off':
      return `invoice ${id(fact.invoice)} will not be collected${fact.remaining === null ? '' : `; ${money(fact.remaining, fact.currency)} is owed by the provider’s count`}`;
    default:
      return otherWords(fact);
  }
}

type Other = Exclude<
  CanonicalEvent,
  {
    kind:
      | `invoice.${'issued' | 'voided' | 'written_off'}`
      | `payment.${'captured' | 'applied' | 'external' | 'failed'}`
      | `credit_note.${'issued' | 'voided'}`
      | `refund.${'paid' | 'reversed'}`;
  }
>;

function otherWords(fact: Other): string {
  switch (fact.kind) {
    case 'dispute.opened':
      return `payment ${id(fact.payment)} is disputed over ${money(fact.amount, fact.currency)}`;
    case 'dispute.withdrawn':
      return `${money(fact.amount, fact.currency)} of payment ${id(fact.payment)} is withdrawn for a dispute; ${settlementWords(fact.settlement)}`;
    case 'dispute.won':
      return `the dispute of payment ${id(fact.payment)} is won, ${money(fact.amount, fact.currency)}; ${settlementWords(fact.settlement)}`;
    case 'dispute.lost':
      return `the dispute of payment ${id(fact.payment)} over ${money(fact.amount, fact.currency)} is lost`;
    case 'payout.sent': {
      const listed =
        fact.transactions === null ? 'it lists nothing' : `it lists ${fact.transactions.length} transactions`;
      return `${money(fact.amount, fact.currency)} is paid out; ${listed}`;
    }
    case 'payout.returned':
      return `the payout of ${money(fact.amount, fact.currency)} comes back`;
    case 'processor.fee':
      return `the processor takes a fee of ${money(fact.amount, fact.currency)} (${fact.description})`;
    case 'balance.adjusted':
      return `the processor’s balance changes by ${money(fact.amount, fact.currency)} (${fact.category})`;
    case 'revenue.recognized':
      return `${fact.period.slice(0, 7)} is over; open for it: ${fact.open.map((slice) => money(slice.amount, slice.currency)).join(', ') || 'nothing'}`;
    case 'journal.posted':
      return `${fact.purpose}: ${fact.description}`;
    case 'deal.won':
      return `deal won: ${fact.name}`;
    case 'contract.activated':
      return `contract activated: ${fact.name}`;
    case 'customer.upserted':
    case 'product.upserted':
    case 'subscription.changed':
    case 'journal.summarised':
      return fact.kind;
    default:
      return unreachable(fact);
  }
}
