/** Stripe's events for golden cases: one customer, amounts in Stripe's minor units, days instead of instants. */
import * as make from '../../sandbox/stripe/events.ts';
import { registerSource } from '../../src/sources/registered.ts';
import { stripe as definition } from '../../src/sources/stripe/index.ts';
import { configured, stored, verifiedBody } from '../conformance/interpreting.ts';
import { readOnce, type Told } from './case.ts';

const registered = registerSource(definition);
const ownAccount = configured(registered);

export const CUSTOMER = 'cus_acme';
/** Noon in Paris, in seconds. */
export const noon = (day: string): number => Date.parse(`${day}T11:00:00Z`) / 1000;
/** The first moment of a day in Paris, in seconds (winter or summer time as the day has it). */
export function midnight(day: string): number {
  const utc = Date.parse(`${day}T00:00:00Z`) / 1000;
  const summer = day.slice(5) >= '03-29' && day.slice(5) < '10-25';
  return utc - (summer ? 7200 : 3600);
}

type Objects = Readonly<Record<string, unknown>>;

interface Extra {
  readonly shape?: make.Shape;
  readonly previous?: make.StripeObject;
  /** What Stripe's API shows when it is asked, by `kind:id`. */
  readonly shown?: Objects;
  readonly at?: number;
  /** The connected account's id, on Connect. */
  readonly account?: string;
  readonly configured?: typeof ownAccount;
}

const idOf = (object: make.StripeObject): string => (typeof object.id === 'string' ? object.id : '');

/** Any event of any type, on a day. */
export function tell(day: string, type: string, object: make.StripeObject, extra: Extra = {}): Told {
  const created = extra.at ?? noon(day);
  const { shape = 'classic', previous } = extra;
  const envelope = make.event(type, object, {
    id: `evt_${type}_${idOf(object)}_${created}`.slice(0, 200),
    created,
    shape,
    ...(previous === undefined ? {} : { previous }),
  });
  const body = extra.account === undefined ? envelope : { ...envelope, account: extra.account };
  const source = extra.configured ?? ownAccount;
  return {
    date: day,
    by: extra.account === undefined ? 'Stripe' : `Stripe (account ${extra.account})`,
    type,
    about: idOf(object),
    reading: readOnce(() => {
      const parsed = source.parse(verifiedBody(new Uint8Array(new TextEncoder().encode(JSON.stringify(body)))));
      const event = parsed.ok ? parsed.value[0] : undefined;
      if (event === undefined) throw new Error(`${type} is not addressable`);
      if (event.quarantine !== null) return { kind: 'quarantine', reason: event.quarantine };
      return source.interpret(stored(event), new Map(Object.entries(extra.shown ?? {})));
    }),
  };
}

export const connected = (account: string) => configured(registered, { account });

interface LineMore {
  readonly from?: string;
  readonly to?: string;
  readonly product?: string;
  readonly discount?: number;
  readonly tax?: number;
  readonly rate?: string | null;
  readonly inclusive?: boolean;
  readonly reason?: string;
  readonly proration?: boolean;
  readonly description?: string;
}

/** A line; without `from` and `to` it is for no span of time. */
export function line(id: string, amount: number, more: LineMore = {}): make.LineOptions {
  const { from, to, product = 'prod_pro', discount, tax, rate = 'FR-20', inclusive = false, reason } = more;
  const period = { start: from === undefined ? 0 : midnight(from), end: to === undefined ? 0 : midnight(to) };
  return {
    id,
    product,
    description: more.description ?? 'Pro plan',
    amount,
    period,
    ...(discount === undefined ? {} : { discount }),
    ...(tax === undefined
      ? {}
      : { tax: { amount: tax, inclusive, rate, ...(reason === undefined ? {} : { reason }) } }),
    ...(more.proration === undefined ? {} : { proration: more.proration }),
  };
}

type InvoiceMore = Partial<make.InvoiceOptions> & Extra;

const invoiceOf = (day: string, id: string, lines: readonly make.LineOptions[], more: InvoiceMore) =>
  make.invoice({
    ...{ id, number: `ACME-${id.replace(/\D/g, '').padStart(4, '0')}`, customer: CUSTOMER, customerName: 'Acme Ltd' },
    ...{ currency: 'eur', lines, finalizedAt: more.at ?? noon(day) },
    ...{ shape: 'classic' as const, ...more },
  });

export const issued = (day: string, id: string, lines: readonly make.LineOptions[], more: InvoiceMore = {}): Told =>
  tell(day, 'invoice.finalized', invoiceOf(day, id, lines, more), more);

/** A later event of the invoice: `invoice.voided`, `invoice.marked_uncollectible`, `invoice.paid`. */
export const invoiceEvent = (
  day: string,
  type: string,
  id: string,
  lines: readonly make.LineOptions[],
  more: InvoiceMore = {},
): Told => tell(day, type, invoiceOf(day, id, lines, more), more);

interface Money {
  readonly currency?: string;
  readonly fee?: number;
  readonly feeTax?: number;
  /** What reached Stripe's balance, where Stripe converted. */
  readonly settled?: { readonly amount: number; readonly currency: string; readonly rate: number };
  /** False: Stripe has not said yet what it kept. */
  readonly known?: boolean;
}

/** The balance transaction of a movement of `amount` (negative: out of the balance). */
export function transaction(
  day: string,
  id: string,
  amount: number,
  of: Money & { type?: string; source?: string } = {},
) {
  const { fee = 0, feeTax = 0, settled, currency = 'eur', type = 'charge', source = id } = of;
  return make.balanceTransaction({
    id: `txn_${id}`,
    source,
    amount: settled?.amount ?? amount,
    currency: settled?.currency ?? currency,
    ...{ fee, feeTax, type, created: noon(day) },
    ...(settled === undefined ? {} : { exchangeRate: settled.rate }),
  });
}

type ChargeMore = Money & Partial<make.ChargeOptions> & { readonly pays?: string } & Extra;

export function chargeOf(day: string, id: string, amount: number, more: ChargeMore = {}): make.StripeObject {
  const { currency = 'eur', pays, known = true, shape = 'classic' } = more;
  return make.charge({
    ...{ id, amount, currency, customer: CUSTOMER, paymentIntent: null, created: noon(day), shape },
    balanceTransaction: known ? transaction(day, id, amount, more) : null,
    ...(pays === undefined ? {} : { invoice: pays }),
    ...more,
  });
}

export const charged = (day: string, id: string, amount: number, more: ChargeMore = {}): Told =>
  tell(day, 'charge.succeeded', chargeOf(day, id, amount, more), more);

interface RefundMore extends Money {
  /** Refunded of the charge before. */
  readonly before?: number;
  readonly pays?: string;
  /** The credit note that made it. */
  readonly note?: string;
  readonly customer?: string | null;
}

const refundOf = (day: string, id: string, charge: string, amount: number, more: RefundMore, status?: 'failed') =>
  make.refund({
    ...{ id, amount, currency: more.currency ?? 'eur', charge, paymentIntent: null, created: noon(day) },
    balanceTransaction: transaction(day, id, -amount, { ...more, type: 'refund' }),
    ...(status === undefined ? {} : { status }),
  });

/** `charge.refunded` of a charge over `of`. */
export function refunded(
  day: string,
  id: string,
  charge: string,
  of: number,
  amount: number,
  more: RefundMore = {},
): Told {
  const before = more.before ?? 0;
  const object = chargeOf(day, charge, of, {
    ...{ amountRefunded: before + amount, refunds: [refundOf(day, id, charge, amount, more)] },
    ...{ currency: more.currency ?? 'eur' },
    ...(more.pays === undefined ? {} : { pays: more.pays }),
    ...(more.customer === undefined ? {} : { customer: more.customer }),
  });
  const notes =
    more.note === undefined
      ? []
      : [{ id: more.note, refund: null, refunds: [{ amount_refunded: amount, refund: id }] }];
  const shown = { [`customer_credit_notes:${CUSTOMER}`]: { data: notes, has_more: false } };
  return { ...tell(day, 'charge.refunded', object, { previous: { amount_refunded: before }, shown }), about: id };
}

export const refundEvent = (
  day: string,
  type: string,
  id: string,
  charge: string,
  amount: number,
  more: RefundMore & { failed?: boolean } = {},
) => tell(day, type, refundOf(day, id, charge, amount, more, more.failed === true ? 'failed' : undefined));

type NoteMore = Partial<
  Pick<make.CreditNoteOptions, 'prePayment' | 'refunds' | 'creditedToBalance' | 'outOfBand' | 'currency'>
>;

const noteOf = (day: string, id: string, invoice: string, lines: readonly make.LineOptions[], more: NoteMore) =>
  make.creditNote({
    ...{ id, number: `CN-${id.replace(/\D/g, '').padStart(4, '0')}`, invoice, customer: CUSTOMER, currency: 'eur' },
    ...{ lines, created: noon(day), prePayment: 0, shape: 'basil' as const, ...more },
  });

/** Lines name the invoice's lines by id. Without `prePayment` nothing of it lowers what is owed. */
export const noted = (
  day: string,
  id: string,
  invoice: string,
  lines: readonly make.LineOptions[],
  more: NoteMore,
): Told => tell(day, 'credit_note.created', noteOf(day, id, invoice, lines, more), { shape: 'basil' });

export const noteVoided = (
  day: string,
  id: string,
  invoice: string,
  lines: readonly make.LineOptions[],
  more: NoteMore,
): Told => tell(day, 'credit_note.voided', noteOf(day, id, invoice, lines, more), { shape: 'basil' });

type DisputeMore = Money & { readonly status?: make.DisputeOptions['status']; readonly won?: Money['settled'] };

function disputeOf(
  day: string,
  charge: string,
  amount: number,
  moved: readonly make.StripeObject[],
  more: DisputeMore,
) {
  const currency = more.currency ?? 'eur';
  return make.dispute({
    ...{ id: `dp_${charge}`, charge: { id: charge, customer: CUSTOMER }, paymentIntent: null, amount, currency },
    ...{ created: noon(day), status: more.status ?? 'needs_response', balanceTransactions: moved },
  });
}

export const disputeOpened = (day: string, charge: string, amount: number, more: DisputeMore = {}): Told =>
  tell(day, 'charge.dispute.created', disputeOf(day, charge, amount, [], more));
export const withdrawn = (day: string, charge: string, amount: number, more: DisputeMore = {}): Told => {
  const out = transaction(day, `dp_${charge}`, -amount, { fee: 1500, ...more, type: 'adjustment' });
  return tell(day, 'charge.dispute.funds_withdrawn', disputeOf(day, charge, amount, [out], more));
};
export const reinstated = (day: string, charge: string, amount: number, more: DisputeMore = {}): Told => {
  const back = transaction(day, `dp_${charge}`, amount, { ...more, fee: 0, type: 'adjustment' });
  return tell(
    day,
    'charge.dispute.funds_reinstated',
    disputeOf(day, charge, amount, [back], { ...more, status: 'won' }),
  );
};
export const closed = (
  day: string,
  charge: string,
  amount: number,
  status: 'won' | 'lost' | 'warning_closed',
  more: DisputeMore = {},
): Told => tell(day, 'charge.dispute.closed', disputeOf(day, charge, amount, [], { ...more, status }));

interface PayoutMore extends Pick<Extra, 'account' | 'configured'> {
  readonly currency?: string;
  /** What Stripe's API lists in it; absent: it cannot be asked. */
  readonly lists?: readonly make.StripeObject[];
  readonly previous?: string;
}

const payoutOf = (day: string, id: string, amount: number, more: PayoutMore, status: 'paid' | 'failed') =>
  make.payout({
    ...{ id, amount, currency: more.currency ?? 'eur', created: noon(day), arrivesAt: noon(day) + 86_400, status },
    balanceTransaction: `txn_${id}`,
  });

export const paidOut = (day: string, id: string, amount: number, more: PayoutMore = {}): Told =>
  tell(day, 'payout.paid', payoutOf(day, id, amount, more, 'paid'), {
    ...(more.account === undefined ? {} : { account: more.account }),
    ...(more.configured === undefined ? {} : { configured: more.configured }),
    shown: more.lists === undefined ? {} : { [`payout_transactions:${id}`]: { data: more.lists, has_more: false } },
  });
export const payoutFailed = (day: string, id: string, amount: number, more: PayoutMore = {}): Told =>
  tell(day, 'payout.failed', payoutOf(day, id, amount, more, 'failed'), {
    previous: { status: more.previous ?? 'paid' },
  });

/** Since 2025-03-31: which invoice a payment paid; `payment` is the payment intent's id. */
export const invoicePaymentPaid = (
  day: string,
  invoice: string,
  payment: string,
  amount: number,
  currency = 'eur',
): Told =>
  tell(
    day,
    'invoice_payment.paid',
    make.invoicePayment({
      ...{
        id: `inpay_${invoice}`,
        invoice: { id: invoice, customer: CUSTOMER },
        paymentIntent: payment,
        amount,
        currency,
      },
      created: noon(day),
    }),
    { shape: 'basil' },
  );
