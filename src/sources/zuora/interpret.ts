/** A templated body and its event's mapping → one fact. */
import type { CanonicalEvent } from '../../canonical/events.ts';
import type { EpochMs } from '../../canonical/ids.ts';
import { minorUnits, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result, unreachable } from '../../canonical/result.ts';
import { plainLine } from '../reading.ts';
import { keysOf } from '../source.ts';
import { Members } from './members.ts';
import type { ZuoraMapping } from './settings.ts';

const key = keysOf('zuora');

type Of<Fact extends ZuoraMapping['fact']> = Extract<ZuoraMapping, { fact: Fact }>;

/** Null: the event is mapped to nothing. Error: which path does not fit. */
export function factOf(body: unknown, mapping: ZuoraMapping, at: EpochMs): Result<CanonicalEvent | null, string> {
  const members = new Members(body);
  const fact = read(members, mapping, at);
  if (members.fault !== null) return err(members.fault);
  if (fact !== null && 'amount' in fact && fact.amount !== null && fact.amount !== undefined && fact.amount <= 0) {
    return err('amount: expected more than nothing');
  }
  return ok(fact);
}

function read(members: Members, mapping: ZuoraMapping, at: EpochMs): CanonicalEvent | null {
  switch (mapping.fact) {
    case 'nothing':
      return null;
    case 'customer':
      return customerOf(members, mapping, at);
    case 'subscription':
      return subscriptionOf(members, mapping, at);
    case 'invoice':
      return invoiceOf(members, mapping);
    case 'payment':
      return paymentOf(members, mapping);
    case 'failed-payment':
      return failureOf(members, mapping, at);
    case 'refund':
      return refundOf(members, mapping);
    case 'voided-invoice': {
      const invoice = key('invoice', members.text(mapping.invoice));
      const customer = key('customer', members.text(mapping.customer));
      return { kind: 'invoice.voided', occurredAt: at, requires: [invoice], invoice, customer };
    }
    default:
      return unreachable(mapping);
  }
}

function customerOf(members: Members, mapping: Of<'customer'>, at: EpochMs): CanonicalEvent {
  const references = Object.entries(mapping.references).flatMap(([system, path]): [string, string][] => {
    const id = members.maybe(path);
    return id === null ? [] : [[system, id]];
  });
  return {
    kind: 'customer.upserted',
    occurredAt: at,
    requires: [],
    customer: key('customer', members.text(mapping.customer)),
    version: mapping.updatedAt === undefined ? at : members.instant(mapping.updatedAt),
    name: members.maybe(mapping.name),
    email: members.maybe(mapping.email),
    phone: null,
    taxId: null,
    address: null,
    references: Object.fromEntries(references),
    deleted: false,
  };
}

function subscriptionOf(members: Members, mapping: Of<'subscription'>, at: EpochMs): CanonicalEvent {
  return {
    kind: 'subscription.changed',
    occurredAt: at,
    requires: [],
    subscription: key('subscription', members.text(mapping.subscription)),
    customer: key('customer', members.text(mapping.customer)),
    version: mapping.updatedAt === undefined ? at : members.instant(mapping.updatedAt),
    status: members.text(mapping.status),
    items: [],
  };
}

function invoiceOf(members: Members, mapping: Of<'invoice'>): CanonicalEvent {
  const code = members.currency(mapping.currency);
  const total = members.amount(mapping.total, code);
  const tax = mapping.tax === undefined ? ZERO : members.amount(mapping.tax, code);
  const id = members.text(mapping.invoice);
  const number = members.maybe(mapping.number);
  return {
    kind: 'invoice.issued',
    occurredAt: members.instant(mapping.issuedOn),
    requires: [],
    invoice: key('invoice', id),
    customer: key('customer', members.text(mapping.customer)),
    number,
    currency: code,
    lines: [
      plainLine({
        id: 'invoice',
        description: `Invoice ${number ?? id}`,
        net: minorUnits(total - tax),
        taxes: tax === 0 ? [] : [{ code: 'tax', amount: tax, inclusive: false, percent: null }],
      }),
    ],
    total,
    creditApplied: ZERO,
    dueAt: mapping.dueOn === undefined ? null : members.instant(mapping.dueOn),
    billedTo: { name: null, email: null },
  };
}

function paymentOf(members: Members, mapping: Of<'payment'>): CanonicalEvent {
  const code = members.currency(mapping.currency);
  const common = {
    occurredAt: members.instant(mapping.paidAt),
    payment: key('payment', members.text(mapping.payment)),
    customer: key('customer', members.text(mapping.customer)),
    currency: code,
    amount: members.amount(mapping.amount, code),
  };
  if (mapping.kind === 'external') {
    // Money from outside settles an invoice; without one there is nothing to book it on.
    const invoice = key('invoice', members.text(mapping.invoice ?? 'invoice'));
    return { kind: 'payment.external', ...common, requires: [invoice], invoice };
  }
  const id = members.maybe(mapping.invoice);
  const invoice = id === null ? null : key('invoice', id);
  return {
    kind: 'payment.captured',
    ...common,
    requires: invoice === null ? [] : [invoice],
    invoice,
    settlement: null,
  };
}

function failureOf(members: Members, mapping: Of<'failed-payment'>, at: EpochMs): CanonicalEvent {
  const code = members.currency(mapping.currency);
  const id = members.maybe(mapping.invoice);
  return {
    kind: 'payment.failed',
    occurredAt: at,
    requires: [],
    payment: key('payment', members.text(mapping.payment)),
    invoice: id === null ? null : key('invoice', id),
    customer: key('customer', members.text(mapping.customer)),
    currency: code,
    amount: members.amount(mapping.amount, code),
    reason: members.maybe(mapping.reason),
  };
}

function refundOf(members: Members, mapping: Of<'refund'>): CanonicalEvent {
  const code = members.currency(mapping.currency);
  const amount = members.amount(mapping.amount, code);
  const payment = key('payment', members.text(mapping.payment));
  return {
    kind: 'refund.paid',
    occurredAt: members.instant(mapping.refundedAt),
    requires: [payment],
    refund: key('refund', members.text(mapping.refund)),
    payment,
    invoice: null,
    customer: key('customer', members.text(mapping.customer)),
    currency: code,
    cumulative: amount,
    amount,
    creditNote: null,
    settlement: null,
  };
}
