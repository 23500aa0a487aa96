/** Customer lives as providers tell them: invoices, payments, refunds, credit notes, voids, with amounts that add up. */
import type { CanonicalEvent, InvoiceIssued, InvoiceLine } from '../../src/canonical/events.ts';
import { type EpochMs, type ObjectKey, objectKey } from '../../src/canonical/ids.ts';
import { currency, type MinorUnits, minorUnits } from '../../src/canonical/money.ts';
import type { Random } from './random.ts';

/** Two systems; customers of the first may name their record in the second. */
export type Provider = 'sim' | 'crm';

export interface ProviderEvent {
  readonly provider: Provider;
  readonly customer: string;
  readonly id: string;
  readonly type: string;
  readonly occurredAt: EpochMs;
  readonly facts: readonly CanonicalEvent[];
  /** The provider does not say whose it is: it arrives in the source's own lane. */
  readonly unnamed: boolean;
}

const EUR = currency('EUR');
const DAY = 86_400_000;
const dealOf = (record: string): ObjectKey => objectKey('crm', 'deal', record);

/**
 * One customer's life in the order it happened.
 * @param elsewhere its record in the other system: named at some time of its life, early or late, and what it bills may
 * need the deal that was won there.
 */
export function customerLife(
  random: Random,
  customer: string,
  start: EpochMs,
  elsewhere: string | null = null,
): ProviderEvent[] {
  const life = new Life(random, 'sim', customer, start, elsewhere);
  const invoices = random.between(1, 4);
  const toldAfter = elsewhere === null ? Infinity : random.between(0, invoices + 1);
  life.say('customer.created', life.profile(1, toldAfter === 0));
  for (let n = 1; n <= invoices; n++) {
    life.bill(n);
    if (n === toldAfter) life.say('customer.updated', life.profile(n + 1, true));
  }
  if (random.chance(0.5) || toldAfter > invoices) life.say('customer.updated', life.profile(9, toldAfter < Infinity));
  return life.events;
}

/** The same customer as the other system tells it: a deal, and perhaps bills of its own. */
export function recordLife(random: Random, record: string, start: EpochMs): ProviderEvent[] {
  const life = new Life(random, 'crm', record, start, null);
  life.say('account.created', life.profile(1, false));
  life.say('deal.won', life.deal(record));
  const invoices = random.between(0, 2);
  for (let n = 1; n <= invoices; n++) life.bill(n);
  life.say('account.updated', life.profile(2, false));
  return life.events;
}

class Life {
  readonly events: ProviderEvent[] = [];
  private now: EpochMs;
  private readonly random: Random;
  private readonly provider: Provider;
  private readonly customer: string;
  private readonly elsewhere: string | null;

  constructor(random: Random, provider: Provider, customer: string, start: EpochMs, elsewhere: string | null) {
    this.random = random;
    this.provider = provider;
    this.customer = customer;
    this.elsewhere = elsewhere;
    this.now = start;
  }

  private key(kind: string, id: string): ObjectKey {
    return objectKey(this.provider, kind, id);
  }

  say(type: string, ...facts: CanonicalEvent[]): void {
    const id = `evt_${this.customer}_${this.events.length + 1}`;
    const unnamed = type === 'charge.refunded' && this.random.chance(0.4);
    this.events.push({
      provider: this.provider,
      customer: this.customer,
      id,
      type,
      occurredAt: this.now,
      facts,
      unnamed,
    });
    this.now += this.random.between(1, DAY);
  }

  deal(record: string): CanonicalEvent {
    return {
      kind: 'deal.won',
      occurredAt: this.now,
      requires: [],
      deal: dealOf(record),
      customer: this.key('customer', record),
      name: `Deal ${record}`,
      currency: EUR,
      amount: minorUnits(this.random.between(1, 100_000)),
    };
  }

  /** @param told whether it names the record elsewhere; one in eight names a wrong one. */
  profile(version: number, told: boolean): CanonicalEvent {
    const record = this.random.chance(0.125) ? 'k0' : this.elsewhere;
    return {
      kind: 'customer.upserted',
      occurredAt: this.now,
      requires: [],
      customer: this.key('customer', this.customer),
      version: this.now + version,
      name: `Customer ${this.customer} v${version}`,
      email: null,
      phone: null,
      taxId: null,
      address: null,
      references: told && record !== null ? { crm: record } : {},
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
    else if (fate < 0.3) this.writtenOff(issued);
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
      requires: this.elsewhere !== null && this.random.chance(0.3) ? [dealOf(this.elsewhere)] : [],
      invoice: this.key('invoice', `${this.customer}-${n}`),
      customer: this.key('customer', this.customer),
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
    const payment = this.key('payment', `${this.customer}-${n}`);
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

  private refund(issued: InvoiceIssued, payment: ObjectKey, n: number): void {
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
        refund: this.key('refund', `${this.customer}-${n}-${step}`),
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

  /** In half the cases the other system decides it, in whose lane it arrives though the invoice is not of that lane. */
  private writtenOff(issued: InvoiceIssued): void {
    this.say('invoice.uncollectible', this.writeOff(issued));
    const told = this.events.at(-1);
    if (this.elsewhere === null || told === undefined || this.random.chance(0.5)) return;
    this.events[this.events.length - 1] = { ...told, provider: 'crm', customer: this.elsewhere };
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
