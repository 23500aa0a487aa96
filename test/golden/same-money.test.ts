/**
 * The same money is never booked from two events. Providers tell of one fact by several events, in any order, some of
 * them never: each combination in each order ends at the balances of the one event that books it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Policies } from '../../src/canonical/decision.ts';
import { isoDate } from '../../src/canonical/ids.ts';
import type { GoldenCase, Told } from './case.ts';
import { families } from './cases.ts';
import { play } from './run.ts';
import {
  charged,
  chargeOf,
  closed,
  disputeOpened,
  invoiceEvent,
  invoicePaymentPaid,
  issued,
  line,
  noted,
  paidOut,
  refundEvent,
  refunded,
  reinstated,
  tell,
  transaction,
  withdrawn,
} from './stripe.ts';

/** All orders of up to six things, and as many of more, the same ones on every run. */
const mostOrders = 720;

function ordersOf<T>(things: readonly T[], most: number): T[][] {
  const orders: T[][] = [];
  const place = (chosen: T[], left: readonly T[]): void => {
    if (left.length === 0) orders.push(chosen);
    left.forEach((thing, index) => {
      place(
        [...chosen, thing],
        left.filter((_, other) => other !== index),
      );
    });
  };
  if (things.length <= 6) place([], things);
  if (orders.length > 0 && orders.length <= most) return orders;
  const shuffled = fc.shuffledSubarray([...things], { minLength: things.length });
  return fc.sample(shuffled, { numRuns: most, seed: 20_260_115 });
}

const subsetsOf = <T>(things: readonly T[]): T[][] =>
  Array.from({ length: 2 ** things.length }, (_, chosen) => things.filter((__, index) => (chosen >> index) % 2 === 1));

type Settings = Pick<GoldenCase, 'policy' | 'base' | 'timeZone' | 'rates' | 'closedUntil'>;

/** Amounts by account and currency once every schedule has run out; what waits in the end must not. */
function endsAt(events: readonly Told[], settings: Settings): Record<string, number> {
  const { desk, steps } = play({ slug: '', title: '', story: '', balances: {}, ...settings, events });
  const last = new Map(steps.map((step) => [step.told, step.outcome]));
  for (const [told, outcome] of last) {
    if (outcome.startsWith('waits')) throw new Error(`${told.type} still ${outcome}`);
  }
  return desk.recognised(isoDate('2099-01-01'));
}

const policies: Partial<Policies>[] = (['receivable', 'expense', 'contra-revenue'] as const).flatMap((bookDisputesAs) =>
  (['charge', 'payout'] as const).flatMap((feeAt) =>
    (['expense', 'relief'] as const).map((badDebtTax) => ({ bookDisputesAs, feeAt, badDebtTax })),
  ),
);

/** The month's run reads the books as they stand, and an answer that asks a person stops there: both are order itself. */
const aboutOrder = (it: GoldenCase): boolean =>
  it.events.some((told) => told.by === 'the clock') || (it.asks ?? []).includes('conflicting_facts');

describe('the golden cases, in any order of their events', () => {
  const cases = families.flatMap((family) => family.cases).filter((it) => it.events.length > 1 && !aboutOrder(it));

  it.each(cases.map((it) => [it.slug, it] as const))('%s', (_, it) => {
    const straight = endsAt(it.events, it);
    for (const order of ordersOf(it.events, mostOrders)) expect(endsAt(order, it)).toEqual(straight);
  });

  it('and with every event told twice', () => {
    for (const it of cases) {
      const straight = endsAt(it.events, it);
      for (const order of ordersOf([...it.events, ...it.events], 4)) expect(endsAt(order, it)).toEqual(straight);
    }
  });
});

const lines = [line('il_1', 10_000, { tax: 2000, from: '2026-01-15', to: '2026-04-15' })];
const sold = issued('2026-01-15', 'in_1', lines);
const pays = { pays: 'in_1', fee: 300, feeTax: 50 } as const;
const paid = charged('2026-01-16', 'ch_1', 12_000, pays);
const listed = [transaction('2026-01-16', 'ch_1', 12_000, pays)];
const half = [line('il_1', 5000, { tax: 1000 })];
const note = noted('2026-02-10', 'cn_1', 'in_1', half, { refunds: [{ refund: 're_1', amount: 6000 }] });

interface Announced {
  readonly about: string;
  /** What was there before, and the one event that books the money. */
  readonly books: readonly Told[];
  /** What tells of it too: any of them, or none. */
  readonly tells: readonly Told[];
}

const announced: readonly Announced[] = [
  {
    about: 'a payment by card',
    books: [sold, paid],
    tells: [
      tell('2026-01-16', 'charge.captured', chargeOf('2026-01-16', 'ch_1', 12_000, pays)),
      tell('2026-01-16', 'charge.updated', chargeOf('2026-01-16', 'ch_1', 12_000, pays)),
      tell('2026-01-16', 'payment_intent.succeeded', { id: 'pi_1', object: 'payment_intent', customer: 'cus_acme' }),
      invoiceEvent('2026-01-16', 'invoice.paid', 'in_1', lines, { status: 'paid', charge: 'ch_1' }),
      invoiceEvent('2026-01-16', 'invoice.payment_succeeded', 'in_1', lines, { status: 'paid', charge: 'ch_1' }),
    ],
  },
  {
    about: 'a payment whose charge names no invoice',
    books: [
      sold,
      charged('2026-01-16', 'ch_1', 12_000, { fee: 300, shape: 'basil', paymentIntent: 'pi_1' }),
      invoicePaymentPaid('2026-01-16', 'in_1', 'pi_1', 12_000),
    ],
    tells: [
      invoiceEvent('2026-01-16', 'invoice.paid', 'in_1', lines, {
        ...{ shape: 'basil', status: 'paid' },
        shown: {
          'invoice_payments:in_1': {
            data: [
              {
                ...{ id: 'inpay_in_1', invoice: 'in_1', amount_paid: 12_000, currency: 'eur', status: 'paid' },
                payment: { type: 'payment_intent', payment_intent: 'pi_1' },
              },
            ],
          },
        },
      }),
      invoiceEvent('2026-01-16', 'invoice.payment_succeeded', 'in_1', lines, { shape: 'basil', status: 'paid' }),
    ],
  },
  {
    about: 'a refund by a credit note',
    books: [sold, paid, note, refunded('2026-02-10', 're_1', 'ch_1', 12_000, 6000, { ...pays, note: 'cn_1', fee: 0 })],
    tells: [
      refundEvent('2026-02-10', 'refund.created', 're_1', 'ch_1', 6000),
      refundEvent('2026-02-10', 'refund.updated', 're_1', 'ch_1', 6000),
      refundEvent('2026-02-10', 'charge.refund.updated', 're_1', 'ch_1', 6000),
      {
        ...note,
        type: 'credit_note.updated',
        reading: tell('2026-02-10', 'credit_note.updated', { id: 'cn_1' }).reading,
      },
    ],
  },
  {
    about: 'a refund without one',
    books: [sold, paid, refunded('2026-02-10', 're_1', 'ch_1', 12_000, 6000, { pays: 'in_1' })],
    tells: [
      refundEvent('2026-02-10', 'refund.created', 're_1', 'ch_1', 6000),
      refundEvent('2026-02-10', 'refund.updated', 're_1', 'ch_1', 6000),
      refunded('2026-02-11', 're_1', 'ch_1', 12_000, 6000, { pays: 'in_1' }),
    ],
  },
  {
    about: 'a dispute that is lost',
    books: [sold, paid, withdrawn('2026-02-01', 'ch_1', 12_000), closed('2026-03-01', 'ch_1', 12_000, 'lost')],
    tells: [
      disputeOpened('2026-02-01', 'ch_1', 12_000),
      tell('2026-02-02', 'charge.dispute.updated', { id: 'dp_ch_1', object: 'dispute' }),
    ],
  },
  {
    about: 'a dispute that is won',
    books: [sold, paid, withdrawn('2026-02-01', 'ch_1', 12_000), reinstated('2026-03-01', 'ch_1', 12_000)],
    tells: [disputeOpened('2026-02-01', 'ch_1', 12_000), closed('2026-03-01', 'ch_1', 12_000, 'won')],
  },
  {
    about: 'a fee',
    books: [
      sold,
      charged('2026-01-16', 'ch_1', 12_000, { ...pays, known: false }),
      paidOut('2026-01-20', 'po_1', 11_700, { lists: listed }),
    ],
    tells: [
      tell('2026-01-17', 'charge.captured', chargeOf('2026-01-17', 'ch_1', 12_000, pays)),
      paidOut('2026-01-21', 'po_1', 11_700, { lists: listed }),
      tell('2026-01-21', 'payout.reconciliation_completed', { id: 'po_1', object: 'payout' }),
    ],
  },
  {
    about: 'money from outside',
    books: [sold, invoiceEvent('2026-01-20', 'invoice.paid', 'in_1', lines, { status: 'paid', paidOutOfBand: true })],
    tells: [
      invoiceEvent('2026-01-20', 'invoice.payment_succeeded', 'in_1', lines, { status: 'paid', paidOutOfBand: true }),
      invoiceEvent('2026-01-20', 'invoice.updated', 'in_1', lines, { status: 'paid', paidOutOfBand: true }),
    ],
  },
];

describe('what several events of Stripe tell of', () => {
  it.each(announced.map((it) => [it.about, it] as const))(
    '%s is booked once, by any combination in any order',
    (_, it) => {
      const once = endsAt(it.books, {});
      for (const also of subsetsOf(it.tells)) {
        for (const order of ordersOf([...it.books, ...also], 60)) expect(endsAt(order, {})).toEqual(once);
      }
    },
  );

  it.each(announced.map((it) => [it.about, it] as const))('%s, under every policy', (_, it) => {
    for (const policy of policies) {
      const once = endsAt(it.books, { policy });
      for (const order of ordersOf([...it.books, ...it.tells], 12)) expect(endsAt(order, { policy })).toEqual(once);
    }
  });
});
