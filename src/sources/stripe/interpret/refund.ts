/**
 * Refunds are booked from `charge.refunded`, whose `amount_refunded` is cumulative: repeats and disorder change nothing.
 * The events of the refund object itself are only for what bounces.
 */
import { z } from 'zod';
import { type MinorUnits, ZERO } from '../../../canonical/money.ts';
import { idOf } from '../schemas/common.ts';
import { creditNote } from '../schemas/documents.ts';
import { type Charge, charge, type Refund, refund } from '../schemas/money.ts';
import {
  type Context,
  currencyOf,
  customerKey,
  exactly,
  facts,
  fetched,
  keyOf,
  money,
  nothing,
  type Outcome,
  paymentKey,
  requiring,
} from './context.ts';
import { handler } from './handler.ts';
import { settlementNeeds, settlementOf, transactionOf } from './settlement.ts';

const refundList = z.object({ data: z.array(refund).max(1000) });
const creditNoteRefunds = z.object({
  data: z.array(creditNote.pick({ id: true, refund: true, refunds: true })).max(1000),
});

/** Refunds the event itself lists (classic versions). */
function listedRefunds(object: Charge): readonly Refund[] {
  const refunds = object.refunds ?? null;
  if (refunds === null) return [];
  return 'data' in refunds ? refunds.data : refunds;
}

/** Stripe's `amount_refunded` also counts what an authorisation held beyond a partial capture, which was never collected. */
const uncollected = (object: Charge): number => object.amount - (object.amount_captured ?? object.amount);

/** What this event added, by its own word; null when it does not say what was there before. */
function addedBy(object: Charge, context: Context): number | null {
  const before = z.int().safeParse(context.event.data.previous_attributes?.amount_refunded);
  return before.success ? (object.amount_refunded ?? 0) - before.data : null;
}

/**
 * The refund that this event announces: the newest made by then, of exactly the amount that was added. Null when no
 * single one fits; the money is then booked without its settlement, under a key of its own.
 */
function announcedRefund(object: Charge, context: Context, candidates: readonly Refund[]): Refund | null {
  const added = addedBy(object, context);
  const known = candidates
    .filter((candidate) => candidate.created <= context.event.created)
    .sort((a, b) => b.created - a.created);
  if (added === null) return known.length === 1 ? (known[0] ?? null) : null;
  return known.find((candidate) => candidate.amount === added) ?? null;
}

/** The credit note that made the refund, if one did: it has taken the revenue back already. */
function creditNoteOf(refundId: string, customer: string | null, context: Context): string | null {
  if (customer === null) return null;
  const parsed = creditNoteRefunds.safeParse(fetched(context, 'customer_credit_notes', customer));
  if (!parsed.success) return null;
  const note = parsed.data.data.find(
    (each) => idOf(each.refund) === refundId || (each.refunds ?? []).some((part) => idOf(part.refund) === refundId),
  );
  return note?.id ?? null;
}

function needsOf(object: Charge) {
  if (object.captured === false) return [];
  const listed = listedRefunds(object);
  const customer = idOf(object.customer);
  return [
    ...(listed.length === 0
      ? [{ kind: 'charge_refunds', id: object.id }]
      : listed.flatMap((each) => settlementNeeds(each.balance_transaction)).slice(0, 1)),
    ...(customer === null ? [] : [{ kind: 'customer_credit_notes', id: customer }]),
  ];
}

function paid(object: Charge, context: Context): Outcome {
  if (object.captured === false) return nothing('an authorisation was released; nothing had been collected');
  const currency = currencyOf(object.currency);
  const refunded = money(context, 'amount_refunded', object.amount_refunded ?? 0, currency);
  const cumulative: MinorUnits = exactly(
    context,
    'amount_refunded',
    refunded - money(context, 'amount_captured', uncollected(object), currency),
  );
  if (cumulative === ZERO) return nothing('the uncaptured rest of an authorisation was released');
  if (cumulative < 0) context.problems.add('amount_refunded', 'expected at least what was not captured');
  const listed = listedRefunds(object);
  const fetchedRefunds = refundList.safeParse(fetched(context, 'charge_refunds', object.id));
  const candidates = listed.length > 0 ? listed : fetchedRefunds.success ? fetchedRefunds.data.data : [];
  const announced = announcedRefund(object, context, candidates);
  const note = announced === null ? null : creditNoteOf(announced.id, idOf(object.customer), context);
  const transaction = transactionOf(context, announced?.balance_transaction);
  const payment = keyOf('payment', idOf(object.payment_intent) ?? object.id);
  const invoice = idOf(object.invoice);
  const creditNoteKey = note === null ? null : keyOf('credit_note', note);
  return facts({
    kind: 'refund.paid',
    occurredAt: context.occurredAt,
    requires: requiring(payment, creditNoteKey),
    refund: keyOf('refund', announced?.id ?? `${object.id}@${cumulative}`),
    payment,
    invoice: invoice === null ? null : keyOf('invoice', invoice),
    customer: customerKey(object),
    currency,
    cumulative,
    amount: announced === null ? null : money(context, 'refunds.amount', announced.amount, currency),
    creditNote: creditNoteKey,
    settlement: transaction === null ? null : settlementOf(context, transaction, currency),
  });
}

export const chargeRefunded = handler(charge, { needs: needsOf, interpret: paid });

/** A refund that bounced (`failed`) or was called off (`canceled`): the money is back in the Stripe balance. */
export const refundChanged = handler(refund, {
  interpret(object, context) {
    if (object.status !== 'failed' && object.status !== 'canceled') return nothing('covered by charge.refunded');
    const payment = paymentKey(object.payment_intent, object.charge);
    if (payment === null) return nothing('a refund of no payment (of a customer balance) moves no charge');
    const currency = currencyOf(object.currency);
    const key = keyOf('refund', object.id);
    return facts({
      kind: 'refund.reversed',
      occurredAt: context.occurredAt,
      requires: [payment, key],
      refund: key,
      payment,
      customer: customerKey(object),
      currency,
      amount: money(context, 'amount', object.amount, currency),
    });
  },
});
