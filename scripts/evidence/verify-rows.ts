/** The checks of one row by itself, and the sums that rows are added up to. */

import { z } from 'zod';
import { entryHash, eventHash, objectHash } from '../../src/ledger/chain.ts';
import type { EntryRow, EventRow, RowOf } from '../../src/ledger/evidence-reads.ts';
import { exactJson, type Findings } from './evidence.ts';

export const eventKey = (row: { readonly source: string; readonly event_id: string }): string =>
  `${row.source}/${row.event_id}`;
export const entryKey = (row: { readonly lane: string; readonly position: number; readonly part: number }): string =>
  `${row.lane}#${row.position}.${row.part}`;

/** Its JSON is as written, and its hash is that of its content. */
export async function checkEvent(row: EventRow, findings: Findings): Promise<void> {
  const key = eventKey(row);
  const [facts, plan] = [exactJson(row.facts), exactJson(row.documents)];
  if (facts === null) findings.add('events', key, 'facts', 'JSON as the gateway writes it', row.facts.slice(0, 80));
  if (plan === null)
    findings.add('events', key, 'documents', 'JSON as the gateway writes it', row.documents.slice(0, 80));
  const held = row.position === null;
  if (held !== ['waiting', 'parked', 'quarantined'].includes(row.outcome))
    findings.add('events', key, 'outcome', held ? 'waiting, parked or quarantined' : 'booked or nothing', row.outcome);
  if (row.position === null || row.hash === null || row.previous_hash === null) {
    findings.same('events', key, 'hash without previous_hash, or without a position', null, row.hash);
    findings.same('events', key, 'previous_hash without hash, or without a position', null, row.previous_hash);
    return;
  }
  const hash = await eventHash({
    tenant: row.tenant,
    lane: row.lane,
    position: row.position,
    seq: row.seq,
    source: row.source,
    eventId: row.event_id,
    type: row.type,
    occurredAt: row.occurred_at,
    receivedAt: row.received_at,
    trust: row.trust,
    bodyHash: row.body_hash,
    outcome: row.outcome,
    note: row.note,
    facts: facts?.value,
    plan: plan?.value,
    configVersion: row.config_version,
    previousHash: row.previous_hash,
  });
  findings.same('events', key, `the hash of its content, at ${row.lane}#${row.position}`, hash, row.hash);
}

export async function checkEntry(row: EntryRow, findings: Findings): Promise<void> {
  const key = entryKey(row);
  const [lines, deferrals] = [exactJson(row.lines), exactJson(row.deferrals)];
  if (lines === null) findings.add('entries', key, 'lines', 'JSON as the gateway writes it', row.lines.slice(0, 80));
  if (deferrals === null)
    findings.add('entries', key, 'deferrals', 'JSON as the gateway writes it', row.deferrals.slice(0, 80));
  const hash = await entryHash({
    tenant: row.tenant,
    lane: row.lane,
    position: row.position,
    part: row.part,
    entity: row.entity,
    kind: row.kind,
    date: row.date,
    object: row.object,
    description: row.description,
    baseCurrency: row.base_currency,
    lines: lines?.value,
    deferrals: deferrals?.value,
    source: row.source,
    eventId: row.event_id,
    bodyHash: row.body_hash,
    configVersion: row.config_version,
    previousHash: row.previous_hash,
  });
  findings.same('entries', key, 'the hash of its content', hash, row.hash);
}

/** @param chained every event of its lane has its link, so the row has to have its hash. */
export async function checkObject(row: RowOf<'objects'>, chained: boolean, findings: Findings): Promise<void> {
  const state = exactJson(row.state);
  if (state === null)
    findings.add('objects', row.object, 'state', 'JSON as the gateway writes it', row.state.slice(0, 80));
  if (row.hash === null) {
    if (chained) findings.add('objects', row.object, 'hash', 'a hash, as every row of its lane has', 'none');
    return;
  }
  const hash = await objectHash({ tenant: row.tenant, object: row.object, lane: row.lane, state: state?.value });
  findings.same('objects', row.object, 'the hash of its content', hash, row.hash);
}

const line = z.looseObject({ account: z.string(), currency: z.string(), amount: z.int(), base: z.int() });
const slice = z.looseObject({
  period: z.string(),
  currency: z.string(),
  revenueAccount: z.string(),
  deferredAccount: z.string(),
  amount: z.int(),
  base: z.int(),
});

interface Turnover {
  debit: number;
  credit: number;
  base_debit: number;
  base_credit: number;
  base_currency: string;
}

/** What balances and schedules have to be by the entries. Grows with accounts and months, not with entries. */
export class Totals {
  readonly balances = new Map<string, Turnover>();
  readonly schedules = new Map<string, { amount: number; base: number }>();

  /** Entries that cannot be read add nothing: that they cannot is a finding already. */
  add(row: EntryRow, findings: Findings): void {
    const lines = z.array(line).safeParse(exactJson(row.lines)?.value);
    const deferrals = z.array(slice).safeParse(exactJson(row.deferrals)?.value);
    const sums = new Map<string, number>();
    for (const { account, currency, amount, base } of lines.data ?? []) {
      const key = [row.entity, account, currency, row.date.slice(0, 7)].join('/');
      const found = this.balances.get(key);
      const sum = found ?? { debit: 0, credit: 0, base_debit: 0, base_credit: 0, base_currency: row.base_currency };
      sum.debit += Math.max(amount, 0);
      sum.credit += Math.max(-amount, 0);
      sum.base_debit += Math.max(base, 0);
      sum.base_credit += Math.max(-base, 0);
      this.balances.set(key, sum);
      sums.set(currency, (sums.get(currency) ?? 0) + amount);
      sums.set('base', (sums.get('base') ?? 0) + base);
    }
    for (const [currency, sum] of sums)
      findings.same('entries', entryKey(row), `sum of its lines in ${currency}`, 0, sum);
    for (const { period, currency, revenueAccount, deferredAccount, amount, base } of deferrals.data ?? []) {
      const key = [row.entity, period, currency, revenueAccount, deferredAccount].join('/');
      const sum = this.schedules.get(key) ?? { amount: 0, base: 0 };
      this.schedules.set(key, { amount: sum.amount + amount, base: sum.base + base });
    }
  }

  async compareBalances(rows: AsyncIterable<RowOf<'balances'>>, findings: Findings): Promise<void> {
    const left = new Map(this.balances);
    for await (const row of rows) {
      const key = [row.entity, row.account, row.currency, row.period].join('/');
      const sum = left.get(key);
      if (sum === undefined)
        findings.add('balances', key, 'the entries', 'no such balance', `${row.debit} / ${row.credit}`);
      else
        for (const column of ['debit', 'credit', 'base_debit', 'base_credit', 'base_currency'] as const)
          findings.same('balances', key, column, sum[column], row[column]);
      left.delete(key);
    }
    for (const [key, sum] of left) findings.add('balances', key, 'the row', `${sum.debit} / ${sum.credit}`, 'nothing');
  }

  /** A row of zeros and no row say the same. */
  async compareSchedules(rows: AsyncIterable<RowOf<'schedules'>>, findings: Findings): Promise<void> {
    const left = new Map(this.schedules);
    for await (const row of rows) {
      const key = [row.entity, row.period, row.currency, row.revenue_account, row.deferred_account].join('/');
      const sum = left.get(key) ?? { amount: 0, base: 0 };
      findings.same('schedules', key, 'amount', sum.amount, row.amount);
      findings.same('schedules', key, 'base', sum.base, row.base);
      left.delete(key);
    }
    for (const [key, sum] of left)
      if (sum.amount !== 0 || sum.base !== 0)
        findings.add('schedules', key, 'the row', `${sum.amount} / ${sum.base}`, 'nothing');
  }
}
