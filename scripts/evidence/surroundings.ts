/**
 * What events were decided with that no event told: exchange rates, which are never changed, and how far each entity's books
 * were closed, which the audit trail says step by step.
 */
import { isoDate } from '../../src/canonical/ids.ts';
import { lastDayOf, previousDay } from '../../src/canonical/periods.ts';
import type { LedgerDatabase } from '../../src/ledger/database.ts';
import { recordRates } from '../../src/ledger/rates.ts';
import type { Evidence } from './evidence.ts';

interface Step {
  readonly at: number;
  readonly entity: string;
  readonly closedUntil: string;
}

const RATES_AT_ONCE = 1_000;

const setClosed = `INSERT INTO entity_books (tenant, entity, closed_until) VALUES (?1, ?2, ?3)
ON CONFLICT (tenant, entity) DO UPDATE SET closed_until = excluded.closed_until`;

export class Surroundings {
  readonly #into: LedgerDatabase;
  readonly #tenant: string;
  readonly #steps: Step[];

  private constructor(into: LedgerDatabase, tenant: string, steps: Step[]) {
    this.#into = into;
    this.#tenant = tenant;
    this.#steps = steps;
  }

  /** With all rates in place: each says since when it was known. */
  static async of(evidence: Evidence, into: LedgerDatabase): Promise<Surroundings> {
    await copyRates(evidence, into);
    const steps: Step[] = [];
    for await (const { at, action, subject } of evidence.rows('audit')) {
      const step = closing(action, subject);
      if (step !== null) steps.push({ at, ...step });
    }
    return new Surroundings(into, evidence.tenant, steps);
  }

  /** Closes and reopens all that was closed and reopened by `at`. */
  async bringTo(at: number): Promise<void> {
    for (let step = this.#steps[0]; step !== undefined && step.at <= at; step = this.#steps[0]) {
      this.#steps.shift();
      await this.#into.prepare(setClosed).bind(this.#tenant, step.entity, step.closedUntil).run();
    }
  }
}

/** `<entity>/<month>`: closed to its last day, or reopened to the day before it. */
function closing(action: string, subject: string): Omit<Step, 'at'> | null {
  const [entity, month] = subject.split('/');
  if (entity === undefined || month === undefined || !/^\d{4}-\d{2}$/.test(month)) return null;
  const first = isoDate(`${month}-01`);
  if (action === 'period.close') return { entity, closedUntil: lastDayOf(first) };
  return action === 'period.reopen' ? { entity, closedUntil: previousDay(first) } : null;
}

async function copyRates(evidence: Evidence, into: LedgerDatabase): Promise<void> {
  // One call per time of recording: each rate keeps when it became known.
  let since = 0;
  let chunk: Parameters<typeof recordRates>[2][number][] = [];
  const write = async (): Promise<void> => {
    if (chunk.length > 0) await recordRates(into, evidence.tenant, chunk, since);
    chunk = [];
  };
  for await (const row of evidence.rows('rates')) {
    const { from_currency: from, to_currency: to, date, rate, source, recorded_at: at } = row;
    if (at !== since || chunk.length === RATES_AT_ONCE) await write();
    since = at;
    chunk.push({ from, to, date, rate, source });
  }
  await write();
}
