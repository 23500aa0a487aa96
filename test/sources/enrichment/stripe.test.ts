import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as make from '../../../sandbox/stripe/events.ts';
import { type BalanceReader, balanceReaders } from '../../../src/sources/enrichment/balance.ts';
import {
  defaultBudget,
  type EnrichmentAccess,
  type EnrichmentCache,
  type EnrichmentHttp,
  MAX_NEEDS,
  noCache,
} from '../../../src/sources/enrichment/port.ts';
import {
  fetchStripeEnrichment,
  STRIPE_API_VERSION,
  stripeEnrichmentKinds,
} from '../../../src/sources/enrichment/stripe.ts';
import type { EnrichmentNeed } from '../../../src/sources/source.ts';
import { factsOf } from '../../conformance/interpreting.ts';
import { type RunningStripe, runStripeSandbox } from '../../sandbox/miniflare.ts';
import { AT, charge, creditNote, invoice, line, payout, refund, source, transaction, wrap } from '../stripe/samples.ts';

let stripe: RunningStripe;

beforeAll(async () => {
  stripe = await runStripeSandbox(path.resolve(import.meta.dirname, '../../../sandbox/stripe/index.ts'));
  const transactions = Array.from({ length: 120 }, (_, index) =>
    transaction({ id: `txn_many_${index}`, source: 'ch_1', amount: 100, fee: 10, feeTax: 0 }),
  );
  await post('/sandbox/objects', {
    objects: [
      transaction(),
      ...transactions,
      charge({ balanceTransaction: 'txn_1' }),
      transaction({ id: 'txn_re', source: 're_1', amount: -3000, fee: 0, feeTax: 0, type: 'refund' }),
      refund({ balanceTransaction: 'txn_re' }),
      creditNote(),
      invoice({ lines: Array.from({ length: 130 }, (_, index) => line({ id: `il_${index}`, amount: 10 })) }),
      make.invoicePayment({
        id: 'inpay_1',
        invoice: 'in_1',
        paymentIntent: 'pi_1',
        amount: 12_000,
        currency: 'eur',
        created: AT,
      }),
      wrap('charge.succeeded', charge(), { id: 'evt_kept' }),
      make.balance({ eur: 900 }, { eur: 100 }),
    ],
    payouts: { po_1: ['txn_1'], po_many: transactions.map((each) => String(each.id)) },
  });
}, 30_000);

afterAll(() => stripe.stop());

const post = (where: string, body: object) =>
  stripe.fetch(where, {
    method: 'POST',
    headers: { authorization: `Bearer ${stripe.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The client's side of the network, with what was sent kept for the tests. */
function network(): { readonly http: EnrichmentHttp; readonly sent: Sent[] } {
  const sent: Sent[] = [];
  return {
    sent,
    http: {
      async send({ url, headers }) {
        sent.push({ url, headers });
        const { pathname, search } = new URL(url);
        const answer = await stripe.fetch(pathname + search, { headers: { ...headers } });
        const seconds = answer.headers.get('retry-after');
        return {
          kind: 'answer',
          status: answer.status,
          body: await answer.text(),
          retryAfterMs: seconds === null ? null : Number(seconds) * 1000,
        };
      },
    },
  };
}

const access = (over: Partial<EnrichmentAccess> = {}): EnrichmentAccess => ({
  apiUrl: 'https://stripe.test',
  apiKey: stripe.apiKey,
  http: network().http,
  cache: noCache,
  budget: defaultBudget,
  ...over,
});

const need = (kind: string, id: string, account: string | null = null): EnrichmentNeed => ({ kind, id, account });

async function fetched(needs: readonly EnrichmentNeed[], over: Partial<EnrichmentAccess> = {}) {
  const outcome = await fetchStripeEnrichment(needs, access(over));
  if (outcome.outcome !== 'fetched') throw new Error(outcome.message);
  return outcome.enrichment;
}

function stripeBalance(): BalanceReader {
  const reader = balanceReaders.get('stripe');
  if (reader === undefined) throw new Error('Stripe’s balance is not read');
  return reader;
}
const balanceReader = stripeBalance();

describe('asking Stripe’s API', () => {
  it('completes a charge: its settlement and its invoice', async () => {
    const event = wrap('charge.succeeded', charge({ balanceTransaction: 'txn_1' }));
    const enrichment = await fetched([need('balance_transaction', 'txn_1'), need('payment_invoices', 'pi_1')]);
    expect(factsOf(source, event, enrichment)).toMatchObject([
      { invoice: 'stripe:invoice:in_1', settlement: { fee: 325, feeTax: 65, net: 11_610 } },
    ]);
  });

  it('completes a paid invoice: the payments that settled it', async () => {
    const enrichment = await fetched([need('invoice_payments', 'in_1')]);
    expect(factsOf(source, wrap('invoice.paid', invoice({ status: 'paid' })), enrichment)).toMatchObject([
      { kind: 'payment.applied', payment: 'stripe:payment:pi_1', customer: 'stripe:customer:cus_1' },
    ]);
  });

  it('completes a refund: which one it was, its settlement and the credit note behind it', async () => {
    const event = wrap('charge.refunded', charge({ amountRefunded: 3000 }), { previous: { amount_refunded: 0 } });
    const enrichment = await fetched([need('charge_refunds', 'ch_1'), need('customer_credit_notes', 'cus_1')]);
    expect(factsOf(source, event, enrichment)).toMatchObject([
      { refund: 'stripe:refund:re_1', creditNote: 'stripe:credit_note:cn_1', settlement: { gross: -3000 } },
    ]);
  });

  it('completes a payout with its payments, keyed as their charges are', async () => {
    const enrichment = await fetched([need('payout_transactions', 'po_1')]);
    expect(factsOf(source, wrap('payout.paid', payout()), enrichment)).toMatchObject([
      { transactions: [{ payment: 'stripe:payment:pi_1', settlement: { net: 11_610 } }] },
    ]);
  });

  it('tells the account’s balance, each time anew', async () => {
    const { http, sent } = network();
    for (let time = 0; time < 2; time++) {
      const answers = await fetched([balanceReader.need(null)], { http });
      expect(balanceReader.read(answers.get('balance:now'))).toEqual(new Map([['EUR', 1000]]));
    }
    expect(sent.map(({ url }) => new URL(url).pathname)).toEqual(['/v1/balance', '/v1/balance']);
  });

  it('reads lists page by page, whole or not at all', async () => {
    const { http, sent } = network();
    const all = await fetched([need('payout_transactions', 'po_many'), need('invoice_lines', 'in_1')], { http });
    expect(all.get('payout_transactions:po_many')).toMatchObject({ data: { length: 120 }, has_more: false });
    expect(all.get('invoice_lines:in_1')).toMatchObject({ data: { length: 130 }, has_more: false });
    expect(sent).toHaveLength(4);
    const short = await fetched([need('payout_transactions', 'po_many')], {
      budget: { ...defaultBudget, maxPages: 1 },
    });
    expect(short.get('payout_transactions:po_many')).toBeNull();
  });

  it('sends its key, its version and the connected account in headers, and none of them in the address', async () => {
    const { http, sent } = network();
    await fetched([need('event', 'evt_kept', 'acct_1')], { http });
    expect(sent).toHaveLength(1);
    expect(sent[0]?.url).toBe('https://stripe.test/v1/events/evt_kept');
    expect(sent[0]?.headers).toMatchObject({
      authorization: `Bearer ${stripe.apiKey}`,
      'stripe-version': STRIPE_API_VERSION,
      'stripe-account': 'acct_1',
    });
  });

  it('lets no id lead to another address', async () => {
    const { http, sent } = network();
    const id = '../../v1/events/evt_kept?x=#y';
    expect((await fetched([need('balance_transaction', id)], { http })).get(`balance_transaction:${id}`)).toBeNull();
    expect(new URL(sent[0]?.url ?? '').pathname).toMatch(/^\/v1\/balance_transactions\/[^/]+$/);
  });

  it('answers null for what does not exist, and for everything when there is no key', async () => {
    expect((await fetched([need('balance_transaction', 'txn_none')])).get('balance_transaction:txn_none')).toBeNull();
    const { http, sent } = network();
    const none = await fetched([need('balance_transaction', 'txn_1')], { apiKey: null, http });
    expect([...none]).toEqual([['balance_transaction:txn_1', null]]);
    expect(sent).toEqual([]);
  });

  it('asks once for what is needed twice, and not at all for what is kept', async () => {
    const kept = new Map<string, unknown>();
    const cache: EnrichmentCache = {
      get: async (key) => kept.get(key),
      put: async (key, value) => {
        kept.set(key, value);
      },
    };
    const { http, sent } = network();
    const twice = [need('balance_transaction', 'txn_1'), need('balance_transaction', 'txn_1')];
    const first = await fetched(twice, { http, cache });
    const second = await fetched(twice, { http, cache });
    expect(second).toEqual(first);
    expect(sent).toHaveLength(1);
    await fetched([need('charge_refunds', 'ch_1')], { http, cache });
    await fetched([need('charge_refunds', 'ch_1')], { http, cache });
    expect(sent).toHaveLength(3);
  });
});

describe('when Stripe’s API cannot answer, the event waits', () => {
  const needs = [need('balance_transaction', 'txn_1')];

  it('after a 500 and after a 429, with the time it asked for', async () => {
    await post('/sandbox/faults', { kind: '500', times: 1 });
    expect(await fetchStripeEnrichment(needs, access())).toEqual({
      outcome: 'retry',
      enrichment: new Map(),
      retryAfterMs: null,
      message: 'Stripe API: answered 500',
    });
    await post('/sandbox/faults', { kind: '429', times: 1, retryAfterSeconds: 7 });
    expect(await fetchStripeEnrichment(needs, access())).toMatchObject({ outcome: 'retry', retryAfterMs: 7000 });
    expect(await fetchStripeEnrichment(needs, access())).toMatchObject({ outcome: 'fetched' });
  });

  it('with a wrong key: a person mends that', async () => {
    expect(await fetchStripeEnrichment(needs, access({ apiKey: 'rk_wrong' }))).toMatchObject({
      outcome: 'retry',
      message: 'Stripe API: answered 401',
    });
  });

  const answering = (answer: Awaited<ReturnType<EnrichmentHttp['send']>>): EnrichmentHttp => ({
    send: async () => answer,
  });
  const saying = (status: number, body: string) => answering({ kind: 'answer', status, body, retryAfterMs: null });

  it.each([
    ['a connection that broke', answering({ kind: 'broken', message: 'timed out' })],
    ['a connection that was refused', answering({ kind: 'refused', message: 'refused' })],
    ['a redirect', saying(302, '')],
    ['no JSON', saying(200, '<html>')],
    ['an unknown shape', saying(200, '{"id":"txn_1","amount":"12.00"}')],
    ['too much', saying(200, ' '.repeat(defaultBudget.maxAnswerLength + 1))],
  ])('for %s', async (_, http) => {
    expect(await fetchStripeEnrichment(needs, access({ http }))).toMatchObject({ outcome: 'retry' });
  });

  it('but not for what a restricted key may not read', async () => {
    const outcome = await fetchStripeEnrichment(needs, access({ http: saying(403, '{}') }));
    expect(outcome).toMatchObject({ outcome: 'fetched' });
  });

  it('for a list whose empty page says there is more', async () => {
    const http = saying(200, '{"data":[],"has_more":true}');
    expect(await fetchStripeEnrichment([need('charge_refunds', 'ch_1')], access({ http }))).toMatchObject({
      outcome: 'retry',
    });
  });

  it('and asks four at a time at most, and a provider that is down no more than seven times', async () => {
    let open = 0;
    let most = 0;
    let calls = 0;
    const http: EnrichmentHttp = {
      async send() {
        open += 1;
        calls += 1;
        most = Math.max(most, open);
        await Promise.resolve();
        open -= 1;
        return { kind: 'broken', message: 'timed out' };
      },
    };
    const many = Array.from({ length: MAX_NEEDS }, (_, index) => need('balance_transaction', `txn_${index}`));
    expect(await fetchStripeEnrichment(many, access({ http }))).toMatchObject({ outcome: 'retry' });
    expect(most).toBe(4);
    expect(calls).toBe(7);
  });

  it('and still fetches everything else when one object cannot be served', async () => {
    const poison = need('balance_transaction', 'txn_poison');
    const http: EnrichmentHttp = {
      send: (request) =>
        request.url.endsWith('txn_poison') ? Promise.resolve({ kind: 'broken', message: 'reset' }) : notFound,
    };
    const notFound = Promise.resolve({ kind: 'answer', status: 404, body: '{}', retryAfterMs: null } as const);
    const many = Array.from({ length: 20 }, (_, index) => need('balance_transaction', `txn_${index}`));
    const outcome = await fetchStripeEnrichment([poison, ...many], access({ http }));
    expect(outcome).toMatchObject({ outcome: 'retry' });
    expect(outcome.enrichment.size).toBe(20);
  });

  it('is not how a caller’s mistake ends', async () => {
    const tooMany = Array.from({ length: MAX_NEEDS + 1 }, (_, index) => need('event', `evt_${index}`));
    await expect(fetchStripeEnrichment(tooMany, access())).rejects.toThrow(RangeError);
    await expect(fetchStripeEnrichment([need('moon_phase', 'x')], access())).rejects.toThrow(RangeError);
    expect(stripeEnrichmentKinds).toContain('payout_transactions');
  });
});
