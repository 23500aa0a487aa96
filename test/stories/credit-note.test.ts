import { afterEach, describe, expect, it, vi } from 'vitest';
import { DAY, Gateway, HOUR } from '../support/gateway.ts';
import {
  charged,
  credited,
  expectSquare,
  INVOICE,
  invoice,
  line,
  move,
  NOTE,
  refunded,
  tenthOfLine,
} from './billing.ts';

afterEach(() => void vi.useRealTimers());

/** What Odoo calls an invoice that a credit note reduced and journal entries paid: nothing is owed on it. */
const REDUCED = 'reversed';

type Step = (gateway: Gateway) => Promise<unknown>;
const issue: Step = (gateway) => gateway.stripe('invoice.finalized', invoice());
const pay: Step = (gateway) => gateway.stripe('charge.succeeded', charged(gateway));
const previous = { amount_refunded: 0, refunded: false };
const creditAfterPayment: Step = (gateway) =>
  gateway.stripe(
    'credit_note.created',
    credited(gateway, { prePayment: 0, refunds: [{ refund: 're_1', amount: 1_200 }] }),
  );
const refund: Step = (gateway) => gateway.stripe('charge.refunded', refunded(gateway, 1_200), { previous });
const creditAll: Step = (gateway) =>
  gateway.stripe(
    'credit_note.created',
    credited(gateway, { prePayment: 0, lines: [line()], refunds: [{ refund: 're_1', amount: 12_000 }] }),
  );
const refundAll: Step = (gateway) => gateway.stripe('charge.refunded', refunded(gateway, 12_000), { previous });

/** Each step in a pass of its own, or all of them in one. */
async function tell(steps: readonly Step[], { together, series = '19.0' }: Way): Promise<Gateway> {
  const gateway = await Gateway.open({ series });
  for (const step of steps) {
    await step(gateway);
    if (!together) await gateway.run();
  }
  await gateway.pass(DAY);
  return gateway;
}
interface Way {
  readonly way: string;
  readonly together: boolean;
  readonly series?: '19.0' | '18.0';
}

const ways: readonly Way[] = [
  { way: 'each in a pass of its own', together: false },
  { way: 'all in one pass', together: true },
  { way: 'by JSON-RPC', together: false, series: '18.0' },
];

describe.each(ways)('a credit note after payment, $way', (how) => {
  const ending = { '101510': 10_595, '251020': -1_800, '400000': -9_000, '627000': 205 };

  it.each([
    { order: 'invoice, payment, credit note, refund', steps: [issue, pay, creditAfterPayment, refund] },
    { order: 'invoice, credit note, payment, refund', steps: [issue, creditAfterPayment, pay, refund] },
    { order: 'payment, credit note, refund, invoice', steps: [pay, creditAfterPayment, refund, issue] },
    { order: 'refund, credit note, invoice, payment', steps: [refund, creditAfterPayment, issue, pay] },
  ])('leaves invoice and credit note paid: $order', async ({ steps }) => {
    const gateway = await tell(steps, how);
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid', residual: 0 });
    expect(move(gateway, NOTE)).toMatchObject({ paymentState: 'paid', residual: 0, moveType: 'out_refund' });
    await expectSquare(gateway, ending);
  });

  it.each([
    { order: 'payment first', steps: [issue, pay, creditAll, refundAll] },
    { order: 'credit note first', steps: [issue, creditAll, pay, refundAll] },
  ])('of the whole invoice leaves nothing but the fee: $order', async ({ steps }) => {
    const gateway = await tell(steps, how);
    expect(move(gateway, INVOICE)).toMatchObject({ residual: 0 });
    expect(move(gateway, NOTE)).toMatchObject({ paymentState: 'paid', residual: 0 });
    await expectSquare(gateway, { '101510': -205, '627000': 205 });
  });
});

describe.each(ways)('a credit note before payment, $way', (how) => {
  const credit: Step = (gateway) => gateway.stripe('credit_note.created', credited(gateway, { prePayment: 1_200 }));
  const payRest: Step = (gateway) => gateway.stripe('charge.succeeded', charged(gateway, { amount: 10_800 }));
  const ending = { '101510': 10_595, '251020': -1_800, '400000': -9_000, '627000': 205 };

  it.each([
    { order: 'credit note, then payment', steps: [issue, credit, payRest] },
    { order: 'payment, then credit note', steps: [issue, payRest, credit] },
    { order: 'invoice last', steps: [credit, payRest, issue] },
  ])('is matched with the invoice: $order', async ({ steps }) => {
    const gateway = await tell(steps, how);
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: REDUCED, residual: 0 });
    expect(move(gateway, NOTE)).toMatchObject({ residual: 0 });
    await expectSquare(gateway, ending);
  });
});

describe.each(ways)('a credit note split between what is owed and a refund, $way', (how) => {
  const payPart: Step = (gateway) => gateway.stripe('charge.succeeded', charged(gateway, { amount: 11_500 }));
  const creditSplit: Step = (gateway) =>
    gateway.stripe(
      'credit_note.created',
      credited(gateway, { prePayment: 500, lines: [tenthOfLine], refunds: [{ refund: 're_1', amount: 700 }] }),
    );
  const refundPart: Step = (gateway) => gateway.stripe('charge.refunded', refunded(gateway, 700), { previous });

  it.each([
    { order: 'payment first', steps: [issue, payPart, creditSplit, refundPart] },
    { order: 'credit note first', steps: [issue, creditSplit, payPart, refundPart] },
  ])('leaves nothing open: $order', async ({ steps }) => {
    const gateway = await tell(steps, how);
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: REDUCED, residual: 0 });
    expect(move(gateway, NOTE)).toMatchObject({ residual: 0 });
    await expectSquare(gateway, { '101510': 10_595, '251020': -1_800, '400000': -9_000, '627000': 205 });
  });
});

describe('a credit note that Odoo matched with its invoice before the payment came', () => {
  it.each(['remove_move_reconcile', 'reconcile'])('ends the same when the answer to %s is lost', async (method) => {
    const gateway = await Gateway.open();
    await issue(gateway);
    await gateway.run();
    const match = { model: 'account.move.line', method };
    gateway.odoo.faults.add({ match, fault: 'drop_answer_after_commit', times: 1 });
    for (const step of [creditAfterPayment, pay, refund]) {
      await step(gateway);
      await gateway.pass(HOUR);
    }
    expect(gateway.odoo.faults.left()).toMatchObject([{ left: 0 }]);
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid', residual: 0 });
    expect(move(gateway, NOTE)).toMatchObject({ paymentState: 'paid', residual: 0 });
    await expectSquare(gateway, { '101510': 10_595, '251020': -1_800, '400000': -9_000, '627000': 205 });
  });
});
