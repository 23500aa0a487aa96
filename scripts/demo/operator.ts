/** The operator API as the local commands use it. Answers are checked: a changed API is an error, not a wrong sum. */
import { z } from 'zod';
import type { DemoFile } from '../runtime/credentials.ts';

const bookedEvent = z.object({
  source: z.string(),
  id: z.string(),
  type: z.string(),
  lane: z.string(),
  outcome: z.string(),
});
export type BookedEvent = z.infer<typeof bookedEvent>;

const openException = z.object({ id: z.string(), cause: z.string(), message: z.string() });
export type OpenException = z.infer<typeof openException>;

const money = z.object({ amount: z.int(), currency: z.string(), text: z.string() });
const trialBalance = z.object({
  baseCurrency: z.string().nullable(),
  accounts: z.array(
    z.object({
      account: z.string(),
      role: z.string().nullable(),
      currency: z.string(),
      closing: money,
      baseClosing: money,
    }),
  ),
  balanced: z.boolean(),
});
export type TrialBalance = z.infer<typeof trialBalance>;

const laneTotals = z.object({
  accepted: z.int(),
  applied: z.int(),
  unsettled: z.int(),
  waiting: z.int(),
  parked: z.int(),
  quarantined: z.int(),
  outbox: z.int(),
  retrying: z.int(),
});
export type LaneTotals = z.infer<typeof laneTotals>;
const laneStatus = z.object({ drained: z.boolean(), totals: laneTotals });

const odooSummary = z.object({
  partners: z.int(),
  moves: z.record(z.string(), z.record(z.string(), z.int())),
  payments: z.record(z.string(), z.int()),
  duplicates: z.object({ ref: z.array(z.unknown()), partnerRef: z.array(z.unknown()), key: z.array(z.unknown()) }),
  trialBalance: z.array(z.object({ account: z.string(), balance: z.int() })),
});
export type OdooSummary = z.infer<typeof odooSummary>;

/** No list is followed further than this. */
const MAX_PAGES = 1000;

export class Operator {
  readonly #demo: DemoFile;

  constructor(demo: DemoFile) {
    this.#demo = demo;
  }

  events(): Promise<readonly BookedEvent[]> {
    return this.#list('/api/v1/events', bookedEvent);
  }

  exceptions(): Promise<readonly OpenException[]> {
    return this.#list('/api/v1/exceptions?status=open', openException);
  }

  trialBalance(): Promise<TrialBalance> {
    return this.#call(trialBalance, '/api/v1/ledger/trial-balance');
  }

  /** Sums over lanes, as the lanes themselves say it. */
  async lanes(names: readonly string[]): Promise<{ drained: boolean; totals: LaneTotals }> {
    const parts: z.infer<typeof laneStatus>[] = [];
    for (let start = 0; start < names.length; start += 100) {
      const body = JSON.stringify({ lanes: names.slice(start, start + 100) });
      parts.push(await this.#call(laneStatus, '/api/v1/status/lanes', { method: 'POST', body }));
    }
    const sum = (key: keyof LaneTotals): number => parts.reduce((total, part) => total + part.totals[key], 0);
    return {
      drained: parts.every((part) => part.drained),
      totals: {
        accepted: sum('accepted'),
        applied: sum('applied'),
        unsettled: sum('unsettled'),
        waiting: sum('waiting'),
        parked: sum('parked'),
        quarantined: sum('quarantined'),
        outbox: sum('outbox'),
        retrying: sum('retrying'),
      },
    };
  }

  async odoo(): Promise<OdooSummary> {
    const answer = await fetch(`${this.#demo.odoo.url}/sandbox/summary.json`, { signal: AbortSignal.timeout(30_000) });
    return odooSummary.parse(await answer.json());
  }

  async #list<T>(path: string, item: z.ZodType<T>): Promise<readonly T[]> {
    const page = z.object({ items: z.array(item), next: z.string().nullable() });
    const items: T[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const query: string = `limit=200${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const answer = await this.#call(page, `${path}${path.includes('?') ? '&' : '?'}${query}`);
      items.push(...answer.items);
      cursor = answer.next;
      if (cursor === null) return items;
    }
    throw new Error(`${path} has more than ${MAX_PAGES} pages`);
  }

  async #call<T>(answer: z.ZodType<T>, path: string, init: { method?: string; body?: string } = {}): Promise<T> {
    const url = `${this.#demo.gateway}${path}${path.includes('?') ? '&' : '?'}tenant=demo`;
    const response = await fetch(url, {
      ...init,
      headers: { authorization: `Bearer ${this.#demo.operatorToken}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`${init.method ?? 'GET'} ${path} was answered ${response.status}: ${text.slice(0, 500)}`);
    return answer.parse(JSON.parse(text));
  }
}
