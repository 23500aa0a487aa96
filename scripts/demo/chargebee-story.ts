/** What Chargebee says about a customer: the catalogue, the subscription, and a cycle of billing after another. */
import {
  type ChargebeeEventBody,
  type CustomerDetails,
  creditNoteCreated,
  customerEvent,
  documentTotal,
  invoiceEvent,
  itemPriceCreated,
  type LineDetails,
  type PaymentDetails,
  paymentEvent,
  paymentRefunded,
  subscriptionCreated,
} from '../../sandbox/chargebee/events.ts';
import { at, daysAfter } from './calendar.ts';
import type { Chance } from './chance.ts';
import { again, type DemoDelivery, delivery } from './delivery.ts';
import type { DemoCustomer } from './people.ts';

const plan = { id: 'pro-EUR-monthly', itemId: 'pro', name: 'Pro plan' };

const sent = (stream: string, event: ChargebeeEventBody): DemoDelivery =>
  delivery('chargebee', stream, [event.id], JSON.stringify(event));

const detailsOf = (customer: DemoCustomer): CustomerDetails => ({
  id: customer.chargebeeId,
  company: customer.name,
  email: customer.email,
  country: customer.country,
  salesforceAccountId: customer.salesforceId,
});

const stream = (customer: DemoCustomer): string => `chargebee-${customer.number}`;

export function chargebeeCatalogue(): readonly DemoDelivery[] {
  return [sent('chargebee-catalogue', itemPriceCreated({ id: 'ev_demo_catalogue', occurredAt: at(0, 0, 0) }, plan))];
}

export function chargebeeOpening(customer: DemoCustomer): readonly DemoDelivery[] {
  const meta = (step: number) => ({
    id: `ev_demo_${customer.number}_open_${step}`,
    occurredAt: at(customer.number, 0, step),
  });
  const details = detailsOf(customer);
  return [
    sent(stream(customer), customerEvent(meta(0), 'customer_created', details)),
    sent(
      stream(customer),
      subscriptionCreated(meta(1), {
        id: `sub_demo_${customer.number}`,
        customer: details,
        itemPrice: plan.id,
        quantity: 1,
      }),
    ),
  ];
}

/** One invoice and what becomes of it: paid, paid before it came, failed first, or refunded. */
export function chargebeeCycle(customer: DemoCustomer, cycle: number, chance: Chance): readonly DemoDelivery[] {
  const name = `${customer.number}_${cycle}`;
  const when = (step: number): number => at(customer.number, cycle, 3 + step);
  const meta = (step: number) => ({ id: `ev_demo_${name}_${step}`, occurredAt: when(step) });
  const details = detailsOf(customer);
  const line: LineDetails = {
    id: `li_demo_${name}`,
    itemPrice: plan.id,
    description: plan.name,
    amount: chance.between(20, 400) * 100,
    ...(chance.between(0, 3) === 0 ? { discount: 500 } : {}),
    taxName: 'VAT',
    taxPercent: 20,
    from: when(0),
    to: daysAfter(when(0), 30),
  };
  const invoiceId = `INV-DEMO-${name}`;
  const total = documentTotal([line]);
  const common = { customer: details, currency: 'EUR' };
  const payment: PaymentDetails = {
    ...common,
    id: `txn_demo_${name}`,
    amount: total,
    date: when(2),
    applied: [{ invoiceId, amount: total }],
  };
  const issued = sent(
    stream(customer),
    invoiceEvent(meta(0), 'invoice_generated', { ...common, id: invoiceId, date: when(0), lines: [line] }),
  );
  const paid = sent(stream(customer), paymentEvent(meta(2), 'payment_succeeded', payment));
  switch ((customer.number + cycle) % 5) {
    case 0:
      return [paid, issued, again(paid)];
    case 1:
      return [
        issued,
        sent(stream(customer), paymentEvent(meta(1), 'payment_failed', { ...payment, id: `${payment.id}_failed` })),
        paid,
      ];
    case 2:
      return [issued, paid, ...wholeRefund()];
    default:
      return [issued, paid];
  }

  /** A part would need the payment from Chargebee's API, which has no stand-in; Stripe's stories have the parts. */
  function wholeRefund(): readonly DemoDelivery[] {
    const returned: LineDetails = { ...line, id: `${line.id}_cn` };
    const creditNoteId = `CN-DEMO-${name}`;
    return [
      sent(
        stream(customer),
        creditNoteCreated(meta(3), {
          ...common,
          id: creditNoteId,
          invoiceId,
          date: when(3),
          type: 'refundable',
          lines: [returned],
          refunded: total,
        }),
      ),
      sent(
        stream(customer),
        paymentRefunded(meta(4), { id: `${payment.id}_refund`, payment, amount: total, date: when(4), creditNoteId }),
      ),
    ];
  }
}
