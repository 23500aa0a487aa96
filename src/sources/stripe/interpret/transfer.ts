/**
 * Transfers: between Stripe accounts, or, in API versions before 2017-04-06, to one's own bank account or card, which are
 * payouts since (docs.stripe.com/transfer-payout-split). An endpoint pinned to such a version still announces its payouts
 * so; they are booked as payouts are, when paid.
 */
import { type LegacyTransfer, transfer } from '../schemas/money.ts';
import { type Context, currencyOf, facts, fromSeconds, keyOf, money, nothing, type Outcome } from './context.ts';
import { handler } from './handler.ts';
import { balanceAdjusted } from './payout.ts';

type Way = 'own_bank' | 'connected_account' | 'unclear';

const destinationOf = ({ destination }: LegacyTransfer): string | null =>
  (typeof destination === 'string' ? destination : destination?.id) ?? null;

/**
 * Where it goes, by what the object itself says. `status` is of payouts alone. A `summary` is of automatic transfers, which
 * go to one's own bank account (changelog of 2014-08-04). A `recipient` is somebody else, whose bank account it is then.
 */
function wayOf(object: LegacyTransfer): Way {
  const destination = destinationOf(object);
  if (destination?.startsWith('acct_') === true) return 'connected_account';
  if (object.status === undefined || (object.recipient ?? null) !== null) return 'unclear';
  const toBank =
    object.type === 'bank_account' ||
    object.type === 'card' ||
    (destination !== null && /^(ba|card)_/.test(destination)) ||
    object.bank_account?.object === 'bank_account' ||
    object.account?.object === 'bank_account' ||
    (destination === null && object.type === undefined && (object.summary ?? null) !== null);
  return toBank ? 'own_bank' : 'unclear';
}

function unclear(context: Context): Outcome {
  context.problems.add('destination', 'expected a connected account, or one’s own bank account in old versions');
  return nothing('');
}

const payoutOf = (object: LegacyTransfer, context: Context) => ({
  payout: keyOf('payout', object.id),
  currency: currencyOf(object.currency),
  amount: money(context, 'amount', object.amount, currencyOf(object.currency)),
});

export const transferCreated = handler(transfer, {
  interpret(object, context) {
    const way = wayOf(object);
    if (way === 'own_bank') return nothing('a payout; booked when paid');
    if (way === 'unclear') return unclear(context);
    return balanceAdjusted(object, context, 'transfer', -1);
  },
});

/** Its transactions are not asked for: a transfer does not say whether it is automatic, and others have no list. */
export const transferPaid = handler(transfer, {
  interpret(object, context) {
    const way = wayOf(object);
    if (way === 'connected_account') return nothing('booked when created');
    if (way === 'unclear') return unclear(context);
    return facts({
      kind: 'payout.sent',
      occurredAt: context.occurredAt,
      requires: [],
      ...payoutOf(object, context),
      arrivesAt: typeof object.date === 'number' ? fromSeconds(object.date) : null,
      transactions: null,
    });
  },
});

/** A payout that bounced; one that failed before it was paid has nothing to take back. */
export const transferFailed = handler(transfer, {
  interpret(object, context) {
    if (wayOf(object) !== 'own_bank') return unclear(context);
    const before = context.event.data.previous_attributes?.status;
    if (typeof before === 'string' && before !== 'paid') {
      return nothing('failed before it was paid; nothing was booked');
    }
    const subject = payoutOf(object, context);
    return facts({
      kind: 'payout.returned',
      occurredAt: context.occurredAt,
      requires: [subject.payout],
      ...subject,
    });
  },
});
