import { describe, expect, it } from 'vitest';
import { accountFor, differencesWithOdoo, type Evidence, findings } from '../../scripts/demo/audit.ts';
import { delivery } from '../../scripts/demo/delivery.ts';
import type { Answer } from '../../scripts/demo/send.ts';

const money = (amount: number) => ({ amount, currency: 'EUR', text: `${amount} EUR` });
const sent = (id: string, status: Answer['status'] = 'accepted'): Answer => ({
  delivery: delivery('stripe', 's', [id], '{}'),
  status,
  http: 200,
  events: [{ id, lane: 'stripe:cus_1' }],
  retries: 0,
});
const booked = (id: string, outcome: string) => ({ source: 'stripe', id, type: 't', lane: 'stripe:cus_1', outcome });

const clean: Evidence = {
  answers: [sent('evt_1'), sent('evt_2')],
  events: [booked('evt_1', 'booked'), booked('evt_2', 'nothing')],
  exceptions: [],
  trialBalance: {
    baseCurrency: 'EUR',
    balanced: true,
    accounts: [{ account: '121000', role: 'receivable', currency: 'EUR', closing: money(5), baseClosing: money(5) }],
  },
  odoo: {
    partners: 1,
    moves: {},
    payments: {},
    duplicates: { ref: [], partnerRef: [], key: [] },
    trialBalance: [{ account: '121000', balance: 5 }],
  },
};

const failing = (evidence: Evidence): readonly string[] =>
  findings(evidence).flatMap(({ ok, what }) => (ok ? [] : [what]));

describe('the audit of a demo', () => {
  it('finds nothing wrong with clean books', () => {
    expect(failing(clean)).toEqual([]);
  });

  it('misses an acknowledged event that is neither in the books nor on a list', () => {
    const evidence = { ...clean, events: [booked('evt_1', 'booked')] };
    expect(accountFor(evidence).missing).toEqual(['stripe evt_2']);
    expect(failing(evidence)).toEqual(['acknowledged = in the books + on a list']);
  });

  it('takes a parked event only with an open exception beside it', () => {
    const parked = { ...clean, events: [booked('evt_1', 'booked'), booked('evt_2', 'parked')] };
    expect(failing(parked)).toEqual(['acknowledged = in the books + on a list']);
    expect(failing({ ...parked, exceptions: [{ id: 'x', cause: 'c', message: 'm' }] })).toEqual([]);
  });

  it('sees a document that Odoo has twice, and an account on which the two differ', () => {
    const doubled = { ...clean.odoo, duplicates: { ref: ['in_1'], partnerRef: [], key: [] } };
    expect(failing({ ...clean, odoo: doubled })).toEqual(['Odoo has each document once']);
    const apart = { ...clean.odoo, trialBalance: [{ account: '121000', balance: 10 }] };
    expect(differencesWithOdoo(clean.trialBalance, apart)).toEqual(['121000: ledger 5, Odoo 10']);
  });

  it('takes a duplicate where an acceptance was expected, and nothing else', () => {
    expect(failing({ ...clean, answers: [sent('evt_1', 'duplicate'), sent('evt_2')] })).toEqual([]);
    expect(failing({ ...clean, answers: [sent('evt_1', 'refused'), sent('evt_2')] })).toEqual([
      'every delivery was answered as it should be',
    ]);
  });

  it('does not call empty books balanced', () => {
    const empty = { ...clean, trialBalance: { ...clean.trialBalance, accounts: [] } };
    expect(failing(empty)).toContain('books balance');
  });
});
