/**
 * Balance platform and management webhooks. Only transfers of the tenant's own balance accounts concern its books: a
 * payout to the bank is one, everything else that changes the balance goes to suspense and to a person.
 */
import type { CanonicalEvent } from '../../canonical/events.ts';
import type { EpochMs } from '../../canonical/ids.ts';
import { currency, minorUnits, negate } from '../../canonical/money.ts';
import { facts, nothing, type Reader, reader, unsupported, without } from '../reading.ts';
import type { Interpretation } from '../source.ts';
import { fromAdyen } from './amounts.ts';
import { type OldTransfer, oldTransfer, type Transfer, transfer } from './schemas.ts';
import type { PlatformSettings } from './settings.ts';
import { key } from './standard.ts';

interface Context {
  readonly occurredAt: EpochMs;
  readonly settings: PlatformSettings;
}

const notOurs = nothing('of a balance account that is not the tenant’s own');

const accountUnknown = unsupported('data.balanceAccount: absent, so it is not known whose money it is');

const isOwn = (account: { readonly id: string }, { settings }: Context): boolean =>
  settings.balanceAccounts.includes(account.id);

/** The last booking of a transfer is what its latest update is about; earlier ones came with earlier updates. */
function transferChanged(object: Transfer, context: Context): Interpretation {
  const booked = object.events.filter((event) => event.mutations.some((each) => (each.balance ?? 0) !== 0));
  const last = booked.at(-1);
  if (last === undefined) return nothing('received or reserved; the balance has not changed');
  if (object.balanceAccount === undefined) return accountUnknown;
  if (!isOwn(object.balanceAccount, context)) return notOurs;
  const changed = last.mutations.filter((each) => (each.balance ?? 0) !== 0);
  const [mutation] = changed;
  if (mutation?.balance === undefined || changed.length > 1)
    return unsupported('data.events.mutations: several currencies');
  const code = currency(mutation.currency);
  const amount = fromAdyen(mutation.balance, code);
  if (!amount.ok) return unsupported(`data.events.mutations.balance: ${amount.error}`);
  const occurredAt = last.bookingDate ?? context.occurredAt;
  if (object.category === 'bank' && object.direction === 'outgoing') {
    const payout = key('payout', object.id);
    const sent: CanonicalEvent =
      amount.value < 0
        ? {
            kind: 'payout.sent',
            occurredAt,
            requires: [],
            payout,
            currency: code,
            amount: negate(amount.value),
            arrivesAt: null,
            transactions: null,
          }
        : { kind: 'payout.returned', occurredAt, requires: [payout], payout, currency: code, amount: amount.value };
    return facts(sent);
  }
  return facts({
    kind: 'balance.adjusted',
    occurredAt,
    requires: [],
    adjustment: key('adjustment', last.id),
    currency: code,
    amount: amount.value,
    category: object.category ?? 'transfer',
  });
}

const settledStatuses: ReadonlySet<string> = new Set(['IncomingTransfer', 'OutgoingTransfer', 'Captured']);

function oldTransferChanged(object: OldTransfer, context: Context): Interpretation {
  const failed = object.status === 'TransferFailed';
  if (!failed && !settledStatuses.has(object.status)) return nothing('not settled; the balance has not changed');
  if (object.balanceAccount === undefined) return accountUnknown;
  if (!isOwn(object.balanceAccount, context)) return notOurs;
  const code = currency(object.amount.currency);
  const amount = fromAdyen(object.amount.value, code);
  if (!amount.ok) return unsupported(`data.amount.value: ${amount.error}`);
  return facts({
    kind: 'balance.adjusted',
    occurredAt: context.occurredAt,
    requires: [],
    adjustment: key('adjustment', failed ? `${object.id}-failed` : object.id),
    currency: code,
    // A failed transfer undoes what was announced under the same sign.
    amount: failed ? minorUnits(-amount.value) : amount.value,
    category: failed ? 'transfer_failed' : 'transfer',
  });
}

const transferReader = reader(transfer, transferChanged);
const oldTransferReader = reader(oldTransfer, oldTransferChanged);

const types: Readonly<Record<string, Reader<Context>>> = {
  'balancePlatform.transfer.created': transferReader,
  'balancePlatform.transfer.updated': transferReader,
  'balancePlatform.incomingTransfer.created': oldTransferReader,
  'balancePlatform.incomingTransfer.updated': oldTransferReader,
  'balancePlatform.outgoingTransfer.created': oldTransferReader,
  'balancePlatform.outgoingTransfer.updated': oldTransferReader,
  'balancePlatform.transaction.created': without('the same money is told by the transfer'),
};

const families: readonly (readonly [RegExp, Reader<unknown>])[] = [
  [
    /^balancePlatform\.payment\./,
    without('an authorisation with a card of the platform; money is told by the transfer'),
  ],
  [
    /^balancePlatform\.balanceAccount\./,
    without('a balance, a block or a top-up order; money is told by the transfer'),
  ],
  [
    /^balancePlatform\.(accountHolder|balanceAccountSweep|cardOrder|mandate|paymentInstrument|networkToken)\./,
    without('accounts and instruments of the platform’s users'),
  ],
  [
    /^balancePlatform\.(authentication|score|report|negativeBalanceCompensationWarning)\./,
    without('concerns no books'),
  ],
  [/^(paymentMethod|merchant|store|terminal\w*|recurring\.token|ach)\./, without('concerns no books')],
];

export const platformTypes: readonly string[] = Object.keys(types);

export function platformReader(type: string): Reader<Context> | null {
  const known = Object.hasOwn(types, type) ? types[type] : undefined;
  if (known !== undefined) return known;
  return families.find(([pattern]) => pattern.test(type))?.[1] ?? null;
}
