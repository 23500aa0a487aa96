/** Customer lives as providers tell them: invoices, payments, refunds, credit notes, voids, with amounts that add up. */
import type { CanonicalEvent, InvoiceIssued, InvoiceLine } from '../../src/canonical/events.ts';
import { type EpochMs, objectKey } from '../../src/canonical/ids.ts';
import { currency, type MinorUnits, minorUnits } from '../../src/canonical/money.ts';
import type { Random } from './random.ts';

export interface ProviderEvent {
  readonly customer: string;
  readonly id: string;
  readonly type: string;
  readonly occurredAt: EpochMs;
  readonly facts: readonly CanonicalEvent[];
  /** The provider does not say whose it is: it arrives in the source's own lane. */
  readonly unnamed: boolean;
}

const EUR = currency('EUR');
const key = (kind: string, id: string) => objectKey('sim', kind, id);
const DAY = 86_400_000;

/** One customer's life in the order it happened. */
export function customerLife(random: Random, customer: string, start: EpochMs): ProviderEvent[] {
  const life = new Life(random, customer, start);
  life.say('customer.created', life.profile(1));
  const invoices = random.between(1, 4);
  for (let n = 1; n <= invoices; n++) life.bill(n);
  if (random.chance(0.5)) life.say('customer.updated', life.profile(2));
  return life.events;
}

class Life {
  readonly events: ProviderEvent[] = [];
  private now: EpochMs;
  private readonly random: Random;
  private readonly customer: string;

  constructor(random: Random, customer: string, start: EpochMs) {
    this.random = random;
    this.customer = customer;
    this.now = start;
  }

  say(type: string, ...facts: CanonicalEvent[]): void {
    const id = `evt_${this.customer}_${this.events.length + 1}`;
    const unnamed = type === 'charge.refunded' && this.random.chance(0.4);
    this.events.push({ customer: this.customer, id, type, occurredAt: this.now, facts, unnamed });
    this.now += this.random.between(1, DAY);
  }

  profile(version: number): CanonicalEvent {
    return {
      kind: 'customer.upserted',
      occurredAt: this.now,
      requires: [],
      customer: key('customer', this.customer),
      version: this.now + version,
      name: `Customer ${this.customer} v${version}`,
      email: null,
      phone: null,
      taxId: null,
      address: null,
      references: {},
      deleted: false,
    };
  }

  bill(n: number): void {
    const issued = this.invoice(n);
    this.say('invoice.finalized', issued);
    const fate = this.random.next();
    if (fate < 0.15)
      this.say('invoice.voided', {
        kind: 'invoice.voided',
        occurredAt: this.now,
        requires: [issued.invoice],
        invoice: issued.invoice,
        customer: issued.customer,
      });
    else if (fate < 0.3) this.say('invoice.uncollectible', this.writeOff(issued));
    else this.pay(issued, n);
  }

  private invoice(n: number): InvoiceIssued {
    const lines: InvoiceLine[] = [];
    const count = this.random.between(1, 3);
    for (let line = 1; line <= count; line++) lines.push(this.line(n, line));
    const total = lines.reduce((sum, line) => sum + line.net + line.taxes.reduce((t, tax) => t + tax.amount, 0), 0);
    return {
      kind: 'invoice.issued',
      occurredAt: this.now,
      requires: [],
      invoice: key('invoice', `${this.customer}-${n}`),
      customer: key('customer', this.customer),
      number: `${this.customer}-${n}`,
      currency: EUR,
      lines,
      total: minorUnits(total),
      creditApplied: minorUnits(0),
      dueAt: this.now + 30 * DAY,
      billedTo: { name: `Customer ${this.customer}`, email: null },
    };
  }

  private line(invoice: number, n: number): InvoiceLine {
    const net = minorUnits(this.random.between(1, 100_000));
    const spans = this.random.chance(0.4);
    return {
      id: `li_${invoice}_${n}`,
      description: `Line ${n}`,
      product: null,
      quantity: '1',
      net,
      discount: minorUnits(0),
      taxes: this.random.chance(0.5)
        ? [{ code: 'VAT-20', amount: minorUnits(Math.floor(net / 5)), inclusive: false, percent: '20' }]
        : [],
      period: spans ? { start: this.now, end: this.now + this.random.between(10, 200) * DAY } : null,
      proration: false,
    };
  }

  private pay(issued: InvoiceIssued, n: number): void {
    const payment = key('payment', `${this.customer}-${n}`);
    const fee = minorUnits(Math.floor(issued.total * 0.029) + 25);
    const { invoice, customer, total } = issued;
    const reference = `txn_${this.customer}_${n}`;
    this.say('charge.succeeded', {
      kind: 'payment.captured',
      occurredAt: this.now,
      requires: [invoice],
      payment,
      customer,
      invoice,
      currency: EUR,
      amount: total,
      settlement: this.random.chance(0.8)
        ? {
            currency: EUR,
            gross: total,
            fee,
            feeTax: minorUnits(0),
            net: minorUnits(total - fee),
            exchangeRate: null,
            reference,
          }
        : null,
    });
    if (this.random.chance(0.3)) this.refund(issued, payment, n);
  }

  private refund(issued: InvoiceIssued, payment: ReturnType<typeof key>, n: number): void {
    let cumulative = 0;
    const steps = this.random.between(1, 2);
    for (let step = 1; step <= steps; step++) {
      const left = issued.total - cumulative;
      if (left <= 0) return;
      const amount = step === steps ? left : this.random.between(1, left);
      cumulative += amount;
      this.say('charge.refunded', {
        kind: 'refund.paid',
        occurredAt: this.now,
        requires: [payment],
        refund: key('refund', `${this.customer}-${n}-${step}`),
        payment,
        invoice: issued.invoice,
        customer: issued.customer,
        currency: EUR,
        cumulative: minorUnits(cumulative),
        creditNote: null,
        settlement: null,
      });
    }
  }

  private writeOff({ invoice, customer, total }: InvoiceIssued): CanonicalEvent {
    const remaining: MinorUnits = total;
    return {
      kind: 'invoice.written_off',
      occurredAt: this.now,
      requires: [invoice],
      invoice,
      customer,
      remaining,
      currency: EUR,
    };
  }
}
