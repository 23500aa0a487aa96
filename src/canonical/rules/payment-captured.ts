/**
 * payment.captured: Dr clearing what the processor kept for us, Dr its fee (and input tax); Cr the receivable of its
 * invoice, or unapplied cash. Without a settlement the gross goes to clearing and the fee follows when it is known.
 */
import type { PaymentCaptured, Settlement } from '../events.ts';
import { type MinorUnits, minorUnits } from '../money.ts';
import { type InvoiceState, type PaymentState, settlementKey } from '../objects.ts';
import { err, ok } from '../result.ts';
import { reassign } from './applications.ts';
import { type Heading, postCash } from './booking.ts';
import { cashMovement, lateSettlement, settles } from './clearing.ts';
import { documentKey } from './document-keys.ts';
import { idOf } from './documents.ts';
import { ensurePartner } from './partners.ts';
import {
  booked,
  bookingDate,
  find,
  nothing,
  type OrException,
  problem,
  type Rule,
  type RuleContext,
  refuse,
  spoken,
  waitFor,
} from './rule.ts';

/** The settlement the event brings, or the one a payout listed before the payment came. */
function settlementOf(context: RuleContext, fact: PaymentCaptured): Settlement | null {
  if (fact.settlement !== null) return fact.settlement;
  const listed = find(context, settlementKey(fact.payment), 'settlement');
  return listed === null || listed.booked || !settles(listed.settlement, fact) ? null : listed.settlement;
}

type Paying = Pick<PaymentCaptured, 'payment' | 'customer' | 'invoice' | 'currency' | 'amount'>;

/** A payment in another currency than its invoice's would need a rate nobody stated. */
export function sameCurrency(fact: Omit<Paying, 'customer' | 'invoice'>, invoice: InvoiceState): OrException<null> {
  if (fact.currency === invoice.currency) return ok(null);
  const stake = { amount: fact.amount, currency: fact.currency };
  return err(
    problem('unsupported', fact.payment, {
      message: `${spoken(stake)} was paid on invoice ${invoice.number}, which is in ${invoice.currency}.`,
      remedy: 'Book the payment by hand at the rate agreed with the customer.',
      stake,
    }),
  );
}

/**
 * By the policy `feeAt: payout` a payment is booked gross, and its fee is due with the payout that lists it: unless that
 * payout came first, and left the fee to the payment.
 */
function feeDueOf(context: RuleContext, fact: PaymentCaptured, settlement: Settlement | null): Settlement | null {
  if (context.books.policies.feeAt === 'charge' || settlement === null) return null;
  if (settlement.fee === 0 && settlement.feeTax === 0) return null;
  return find(context, settlementKey(fact.payment), 'settlement') === null ? settlement : null;
}

/** A payment nothing of which is booked yet. */
export function newPayment(
  context: RuleContext,
  fact: Paying,
  amountBase: MinorUnits,
  settlement: Settlement | null,
): PaymentState {
  return {
    kind: 'payment',
    key: fact.payment,
    entity: context.books.entity,
    version: 1,
    related: [],
    customer: fact.customer,
    invoice: fact.invoice,
    applied: [],
    currency: fact.currency,
    amount: fact.amount,
    amountBase,
    ...{ unapplied: minorUnits(0), unappliedBase: minorUnits(0) },
    ...{ refunded: minorUnits(0), refundedByProvider: minorUnits(0), refunds: [] },
    settled: settlement !== null,
    settlementCurrency: settlement?.currency ?? fact.currency,
    failed: false,
  };
}

/** The payment again: its fee may be known now. */
function again(fact: PaymentCaptured, known: PaymentState, context: RuleContext) {
  const stake = { amount: fact.amount, currency: fact.currency };
  if (known.amount !== fact.amount || known.currency !== fact.currency) {
    const was = spoken({ amount: known.amount, currency: known.currency });
    const message = `The payment is booked with ${was}; now it is said to be ${spoken(stake)}.`;
    const remedy = 'Compare it with the processor and book the difference by hand.';
    return refuse(problem('conflicting_facts', fact.payment, { message, remedy, stake }));
  }
  if (known.settled || fact.settlement === null) return nothing('already_booked', 'The payment is in the books.');
  if (find(context, settlementKey(fact.payment), 'settlement')?.booked === true) {
    return nothing('covered_elsewhere', 'Its fee was booked with its payout.');
  }
  if (context.books.policies.feeAt === 'payout') {
    return nothing('covered_elsewhere', 'Its fee is booked with the payout that lists it.');
  }
  const when = bookingDate(context, fact.occurredAt, fact.payment, stake);
  if (!when.ok) return refuse(when.error);
  const gross = { booked: stake, base: known.amountBase };
  const late = lateSettlement(context, gross, fact.settlement, when.value.date, fact.payment);
  if (!late.ok) return refuse(late.error);
  const description = `Fee of payment ${idOf(fact.payment)}`;
  const heading: Heading = { kind: fact.kind, object: fact.payment, when: when.value, description };
  const none = { lines: [], deferrals: [], recoveries: [] };
  const key = documentKey('entry', fact.payment, 'settlement');
  const posted = postCash(context, heading, late.value, none, fact.currency, key);
  if (!posted.ok) return refuse(posted.error);
  const settlementCurrency = fact.settlement.currency;
  const settled: PaymentState = { ...known, version: known.version + 1, settled: true, settlementCurrency };
  return booked({ entries: posted.value.entries, documents: posted.value.documents, objects: [settled] });
}

export const paymentCaptured: Rule<PaymentCaptured> = (fact, context) => {
  const known = find(context, fact.payment, 'payment');
  if (known !== null) return again(fact, known, context);
  const invoice = fact.invoice === null ? null : find(context, fact.invoice, 'invoice');
  if (fact.invoice !== null && invoice === null) return waitFor(fact.invoice);
  const matching = invoice === null ? ok(null) : sameCurrency(fact, invoice);
  if (!matching.ok) return refuse(matching.error);
  const moved = { amount: fact.amount, currency: fact.currency };
  const when = bookingDate(context, fact.occurredAt, fact.payment, moved);
  if (!when.ok) return refuse(when.error);
  const settlement = settlementOf(context, fact);
  const feeDue = feeDueOf(context, fact, settlement);
  const movement = { moved, settlement, date: when.value.date, object: fact.payment, feeLater: feeDue !== null };
  const cash = cashMovement(context, movement);
  if (!cash.ok) return refuse(cash.error);
  const payment = newPayment(context, fact, cash.value.base, settlement);
  const change = reassign(context, null, feeDue === null ? payment : { ...payment, feeDue });
  if (!change.ok) return refuse(change.error);
  const description = `Payment ${idOf(fact.payment)}${invoice === null ? '' : ` of invoice ${invoice.number}`}`;
  const heading: Heading = { kind: fact.kind, object: fact.payment, when: when.value, description };
  const key = documentKey('entry', fact.payment);
  const posted = postCash(context, heading, cash.value.lines, change.value, fact.currency, key);
  if (!posted.ok) return refuse(posted.error);
  const partner = ensurePartner(context, fact.customer);
  return booked({
    entries: posted.value.entries,
    documents: [...partner.documents, ...posted.value.documents],
    objects: [...partner.objects, ...change.value.invoices, change.value.payment],
  });
};
