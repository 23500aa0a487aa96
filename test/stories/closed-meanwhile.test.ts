import { afterEach, describe, expect, it, vi } from 'vitest';
import { DAY, Gateway } from '../support/gateway.ts';
import { INVOICE, invoice, move, movesOf } from './billing.ts';

afterEach(() => void vi.useRealTimers());

const closeUntil = (gateway: Gateway, day: string): void =>
  void gateway.ledger.rows(
    `INSERT INTO entity_books (tenant, entity, closed_until) VALUES ('demo', 'demo-eu', '${day}')
     ON CONFLICT (tenant, entity) DO UPDATE SET closed_until = excluded.closed_until`,
  );

/** Somebody closes the books just before the gateway's next writes. */
function closedBeforeWrites(gateway: Gateway, days: readonly string[]): void {
  const left = [...days];
  gateway.ledgerFault = (kind) => {
    const day = kind === 'write' ? left.shift() : undefined;
    if (day !== undefined) closeUntil(gateway, day);
    return 'none';
  };
}

const dates = (gateway: Gateway) =>
  gateway.ledger.rows<{ date: string }>('SELECT date FROM entries').map((row) => row.date);

describe('a period that is closed between the decision and the commit', () => {
  it('takes nothing, and the event stands on the list', async () => {
    const gateway = await Gateway.open({ policies: { latePeriod: 'exception' } });
    closedBeforeWrites(gateway, ['2026-01-31']);
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.pass(DAY);
    expect(dates(gateway)).toEqual([]);
    expect(movesOf(gateway, INVOICE)).toEqual([]);
    expect(await gateway.exceptions()).toMatchObject([
      { cause: 'period_closed', eventId: 'evt_issued', atStake: { text: '120.00 EUR' } },
    ]);
  });

  it('sends the entry to the first day that is open by then, though it closes again and again', async () => {
    const gateway = await Gateway.open({ policies: { latePeriod: 'next-open' } });
    closedBeforeWrites(gateway, ['2026-01-31', '2026-02-28', '2026-03-31']);
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.pass(DAY);
    expect(dates(gateway)).toEqual(['2026-04-01']);
    expect(move(gateway, INVOICE)).toMatchObject({ date: '2026-04-01' });
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('of which the books are read with each pass, whatever the config says', async () => {
    const gateway = await Gateway.open({ closedUntil: '2025-12-31', policies: { latePeriod: 'next-open' } });
    closeUntil(gateway, '2026-01-10');
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.run();
    expect(dates(gateway)).toEqual(['2026-01-11']);
    expect(gateway.reports).toEqual([]);
  });
});
