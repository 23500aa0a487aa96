/**
 * Standard webhooks. They tell gross amounts and no fees: a payment is booked gross to clearing, and what Adyen keeps
 * comes with the settlement report. Amounts are taken from signed fields only.
 */
import type { CanonicalEvent } from '../../canonical/events.ts';
import type { EpochMs, ObjectKey } from '../../canonical/ids.ts';
import { type Currency, currency, type MinorUnits, negate } from '../../canonical/money.ts';
import { facts, nothing, unsupported } from '../reading.ts';
import { type Interpretation, keysOf } from '../source.ts';
import { fromAdyen } from './amounts.ts';
import type { Item } from './schemas.ts';
import type { StandardSettings } from './settings.ts';

export const key = keysOf('adyen');

interface Money {
  readonly amount: MinorUnits;
  readonly currency: Currency;
}

interface Context {
  readonly item: Item;
  readonly money: Money;
  readonly occurredAt: EpochMs;
  readonly capture: StandardSettings['capture'];
  readonly customer: ObjectKey | null;
}

type Rule = (context: Context) => Interpretation;

export const shopperOf = (item: Item): string | null => {
  const data = item.additionalData;
  const reference =
    data?.shopperReference ?? data?.['tokenization.shopperReference'] ?? data?.['recurring.shopperReference'];
  return reference === undefined || reference === '' ? null : reference;
};

/** The payment an item is about: what it modifies, or itself. */
export const paymentReference = (item: Item): string =>
  item.originalReference === undefined || item.originalReference === '' ? item.pspReference : item.originalReference;

const paymentOf = ({ item }: Context): ObjectKey => key('payment', paymentReference(item));
const reasonOf = ({ item }: Context): string | null => item.reason?.trim().slice(0, 500) || null;

const captured = (context: Context, payment: ObjectKey): Interpretation =>
  context.money.amount === 0
    ? nothing('nothing was captured')
    : facts({
        kind: 'payment.captured',
        occurredAt: context.occurredAt,
        requires: [],
        payment,
        customer: context.customer,
        invoice: null,
        currency: context.money.currency,
        amount: context.money.amount,
        settlement: null,
      });

const failed = (context: Context): Interpretation =>
  facts({
    kind: 'payment.failed',
    occurredAt: context.occurredAt,
    requires: [],
    payment: paymentOf(context),
    invoice: null,
    customer: context.customer,
    currency: context.money.currency,
    amount: context.money.amount,
    reason: reasonOf(context),
  });

const authorised: Rule = (context) => {
  if (!context.item.success) return failed(context);
  return context.capture === 'automatic'
    ? captured(context, paymentOf(context))
    : nothing('authorised; money moves at its capture');
};

const capture: Rule = (context) => {
  if (context.capture === 'automatic') return unsupported('eventCode: a CAPTURE where captures are automatic');
  if (!context.item.success) return failed(context);
  const own = context.capture === 'multiple' ? key('payment', context.item.pspReference) : paymentOf(context);
  return captured(context, own);
};

/** Money that moves by no rule of its own: suspense, and a person. `direction` is of the merchant's balance. */
const adjusted =
  (category: string, direction: 1 | -1): Rule =>
  ({ item, money, occurredAt }) => {
    if (!item.success) return nothing('it did not succeed');
    if (money.amount === 0) return nothing('no amount');
    return facts({
      kind: 'balance.adjusted',
      occurredAt,
      requires: [],
      adjustment: key('adjustment', `${item.pspReference}-${category}`),
      currency: money.currency,
      amount: direction === 1 ? money.amount : negate(money.amount),
      category,
    });
  };

const refund: Rule = (context) => {
  const { item, money, occurredAt, customer } = context;
  if (!item.success) return nothing('the refund did not take place');
  if (money.amount === 0) return nothing('nothing was refunded');
  if (context.capture === 'multiple') return unsupported('originalReference: which of several captures is refunded');
  const payment = paymentOf(context);
  return facts({
    kind: 'refund.paid',
    occurredAt,
    requires: [payment],
    refund: key('refund', item.pspReference),
    payment,
    invoice: null,
    customer,
    currency: money.currency,
    // The least that is known to be refunded; `amount` decides.
    cumulative: money.amount,
    amount: money.amount,
    creditNote: null,
    settlement: null,
  });
};

/** A refund the bank or scheme returned. Adyen names the refund it is about as the item's own reference. */
const refundReturned: Rule = (context) => {
  const { item, money, occurredAt, customer } = context;
  if (!item.success) return nothing('it did not succeed');
  const own = key('refund', item.pspReference);
  return facts({
    kind: 'refund.reversed',
    occurredAt,
    requires: [own],
    refund: own,
    payment: paymentOf(context),
    customer,
    currency: money.currency,
    amount: money.amount,
  });
};

/** Before a capture this releases an authorisation. Where the payment was booked at authorisation, it takes it back. */
const cancelled: Rule = (context) =>
  context.capture === 'automatic'
    ? adjusted('cancellation', -1)(context)
    : nothing('an authorisation was released; nothing had been captured');

const cancelOrRefund: Rule = (context) => {
  switch (context.item.additionalData?.['modification.action']) {
    case 'refund':
      return refund(context);
    case 'cancel':
      return cancelled(context);
    default:
      return unsupported('additionalData.modification.action: expected cancel or refund');
  }
};

type DisputeStep = 'dispute.opened' | 'dispute.withdrawn' | 'dispute.won' | 'dispute.lost';

const dispute =
  (...steps: readonly DisputeStep[]): Rule =>
  (context) => {
    const { item, money, occurredAt, customer } = context;
    if (!item.success) return nothing('it did not succeed');
    const payment = paymentOf(context);
    const subject = { occurredAt, requires: [payment], dispute: key('dispute', item.pspReference), payment, customer };
    return facts(
      ...steps.map((kind): CanonicalEvent => {
        const fact = { ...subject, currency: money.currency, amount: money.amount };
        return kind === 'dispute.withdrawn' || kind === 'dispute.won'
          ? { kind, ...fact, settlement: null }
          : { kind, ...fact };
      }),
    );
  };

const defenceEnded: Rule = (context) =>
  context.item.additionalData?.disputeStatus === 'Lost'
    ? dispute('dispute.lost')(context)
    : nothing('the defence period ended; the outcome is told by another event');

/** Why a type moves no money: it is read without an amount, which such types may lack. */
interface Moneyless {
  readonly note: string;
}

const silent = (note: string): Moneyless => ({ note });

const noMoney = silent('no money moves');
const review = silent('a review or a rescue; the payment itself is told by its own event');
const issuer = silent('a step between issuer and merchant; money is told by CHARGEBACK and its reversal');

const rules: Readonly<Record<string, Rule | Moneyless>> = {
  AUTHORISATION: authorised,
  CAPTURE: capture,
  CAPTURE_FAILED: adjusted('capture_failed', -1),
  CANCELLATION: cancelled,
  TECHNICAL_CANCEL: cancelled,
  CANCEL_OR_REFUND: cancelOrRefund,
  REFUND: refund,
  REFUND_FAILED: refundReturned,
  REFUNDED_REVERSED: refundReturned,
  REFUND_WITH_DATA: adjusted('refund_with_data', -1),
  CHARGEBACK: dispute('dispute.opened', 'dispute.withdrawn'),
  CHARGEBACK_REVERSED: dispute('dispute.won'),
  SECOND_CHARGEBACK: adjusted('second_chargeback', -1),
  PREARBITRATION_LOST: adjusted('prearbitration_lost', -1),
  PREARBITRATION_WON: issuer,
  NOTIFICATION_OF_CHARGEBACK: dispute('dispute.opened'),
  DISPUTE_DEFENSE_PERIOD_ENDED: defenceEnded,
  PAYOUT_THIRDPARTY: adjusted('payout_thirdparty', -1),
  PAIDOUT_REVERSED: adjusted('paidout_reversed', 1),
  PAYOUT_DECLINE: silent('a payout that was not made'),
  PAYOUT_EXPIRE: silent('a payout that was not made'),
  POSTPONED_REFUND: silent('the refund comes after the capture, as REFUND'),
  VOID_PENDING_REFUND: silent('a refund that was not made'),
  REQUEST_FOR_INFORMATION: issuer,
  INFORMATION_SUPPLIED: issuer,
  ISSUER_COMMENTS: issuer,
  ISSUER_RESPONSE_TIMEFRAME_EXPIRED: issuer,
  NOTIFICATION_OF_FRAUD: issuer,
  AUTHENTICATION: noMoney,
  AUTHORISATION_ADJUSTMENT: silent('the amount held has changed; money moves at its capture'),
  AUTORESCUE: review,
  AUTORESCUE_NEXT_ATTEMPT: review,
  CANCEL_AUTORESCUE: review,
  EXPIRE: silent('an authorisation expired without a capture'),
  MANUAL_REVIEW_ACCEPT: review,
  MANUAL_REVIEW_REJECT: review,
  OFFER_CLOSED: silent('an offer expired; nothing was paid'),
  ORDER_OPENED: silent('payments of the order have events of their own'),
  ORDER_CLOSED: silent('payments of the order have events of their own'),
  RECURRING_CONTRACT: noMoney,
  DIRECT_DEBIT_NOTICE_OF_CHANGE_NOTIFICATION: noMoney,
  REPORT_AVAILABLE: silent('a report is ready; it is fetched by the reconciliation'),
};

export const standardTypes: readonly string[] = Object.keys(rules);
export const isStandardType = (eventCode: string): boolean => Object.hasOwn(rules, eventCode);

export function interpretStandard(item: Item, occurredAt: EpochMs, settings: StandardSettings): Interpretation {
  const own = Object.hasOwn(rules, item.eventCode) ? rules[item.eventCode] : undefined;
  if (own === undefined) return unsupported('eventCode: no rule for it');
  if (typeof own !== 'function') return nothing(own.note);
  // Adyen sends an amount with each of these; one that has none does not move zero.
  if (item.amount === undefined) return unsupported('amount: expected, since its type moves money');
  const code = currency(item.amount.currency);
  const amount = fromAdyen(item.amount.value, code);
  if (!amount.ok) return unsupported(`amount.value: ${amount.error}`);
  if (amount.value < 0) return unsupported('amount.value: negative');
  const shopper = shopperOf(item);
  return own({
    item,
    money: { amount: amount.value, currency: code },
    occurredAt,
    capture: settings.capture,
    customer: shopper === null ? null : key('customer', shopper),
  });
}
