/** The day a fact belongs to, before any policy moves it. */

import type { CanonicalEvent } from './events.ts';
import { dateIn, type IsoDate } from './ids.ts';
import { lastDayOf } from './periods.ts';
import { unreachable } from './result.ts';

/** Its own day in the entity's time zone; for what is told of a month, that month's last day. Null: it books nothing. */
export function factDate(fact: CanonicalEvent, timeZone: string): IsoDate | null {
  switch (fact.kind) {
    case 'customer.upserted':
    case 'product.upserted':
    case 'subscription.changed':
    case 'deal.won':
    case 'contract.activated':
    case 'payment.failed':
    case 'dispute.opened':
    case 'journal.summarised':
      return null;
    case 'journal.posted':
      return fact.date;
    case 'revenue.recognized':
      return lastDayOf(fact.period);
    case 'invoice.issued':
    case 'payment.captured':
    case 'payment.applied':
    case 'payment.external':
    case 'credit_note.issued':
    case 'credit_note.voided':
    case 'refund.paid':
    case 'refund.reversed':
    case 'dispute.withdrawn':
    case 'dispute.won':
    case 'dispute.lost':
    case 'payout.sent':
    case 'payout.returned':
    case 'processor.fee':
    case 'balance.adjusted':
    case 'invoice.voided':
    case 'invoice.written_off':
      return dateIn(timeZone, fact.occurredAt);
    default:
      return unreachable(fact);
  }
}
