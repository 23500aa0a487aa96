import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bindings } from '../../src/bindings.ts';
import { createApi } from '../../src/routes/api/index.ts';
import { at, invoice, layBooks, publish } from './books-fixture.ts';

const bindings: Bindings = {
  ...env,
  ROOT_TOKEN: 'root-token-for-tests',
  SECRETS_KEY: btoa('0123456789abcdef0123456789abcdef'),
};
const api = createApi({ now: () => at(30), newId: () => '0' });

async function ask(path: string): Promise<{ status: number; type: string; text: string }> {
  const request = new Request(`https://gate.example${path}`, {
    headers: { authorization: 'Bearer root-token-for-tests' },
  });
  const response = await api.fetch(request, bindings);
  return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() };
}
const json = async (path: string): Promise<unknown> => {
  const { status, text } = await ask(path);
  expect([path, status]).toEqual([path, 200]);
  return JSON.parse(text);
};
const money = z.object({ text: z.string() }).transform(({ text }) => text);

/** Four invoices of 120.00 EUR, all for 22 November, booked at 10:01 to 10:04. */
beforeAll(async () => {
  await layBooks();
  await publish('acme');
  for (let position = 1; position <= 4; position++) {
    await env.LEDGER_0.batch(invoice({ tenant: 'acme', lane: 'stripe:cus_1', position, eventId: `evt_${position}` }));
  }
});

describe('statements over the API', () => {
  const trialBalance = z.object({
    from: z.string(),
    balanced: z.boolean(),
    accounts: z.array(z.object({ account: z.string(), opening: money, closing: money })),
  });
  const receivable = async (query: string) =>
    trialBalance.parse(await json(`/ledger/trial-balance?${query}`)).accounts.find((it) => it.account === '121000');

  it('give the same trial balance by month and by day', async () => {
    const month = trialBalance.parse(await json('/ledger/trial-balance?asOf=2026-11'));
    const day = trialBalance.parse(await json('/ledger/trial-balance?asOf=2026-11-22'));
    expect(day.accounts).toEqual(month.accounts);
    expect([day.balanced, day.from]).toEqual([true, '2026-11-01']);
    expect(trialBalance.parse(await json('/ledger/trial-balance?asOf=2026-11-21')).accounts).toEqual([]);
  });

  it('know what was booked by an instant, and what was there before a span', async () => {
    expect(await receivable('bookedBy=2026-11-22T10:02:00Z')).toMatchObject({ closing: '240.00 EUR' });
    expect(await receivable('from=2026-11-23')).toMatchObject({ opening: '480.00 EUR', closing: '480.00 EUR' });
  });

  it('answer as CSV', async () => {
    const csv = await ask('/ledger/trial-balance?asOf=2026-11-22&format=csv');
    expect(csv.type).toContain('text/csv');
    expect(csv.text.split('\r\n')[1]).toBe('121000,receivable,EUR,0.00,480.00,0.00,480.00,EUR,0.00,480.00,0.00,480.00');
    for (const [path, row] of [
      ['journal', 'stripe:cus_1#1.0,2026-11-22,invoice.issued,'],
      [
        'general-ledger?account=121000',
        '121000,EUR,2026-11-22,stripe:cus_1#1.0,invoice.issued,stripe:invoice:evt_1,Invoice evt_1 issued,400000 445710,',
      ],
      [
        'ageing',
        'stripe:customer:stripe:cus_1,stripe:invoice:evt_1,,2026-11-22,2026-11-22,0,notDue,EUR,120.00,EUR,120.00',
      ],
      ['tax', '2026-11,output,FR-20,445710,EUR,80.00,80.00,400.00,EUR,80.00,400.00'],
      ['income', '2026-11,revenue,400000,EUR,400.00,EUR,400.00'],
      ['clearing', 'account,currency,role,item,'],
    ] as const) {
      const { status, text } = await ask(`/ledger/${path}${path.includes('?') ? '&' : '?'}format=csv`);
      expect([path, status]).toEqual([path, 200]);
      expect(text).toContain(row);
    }
  });

  it('run through the general ledger line by line', async () => {
    const ledger = z.object({
      accounts: z.array(z.object({ opening: money, lines: z.array(z.object({ balance: money })), closing: money })),
    });
    const { accounts } = ledger.parse(await json('/ledger/general-ledger?account=445710'));
    expect(accounts).toHaveLength(1);
    expect(accounts[0]?.lines.map(({ balance }) => balance)).toEqual([
      '-20.00 EUR',
      '-40.00 EUR',
      '-60.00 EUR',
      '-80.00 EUR',
    ]);
  });

  it('export a span with opening balances', async () => {
    const { text } = await ask('/ledger/export?format=hledger&from=2026-11-23');
    expect(text).toContain('2026-11-22 * (opening) Opening balances on 2026-11-23');
    expect((await ask('/ledger/export?format=hledger&asOf=2026-11-21')).text).not.toContain('Invoice');
  });

  it('refuse days that are none and spans that end before they begin', async () => {
    for (const query of ['asOf=2026-02-30', 'asOf=2026-13', 'from=2026-12-01&asOf=2026-11-01', 'bookedBy=yesterday'])
      expect([query, (await ask(`/ledger/trial-balance?${query}`)).status]).toEqual([query, 400]);
    expect((await ask('/ledger/journal?asOf=2026-11')).status).toBe(400);
    expect((await ask('/ledger/journal?bookedBy=yesterday')).text).toContain(
      'must be a day, such as 2026-11-30, or must be an instant, such as 2026-12-05T12:00:00Z',
    );
    // Misspelt, it would be answered with the figures of another day.
    expect(await ask('/ledger/journal?asof=2026-11-21')).toMatchObject({
      status: 400,
      text: expect.stringContaining('query.asof'),
    });
    expect((await ask('/ledger/tax?entity=nobody')).status).toBe(404);
  });

  it('tell of a source without a key that its balance cannot be compared', async () => {
    const { sources } = z
      .object({ sources: z.array(z.object({ source: z.string(), asked: z.string() })) })
      .parse(await json('/reconciliations'));
    expect(sources).toEqual([{ source: 'stripe', asked: 'no_key' }]);
  });
});
