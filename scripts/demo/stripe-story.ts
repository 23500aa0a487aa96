/**
 * What Stripe says about a customer: a cycle of billing after another, each with its own turn. Beside the webhooks, the
 * objects that Stripe's API would show, because fees and refund details are not in webhooks.
 */
import {
  balanceTransaction,
  charge,
  creditNote,
  customer as customerObject,
  dispute,
  type EventOptions,
  event,
  type InvoiceOptions,
  invoice,
  invoicePayment,
  type LineOptions,
  payout,
  payoutAmount,
  product,
  refund,
  type Shape,
  type StripeObject,
  subscription,
  totalsOf,
} from '../../sandbox/stripe/events.ts';
import { at, daysAfter } from './calendar.ts';
import type { Chance } from './chance.ts';
import { again, type DemoDelivery, delivery } from './delivery.ts';
import type { DemoCustomer } from './people.ts';

/** Objects the sandbox Stripe is given, and which of them a payout contains. */
export interface StripeWorld {
  readonly objects: StripeObject[];
  /** Ids and nets of transactions that no payout contains yet. */
  readonly unpaid: StripeObject[];
  readonly payouts: Record<string, string[]>;
}

export const stripeWorld = (): StripeWorld => ({ objects: [], unpaid: [], payouts: {} });

const plan = 'prod_demo_pro';
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export const sentByStripe = (stream: string, type: string, object: StripeObject, options: EventOptions): DemoDelivery =>
  delivery('stripe', stream, [options.id], JSON.stringify(event(type, object, options)));

export function stripeCatalogue(): readonly DemoDelivery[] {
  const created = at(0, 0, 0);
  const object = product({ id: plan, name: 'Pro plan', created });
  return [sentByStripe('stripe-catalogue', 'product.created', object, { id: 'evt_demo_catalogue', created })];
}

const stream = (customer: DemoCustomer): string => `stripe-${customer.number}`;

export function stripeOpening(customer: DemoCustomer): readonly DemoDelivery[] {
  const created = at(customer.number, 0, 0);
  const id = (step: number): string => `evt_demo_${customer.number}_open_${step}`;
  const person = customerObject({
    id: customer.stripeId,
    name: customer.name,
    email: customer.email,
    created,
    country: customer.country,
    salesforceAccountId: customer.salesforceId,
  });
  const contract = subscription({
    id: `sub_demo_${customer.number}`,
    customer: customer.stripeId,
    status: 'active',
    created: created + 20,
    items: [{ product: plan, quantity: 1 }],
  });
  return [
    sentByStripe(stream(customer), 'customer.created', person, { id: id(0), created }),
    sentByStripe(stream(customer), 'customer.subscription.created', contract, { id: id(1), created: created + 20 }),
  ];
}

/** One customer's billing cycle, and the words to say it with. */
class Cycle {
  readonly shape: Shape;
  readonly name: string;
  readonly line: LineOptions;
  readonly paymentIntent: string;
  readonly chargeId: string;
  readonly #customer: DemoCustomer;
  readonly #number: number;
  readonly #world: StripeWorld;

  constructor(customer: DemoCustomer, number: number, chance: Chance, world: StripeWorld) {
    this.#customer = customer;
    this.#number = number;
    this.#world = world;
    this.shape = customer.number % 2 === 0 ? 'basil' : 'classic';
    this.name = `${customer.number}_${number}`;
    this.paymentIntent = `pi_demo_${this.name}`;
    this.chargeId = `ch_demo_${this.name}`;
    const amount = chance.between(20, 400) * 100;
    const discount = chance.between(0, 3) === 0 ? 500 : 0;
    this.line = {
      id: `il_demo_${this.name}`,
      product: plan,
      description: 'Pro plan',
      amount,
      discount,
      tax: { amount: (amount - discount) / 5, inclusive: false, rate: 'FR-20' },
      period: { start: this.when(0), end: daysAfter(this.when(0), 30) },
    };
  }

  when(step: number): number {
    return at(this.#customer.number, this.#number, 3 + step);
  }

  say(step: number, type: string, object: StripeObject, previous?: StripeObject): DemoDelivery {
    const options = { id: `evt_demo_${this.name}_${step}`, created: this.when(step), shape: this.shape };
    return sentByStripe(
      stream(this.#customer),
      type,
      object,
      previous === undefined ? options : { ...options, previous },
    );
  }

  invoice(suffix: string, lines: readonly LineOptions[], more: Partial<InvoiceOptions> = {}): StripeObject {
    return invoice({
      id: `in_demo_${this.name}${suffix}`,
      number: `DEMO-${this.name.replace('_', '-')}${suffix.toUpperCase()}`,
      customer: this.#customer.stripeId,
      customerName: this.#customer.name,
      customerEmail: this.#customer.email,
      currency: 'eur',
      lines,
      finalizedAt: this.when(0),
      shape: this.shape,
      ...more,
    });
  }

  /** What the API shows of a movement of the Stripe balance; a payout will contain it. Returns its id. */
  moves(suffix: string, source: string, amount: number, fee: number, step: number, category: string): string {
    const id = `txn_demo_${this.name}_${suffix}`;
    const created = this.when(step);
    const object = balanceTransaction({
      id,
      source,
      amount,
      currency: 'eur',
      fee,
      created,
      type: category,
      reportingCategory: category,
    });
    this.#world.objects.push(object);
    this.#world.unpaid.push(object);
    return id;
  }

  /** Shown by the API as it is. */
  show(object: StripeObject): StripeObject {
    this.#world.objects.push(object);
    return object;
  }

  /** The charge that pays `invoiceObject`; in the basil shape only the payment intent's invoice payment says so. */
  pays(
    invoiceObject: StripeObject,
    amount: number,
    more: { refunded?: number; refunds?: readonly StripeObject[] } = {},
  ): StripeObject {
    const invoiceId = textOf(invoiceObject.id);
    return charge({
      id: this.chargeId,
      amount,
      currency: 'eur',
      customer: this.#customer.stripeId,
      paymentIntent: this.paymentIntent,
      balanceTransaction: `txn_demo_${this.name}_charge`,
      created: this.when(2),
      shape: this.shape,
      invoice: invoiceId,
      amountRefunded: more.refunded ?? 0,
      refunds: more.refunds ?? [],
    });
  }

  /** `charge.succeeded`, with what the API shows of it. */
  charged(invoiceObject: StripeObject, amount: number): DemoDelivery {
    const object = this.pays(invoiceObject, amount);
    this.show(object);
    this.moves('charge', this.chargeId, amount, Math.round(amount * 0.015) + 25, 2, 'charge');
    this.show(
      invoicePayment({
        id: `inpay_demo_${this.name}`,
        invoice: textOf(invoiceObject.id),
        paymentIntent: this.paymentIntent,
        amount,
        currency: 'eur',
        created: this.when(2),
      }),
    );
    return this.say(2, 'charge.succeeded', object);
  }

  dispute(
    status: 'needs_response' | 'won' | 'lost',
    amount: number,
    transactions: readonly StripeObject[],
  ): StripeObject {
    return dispute({
      id: `dp_demo_${this.name}`,
      charge: charge({
        id: this.chargeId,
        amount,
        currency: 'eur',
        customer: this.#customer.stripeId,
        paymentIntent: this.paymentIntent,
        balanceTransaction: `txn_demo_${this.name}_charge`,
        created: this.when(2),
      }),
      paymentIntent: this.paymentIntent,
      amount,
      currency: 'eur',
      created: this.when(3),
      status,
      balanceTransactions: transactions,
    });
  }

  creditNote(
    line: LineOptions,
    invoiceObject: StripeObject,
    step: number,
    settled: { prePayment: number; refund?: string },
  ): StripeObject {
    const { total } = totalsOf([line]);
    return this.show(
      creditNote({
        id: `cn_demo_${this.name}`,
        number: `DEMO-CN-${this.name.replace('_', '-')}`,
        invoice: textOf(invoiceObject.id),
        customer: this.#customer.stripeId,
        currency: 'eur',
        lines: [line],
        created: this.when(step),
        shape: this.shape,
        prePayment: settled.prePayment,
        ...(settled.refund === undefined ? {} : { refunds: [{ refund: settled.refund, amount: total }] }),
      }),
    );
  }
}

const turns = [
  simply,
  paymentFirst,
  amended,
  refundedInPart,
  disputed,
  failedFirst,
  creditedBeforePayment,
  simply,
] as const;

/** One invoice and what becomes of it. `turn` of eight stories, by customer and cycle. */
export function stripeCycle(
  customer: DemoCustomer,
  number: number,
  chance: Chance,
  world: StripeWorld,
): readonly DemoDelivery[] {
  const tell = turns[(customer.number + number) % turns.length] ?? simply;
  return tell(new Cycle(customer, number, chance, world));
}

function simply(cycle: Cycle): readonly DemoDelivery[] {
  const object = cycle.invoice('', [cycle.line]);
  const { total } = totalsOf([cycle.line]);
  const charged = cycle.charged(object, total);
  const paid = cycle.invoice('', [cycle.line], { status: 'paid' });
  return [cycle.say(0, 'invoice.finalized', object), charged, cycle.say(3, 'invoice.paid', paid), again(charged)];
}

/** The money is known before the claim: it waits for its invoice. */
function paymentFirst(cycle: Cycle): readonly DemoDelivery[] {
  const object = cycle.invoice('', [cycle.line]);
  return [cycle.charged(object, totalsOf([cycle.line]).total), cycle.say(0, 'invoice.finalized', object)];
}

/** Voided and issued again with what was meant. */
function amended(cycle: Cycle): readonly DemoDelivery[] {
  const wrong = {
    ...cycle.line,
    id: `${cycle.line.id}_wrong`,
    discount: 0,
    tax: { amount: cycle.line.amount / 5, inclusive: false, rate: 'FR-20' },
  };
  const first = cycle.invoice('a', [wrong]);
  const voided = cycle.invoice('a', [wrong], { status: 'void' });
  const second = cycle.invoice('b', [cycle.line], { finalizedAt: cycle.when(1) });
  return [
    cycle.say(0, 'invoice.finalized', first),
    cycle.say(4, 'invoice.voided', voided),
    cycle.say(1, 'invoice.finalized', second),
    cycle.charged(second, totalsOf([cycle.line]).total),
  ];
}

function refundedInPart(cycle: Cycle): readonly DemoDelivery[] {
  const object = cycle.invoice('', [cycle.line]);
  const { total } = totalsOf([cycle.line]);
  const charged = cycle.charged(object, total);
  const part: LineOptions = {
    ...cycle.line,
    amount: 1000,
    discount: 0,
    tax: { amount: 200, inclusive: false, rate: 'FR-20' },
  };
  const refundId = `re_demo_${cycle.name}`;
  const transaction = cycle.moves('refund', refundId, -1200, 0, 4, 'refund');
  const money = cycle.show(
    refund({
      id: refundId,
      amount: 1200,
      currency: 'eur',
      charge: cycle.chargeId,
      paymentIntent: cycle.paymentIntent,
      balanceTransaction: transaction,
      created: cycle.when(4),
    }),
  );
  const note = cycle.creditNote(part, object, 3, { prePayment: 0, refund: refundId });
  const after = cycle.pays(object, total, { refunded: 1200, refunds: [money] });
  return [
    cycle.say(0, 'invoice.finalized', object),
    charged,
    cycle.say(3, 'credit_note.created', note),
    cycle.say(4, 'charge.refunded', after, { amount_refunded: 0, refunded: false }),
  ];
}

/** Withdrawn by the bank; every second one is won back. */
function disputed(cycle: Cycle): readonly DemoDelivery[] {
  const object = cycle.invoice('', [cycle.line]);
  const { total } = totalsOf([cycle.line]);
  const charged = cycle.charged(object, total);
  const movement = (suffix: string, amount: number, fee: number, step: number): StripeObject => {
    cycle.moves(suffix, `dp_demo_${cycle.name}`, amount, fee, step, amount < 0 ? 'dispute' : 'dispute_reversal');
    return balanceTransaction({
      id: `txn_demo_${cycle.name}_${suffix}`,
      source: `dp_demo_${cycle.name}`,
      amount,
      currency: 'eur',
      fee,
      created: cycle.when(step),
      type: 'adjustment',
      reportingCategory: amount < 0 ? 'dispute' : 'dispute_reversal',
    });
  };
  const out = movement('dispute', -total, 2000, 4);
  const opening = [
    cycle.say(0, 'invoice.finalized', object),
    charged,
    cycle.say(3, 'charge.dispute.created', cycle.dispute('needs_response', total, [])),
    cycle.say(4, 'charge.dispute.funds_withdrawn', cycle.dispute('needs_response', total, [out])),
  ];
  if (total % 400 !== 0)
    return [...opening, cycle.say(5, 'charge.dispute.closed', cycle.dispute('lost', total, [out]))];
  const back = movement('reversal', total, 0, 5);
  return [
    ...opening,
    cycle.say(5, 'charge.dispute.funds_reinstated', cycle.dispute('won', total, [out, back])),
    cycle.say(6, 'charge.dispute.closed', cycle.dispute('won', total, [out, back])),
  ];
}

function failedFirst(cycle: Cycle): readonly DemoDelivery[] {
  const object = cycle.invoice('', [cycle.line]);
  const { total } = totalsOf([cycle.line]);
  const { id: _id, balance_transaction: _moved, ...attempt } = cycle.pays(object, total);
  const failed = {
    ...attempt,
    id: `${cycle.chargeId}_failed`,
    balance_transaction: null,
    amount_captured: 0,
    captured: false,
    paid: false,
    status: 'failed',
    failure_code: 'card_declined',
  };
  return [
    cycle.say(0, 'invoice.finalized', object),
    cycle.say(1, 'charge.failed', failed),
    cycle.charged(object, total),
  ];
}

/** A reduction before anything was paid; the payment is of the rest. */
function creditedBeforePayment(cycle: Cycle): readonly DemoDelivery[] {
  const object = cycle.invoice('', [cycle.line]);
  const part: LineOptions = {
    ...cycle.line,
    amount: 1000,
    discount: 0,
    tax: { amount: 200, inclusive: false, rate: 'FR-20' },
  };
  const note = cycle.creditNote(part, object, 1, { prePayment: 1200 });
  return [
    cycle.say(0, 'invoice.finalized', object),
    cycle.say(1, 'credit_note.created', note),
    cycle.charged(object, totalsOf([cycle.line]).total - 1200),
  ];
}

/** Pays out what has gathered, in payouts of at most fifty transactions. */
export function stripePayouts(world: StripeWorld): readonly DemoDelivery[] {
  const sent: DemoDelivery[] = [];
  for (let start = 0; start < world.unpaid.length; start += 50) {
    const contained = world.unpaid.slice(start, start + 50);
    const number = sent.length + 1;
    const id = `po_demo_${number}`;
    const created =
      Math.max(...contained.map((each) => (typeof each.created === 'number' ? each.created : 0))) + 86_400;
    const amount = payoutAmount(contained);
    const object = payout({
      id,
      amount,
      currency: 'eur',
      created,
      arrivesAt: daysAfter(created, 2),
      balanceTransaction: `txn_demo_payout_${number}`,
    });
    world.payouts[id] = contained.map((each) => textOf(each.id));
    sent.push(sentByStripe('stripe-account', 'payout.paid', object, { id: `evt_demo_payout_${number}`, created }));
  }
  return sent;
}
