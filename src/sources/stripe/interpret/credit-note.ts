/** Credit notes: what was taken back, and how the customer got it. */
import { idFrom, idOf } from '../schemas/common.ts';
import { type CreditNote, creditNote, creditNoteHandle } from '../schemas/documents.ts';
import {
  type Context,
  currencyOf,
  facts,
  fromSeconds,
  keyOf,
  money,
  type Outcome,
  requiredCustomer,
} from './context.ts';
import { handler } from './handler.ts';
import { allLines } from './invoice.ts';
import { documentLines, rawLines, rawTotal } from './lines.ts';

interface Parts {
  readonly reducesReceivable: number;
  readonly refunded: number;
  readonly creditedToBalance: number;
  readonly paidOutOfBand: number;
}

/**
 * How the total is settled. Before 2024 the note says only `type`, and before 2025-03-31 only which refund and which
 * balance transaction there are, not how much each is: with both, and neither expanded, the split is a problem.
 */
function partsOf(object: CreditNote, context: Context): Parts {
  const reducesReceivable = object.pre_payment_amount ?? (object.type === 'post_payment' ? 0 : object.total);
  const paidOutOfBand = object.out_of_band_amount ?? 0;
  const rest = object.total - reducesReceivable - paidOutOfBand;
  const balance = object.customer_balance_transaction ?? null;
  const stated = object.refunds?.reduce((sum, part) => sum + part.amount_refunded, 0);
  const hasRefund = idOf(object.refund) !== null;
  if (stated !== undefined) {
    return { reducesReceivable, refunded: stated, creditedToBalance: rest - stated, paidOutOfBand };
  }
  if (balance !== null && typeof balance !== 'string') {
    const credited = Math.abs(balance.amount);
    return { reducesReceivable, refunded: rest - credited, creditedToBalance: credited, paidOutOfBand };
  }
  if (balance !== null && hasRefund)
    context.problems.add('refund', 'its part beside the customer balance is not stated');
  return hasRefund
    ? { reducesReceivable, refunded: rest, creditedToBalance: 0, paidOutOfBand }
    : { reducesReceivable, refunded: 0, creditedToBalance: rest, paidOutOfBand };
}

function checkParts(object: CreditNote, parts: Parts, context: Context): void {
  if (Object.values(parts).some((part: number) => part < 0)) {
    context.problems.add('total', 'expected its settlement parts to be positive and to sum to it');
  }
  if (parts.creditedToBalance > 0 && (object.customer_balance_transaction ?? null) === null) {
    context.problems.add(
      'customer_balance_transaction',
      'expected one for the part that was neither refunded nor open',
    );
  }
}

function issued(object: CreditNote, context: Context): Outcome {
  const currency = currencyOf(object.currency);
  const raw = rawLines(
    allLines(context, object, 'credit_note_lines'),
    { shipping_cost: object.shipping_cost },
    context,
  );
  if (rawTotal(raw) !== object.total)
    context.problems.add('lines', 'expected lines, discounts and taxes to sum to total');
  const parts = partsOf(object, context);
  checkParts(object, parts, context);
  const invoice = keyOf('invoice', idFrom(object.invoice));
  return facts({
    kind: 'credit_note.issued',
    occurredAt: fromSeconds(object.effective_at ?? object.created),
    requires: [invoice],
    creditNote: keyOf('credit_note', object.id),
    invoice,
    customer: requiredCustomer(context, object),
    number: object.number ?? null,
    currency,
    lines: documentLines(raw, currency, context),
    total: money(context, 'total', object.total, currency),
    reducesReceivable: money(context, 'pre_payment_amount', parts.reducesReceivable, currency),
    refunded: money(context, 'refunds', parts.refunded, currency),
    creditedToBalance: money(context, 'customer_balance_transaction', parts.creditedToBalance, currency),
    paidOutOfBand: money(context, 'out_of_band_amount', parts.paidOutOfBand, currency),
  });
}

export const creditNoteCreated = handler(creditNote, {
  needs: (object) => (object.lines.has_more === true ? [{ kind: 'credit_note_lines', id: object.id }] : []),
  interpret: issued,
});

export const creditNoteVoided = handler(creditNoteHandle, {
  interpret(object, context) {
    const invoice = keyOf('invoice', idFrom(object.invoice));
    const key = keyOf('credit_note', object.id);
    return facts({
      kind: 'credit_note.voided',
      occurredAt: context.occurredAt,
      requires: [invoice, key],
      creditNote: key,
      invoice,
      customer: requiredCustomer(context, object),
    });
  },
});
