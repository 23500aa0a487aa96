/** One month of one customer, read as an accountant would: statements, clearing, and the processor's own word. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import * as make from '../../sandbox/stripe/events.ts';
import { DAY, Gateway } from '../support/gateway.ts';
import { charge, charged, invoice } from './billing.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const API = 'https://stripe.example.com';
const text = z.object({ text: z.string() }).transform((money) => money.text);
const clearing = z.object({
  explained: z.boolean(),
  accounts: z.array(
    z.object({
      account: z.string(),
      balance: text,
      items: z.array(z.object({ item: z.string(), amount: text, ageDays: z.int() })),
    }),
  ),
});
const reconciliation = z.object({
  sources: z.array(
    z.object({
      source: z.string(),
      asked: z.string(),
      currencies: z.array(
        z.object({
          provider: text.nullable(),
          books: text,
          difference: text.nullable(),
          explanations: z.array(z.object({ what: z.string(), count: z.int() })),
        }),
      ),
    }),
  ),
  payouts: z.object({
    equal: z.int(),
    differing: z.int(),
    unlisted: z.int(),
    items: z.array(z.object({ check: z.string() })),
  }),
});
const ageing = z.object({
  totals: z.array(z.object({ total: text, notDue: text, days1to30: text })),
  receivables: z.array(z.object({ number: z.string(), band: z.string() })),
});
const trialBalance = z.object({
  balanced: z.boolean(),
  accounts: z.array(z.object({ account: z.string(), closing: text })),
});

async function open(): Promise<Gateway> {
  const gateway = await Gateway.open({ stripe: { apiUrl: API } });
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const headers = Object.fromEntries(new Headers(init.headers));
    const answer = await gateway.stripeApi.http.send({ method: 'GET', url, headers, body: null, timeoutMs: 1 });
    return answer.kind === 'answer' ? new Response(answer.body, { status: answer.status }) : Response.error();
  });
  return gateway;
}

async function paidInvoice(gateway: Gateway): Promise<void> {
  await gateway.stripe('invoice.finalized', invoice());
  await gateway.run();
  await gateway.pass(2 * DAY);
  await gateway.stripe('charge.succeeded', charged(gateway));
  await gateway.run();
}

const onClearing = async (gateway: Gateway, query = '') => {
  const { accounts, explained } = clearing.parse(await gateway.call('GET', `/ledger/clearing${query}`));
  expect(explained).toBe(true);
  return accounts.find(({ account }) => account === '101510');
};

describe('statements of a month', () => {
  it('show the receivable as of the day before it was paid, and nothing after', async () => {
    const gateway = await open();
    await paidInvoice(gateway);
    await gateway.pass(20 * DAY);
    const before = ageing.parse(await gateway.call('GET', '/ledger/ageing?asOf=2026-01-05&bookedBy=2026-01-06'));
    expect(before).toMatchObject({
      totals: [{ total: '120.00 EUR', notDue: '120.00 EUR' }],
      receivables: [{ number: 'ADA-0001' }],
    });
    expect(ageing.parse(await gateway.call('GET', '/ledger/ageing')).receivables).toEqual([]);
    // By what was booked then, the payment of that day is not known yet.
    const known = trialBalance.parse(await gateway.call('GET', '/ledger/trial-balance?bookedBy=2026-01-06'));
    expect(known.balanced).toBe(true);
    expect(known.accounts).toContainEqual({ account: '121000', closing: '120.00 EUR' });
    const late = trialBalance.parse(await gateway.call('GET', '/ledger/trial-balance?asOf=2026-01-31'));
    expect(late.accounts).toContainEqual({ account: '121000', closing: '0.00 EUR' });
  });

  it('explain clearing by the payment until its payout, and agree with Stripe’s own balance', async () => {
    const gateway = await open();
    await paidInvoice(gateway);
    await gateway.pass(2 * DAY);
    expect(await onClearing(gateway)).toMatchObject({
      balance: '117.95 EUR',
      items: [{ amount: '117.95 EUR', ageDays: 2 }],
    });
    gateway.stripeApi.show(make.balance({ eur: 0 }, { eur: 11_795 }));
    const agreed = reconciliation.parse(await gateway.call('GET', '/reconciliations'));
    expect(agreed.sources[0]).toMatchObject({
      source: 'stripe',
      asked: 'answered',
      currencies: [{ difference: '0.00 EUR' }],
    });

    gateway.stripeApi.show(charge());
    gateway.stripeApi.contains('po_1', ['txn_ch_1']);
    const created = Math.floor(gateway.now / 1000);
    const payout = {
      id: 'po_1',
      amount: 11_795,
      currency: 'eur',
      created,
      arrivesAt: created,
      balanceTransaction: 'txn_po',
    };
    await gateway.stripe('payout.paid', make.payout(payout));
    await gateway.run();
    expect(await onClearing(gateway)).toMatchObject({ balance: '0.00 EUR', items: [] });
    const after = reconciliation.parse(await gateway.call('GET', '/reconciliations'));
    expect(after.payouts).toMatchObject({ equal: 1, differing: 0, unlisted: 0, items: [{ check: 'equal' }] });
    // Stripe's API was not told of the payout: the books are behind or ahead, and it says by how much.
    expect(after.sources[0]?.currencies).toEqual([
      { provider: '117.95 EUR', books: '0.00 EUR', difference: '117.95 EUR', explanations: [] },
    ]);
  });

  it('say so when the processor does not answer', async () => {
    const gateway = await open();
    await paidInvoice(gateway);
    gateway.stripeApi.down = true;
    const { sources } = reconciliation.parse(await gateway.call('GET', '/reconciliations'));
    expect(sources[0]).toMatchObject({
      asked: 'not_answered',
      currencies: [{ provider: null, books: '117.95 EUR', difference: null }],
    });
  });
});
