/** The words stories are told in: one customer, one plan, invoices of 120.00 EUR with 20 % tax, and what is expected of the books. */
import { expect } from 'vitest';
import { summary } from '../../sandbox/odoo/pages/summary.ts';
import type { LineRow, MoveRow } from '../../sandbox/odoo/store/records.ts';
import * as make from '../../sandbox/stripe/events.ts';
import { trialBalanceView } from '../../src/ledger/trial-balance.ts';
import { at, type Gateway } from '../support/gateway.ts';

export const CUSTOMER = 'cus_ada';

export const customer = (name: string, created: number) =>
  make.customer({ id: CUSTOMER, name, email: 'ada@example.com', created });

/** 100.00 net and 20.00 tax, for the month. */
export const line = (changes: Partial<make.LineOptions> = {}): make.LineOptions => ({
  id: 'il_1',
  product: 'prod_pro',
  description: 'Pro plan',
  amount: 10_000,
  tax: { amount: 2_000, inclusive: false, rate: 'FR-20' },
  period: { start: at(0), end: at(24 * 26) },
  ...changes,
});

/** 10.00 net and 2.00 tax of that line. */
export const tenthOfLine = line({ amount: 1_000, tax: { amount: 200, inclusive: false, rate: 'FR-20' } });

export const invoice = (changes: Partial<make.InvoiceOptions> = {}) =>
  make.invoice({
    id: 'in_1',
    number: 'ADA-0001',
    customer: CUSTOMER,
    customerName: 'Ada Ltd',
    customerEmail: 'ada@example.com',
    currency: 'eur',
    lines: [line()],
    finalizedAt: at(0),
    ...changes,
  });

export interface Charged {
  readonly amount?: number;
  readonly invoice?: string | null;
  readonly fee?: number;
  readonly customer?: string | null;
  readonly currency?: string;
  readonly rate?: number;
  readonly hours?: number;
}

/** A charge as the webhook carries it; Stripe's API shows its balance transaction and which invoice it paid. */
export function charged(gateway: Gateway, more: Charged = {}): make.StripeObject {
  const { amount = 12_000, invoice: paid = 'in_1', fee = 205, currency = 'eur', rate, hours = 1 } = more;
  const created = at(hours);
  const settled = Math.round(amount * (rate ?? 1));
  gateway.stripeApi.show(
    make.balanceTransaction({
      id: 'txn_ch_1',
      source: 'ch_1',
      amount: settled,
      currency: 'eur',
      fee,
      created,
      ...(rate === undefined ? {} : { exchangeRate: rate }),
    }),
  );
  if (paid !== null) {
    const link = { id: 'inpay_1', invoice: paid, paymentIntent: 'pi_1', amount, currency, created };
    gateway.stripeApi.show(make.invoicePayment(link));
  }
  return charge({ amount, currency, created, ...(more.customer === undefined ? {} : { customer: more.customer }) });
}

export const charge = (more: Partial<make.ChargeOptions> = {}) =>
  make.charge({
    id: 'ch_1',
    amount: 12_000,
    currency: 'eur',
    customer: CUSTOMER,
    paymentIntent: 'pi_1',
    balanceTransaction: 'txn_ch_1',
    created: at(1),
    ...more,
  });

/** The charge after a refund of `amount`; the API shows the refund and its movement. */
export function refunded(gateway: Gateway, amount: number, id = 're_1'): make.StripeObject {
  const created = Math.floor(gateway.now / 1000);
  gateway.stripeApi.show(
    make.balanceTransaction({
      id: `txn_${id}`,
      source: id,
      amount: -amount,
      currency: 'eur',
      created,
      type: 'refund',
    }),
    make.refund({
      id,
      amount,
      currency: 'eur',
      charge: 'ch_1',
      paymentIntent: 'pi_1',
      balanceTransaction: `txn_${id}`,
      created,
    }),
  );
  return charge({ amountRefunded: amount });
}

/** A credit note on invoice in_1; shown by the API too. */
export function credited(
  gateway: Gateway,
  more: Partial<make.CreditNoteOptions> & Pick<make.CreditNoteOptions, 'prePayment'>,
): make.StripeObject {
  const note = make.creditNote({
    id: 'cn_1',
    number: 'ADA-CN-1',
    invoice: 'in_1',
    customer: CUSTOMER,
    currency: 'eur',
    lines: [tenthOfLine],
    created: at(24),
    ...more,
  });
  gateway.stripeApi.show(note);
  return note;
}

// ---- what is expected -------------------------------------------------------

/** Closing per account in the entity's minor units, by the API's trial balance; zeros left out. */
export async function balancesOf(gateway: Gateway): Promise<Record<string, number>> {
  const { balanced, accounts } = trialBalanceView.parse(await gateway.call('GET', '/ledger/trial-balance'));
  expect(balanced).toBe(true);
  return summed(accounts.map((row) => [row.account, row.baseClosing.amount]));
}

function summed(rows: readonly (readonly [string, number])[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [account, amount] of rows) sums.set(account, (sums.get(account) ?? 0) + amount);
  return Object.fromEntries([...sums].filter(([, amount]) => amount !== 0).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function odooBalancesOf(gateway: Gateway): Record<string, number> {
  return summed(summary(gateway.odoo.books()).trialBalance.map((row) => [row.account, row.balance]));
}

/** Posted moves that carry this key. */
export const movesOf = (gateway: Gateway, key: string): MoveRow[] =>
  [...gateway.odoo.books().moves.all()].filter((move) => move.ref === key && move.state === 'posted');

export function move(gateway: Gateway, key: string): MoveRow {
  const [only, ...more] = movesOf(gateway, key);
  if (only === undefined || more.length > 0) throw new Error(`${key} is in Odoo ${more.length + (only ? 1 : 0)} times`);
  return only;
}

export const INVOICE = 'invoice/stripe:invoice:in_1';
export const NOTE = 'credit_note/stripe:credit_note:cn_1';
export const PAYMENT = 'entry/stripe:payment:pi_1';

/** Closings of an entity by account, in its own currency; zeros left out. */
export async function closings(gateway: Gateway, entity = 'demo-eu'): Promise<Record<string, number>> {
  const answer = trialBalanceView.parse(await gateway.call('GET', `/ledger/trial-balance?entity=${entity}`));
  expect(answer.balanced).toBe(true);
  return Object.fromEntries(
    answer.accounts.flatMap(({ account, baseClosing }) =>
      baseClosing.amount === 0 ? [] : [[account, baseClosing.amount]],
    ),
  );
}

/** Posted receivable lines that something is still open on. */
export function openReceivables(gateway: Gateway): LineRow[] {
  const books = gateway.odoo.books();
  return [...books.lines.all()].filter(
    (row) =>
      row.accountId !== null &&
      books.account(row.accountId).code === '121000' &&
      books.move(row.moveId).state === 'posted' &&
      row.residual !== 0,
  );
}

/** The end of a good story: the books balance and are Odoo's, nothing is doubled, open or on a list. */
export async function expectSquare(
  gateway: Gateway,
  balances: Record<string, number>,
  left: {
    readonly exceptions?: readonly string[];
    readonly receivable?: number;
    /** Where Odoo books on other accounts of its own. */
    readonly odoo?: Record<string, number>;
  } = {},
): Promise<void> {
  const open = (await gateway.exceptions()).map(({ cause, message }) => `${cause}: ${message}`);
  if (left.exceptions === undefined) expect(open).toEqual([]);
  else expect(open.map((text) => text.split(':')[0])).toEqual(left.exceptions);
  expect(await balancesOf(gateway)).toEqual(balances);
  expect(odooBalancesOf(gateway)).toEqual(left.odoo ?? balances);
  const { duplicates, totals } = summary(gateway.odoo.books());
  expect(duplicates).toEqual({ ref: [], partnerRef: [], key: [] });
  expect(totals.debit).toBe(totals.credit);
  expect(openReceivables(gateway).reduce((sum, row) => sum + row.residual, 0)).toBe(left.receivable ?? 0);
  if (left.receivable === undefined) expect(openReceivables(gateway)).toEqual([]);
  for (const kept of gateway.lanes.values()) {
    const status = kept.lane.status(10, gateway.now);
    expect(status?.outbox ?? []).toEqual([]);
  }
}

/** The timeline's sentences contain these, in this order. */
export async function expectStory(
  gateway: Gateway,
  eventId: string,
  told: readonly (string | RegExp)[],
): Promise<void> {
  const sentences = await gateway.story(eventId);
  let from = 0;
  for (const wanted of told) {
    const found = sentences.findIndex(
      (sentence, index) =>
        index >= from && (typeof wanted === 'string' ? sentence.includes(wanted) : wanted.test(sentence)),
    );
    if (found === -1)
      throw new Error(`the story of ${eventId} does not say ${String(wanted)} after ${from}:\n${sentences.join('\n')}`);
    from = found + 1;
  }
  expect(from).toBeGreaterThan(0);
}
