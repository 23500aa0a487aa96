/**
 * What is open, counted: exceptions, held events, postings on their way. Read from the partial indexes that hold only
 * open things, at most 10,000 rows each, so a count costs what is open and never what is booked.
 */
import { z } from 'zod';

export const COUNTED = 10_000;

export interface OpenCount {
  readonly tenant: string;
  /** Cause of an exception, outcome of a held event, `<outcome> <target>` of a posting. */
  readonly what: string;
  readonly count: number;
  /** Epoch ms of the oldest. */
  readonly oldest: number;
}

export interface OpenWorkCounts {
  readonly exceptions: readonly OpenCount[];
  readonly held: readonly OpenCount[];
  readonly postings: readonly OpenCount[];
}

const rows = z.array(z.object({ tenant: z.string(), what: z.string(), count: z.number(), oldest: z.number() }));

const counting = (table: string, index: string, what: string, time: string, open: string, tenant: boolean): string =>
  `SELECT tenant, what, count(*) AS count, min(at) AS oldest FROM
   (SELECT tenant, ${what} AS what, ${time} AS at FROM ${table} INDEXED BY ${index} WHERE ${tenant ? 'tenant = ?1 AND ' : ''}${open} LIMIT ${COUNTED})
   GROUP BY tenant, what`;

/** @param tenant null: of every tenant. */
export async function openWork(db: D1Database, tenant: string | null): Promise<OpenWorkCounts> {
  const prepare = (...parts: readonly [string, string, string, string, string]): D1PreparedStatement => {
    const statement = db.prepare(counting(...parts, tenant !== null));
    return tenant === null ? statement : statement.bind(tenant);
  };
  const [exceptions, held, postings] = await db.batch([
    prepare('exceptions', 'exceptions_open', 'cause', 'opened_at', "status = 'open'"),
    prepare('events', 'events_held', 'outcome', 'received_at', "outcome IN ('waiting','parked','quarantined')"),
    prepare(
      'postings',
      'postings_open',
      "outcome || ' ' || target",
      'updated_at',
      "outcome NOT IN ('applied','skipped')",
    ),
  ]);
  return {
    exceptions: rows.parse(exceptions?.results),
    held: rows.parse(held?.results),
    postings: rows.parse(postings?.results),
  };
}

/** Events of the last day that stand in quarantine, by tenant. From the index of held events; at most 10,000 are counted. */
export async function quarantinedToday(db: D1Database, now: number): Promise<OpenCount[]> {
  const { results } = await db
    .prepare(
      `SELECT tenant, 'quarantined' AS what, count(*) AS count, min(at) AS oldest FROM
       (SELECT tenant, received_at AS at FROM events INDEXED BY events_held
        WHERE outcome IN ('waiting','parked','quarantined') AND outcome = 'quarantined' AND received_at >= ?1 LIMIT ${COUNTED})
       GROUP BY tenant`,
    )
    .bind(now - 86_400_000)
    .all();
  return rows.parse(results);
}

/** A label's value in Prometheus' text format. */
const label = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', ' ');

/** Deliveries of one source by how they were answered. */
export interface DeliveryCount {
  readonly tenant: string;
  readonly source: string;
  readonly outcome: string;
  readonly count: number;
}

/** Prometheus text exposition format 0.0.4. Only counts and ages; tenants by name, nothing of theirs. */
export function metricsText(
  counts: OpenWorkCounts,
  quarantined: readonly OpenCount[],
  deliveries: readonly DeliveryCount[],
  now: number,
): string {
  const family = (name: string, help: string, lines: readonly string[], type: 'gauge' | 'counter' = 'gauge'): string =>
    `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.map((line) => `${name}${line}\n`).join('')}`;
  const oldest = [...counts.exceptions, ...counts.held, ...counts.postings].map((row) => row.oldest);
  const posting = (row: OpenCount) => {
    const [outcome = '', ...target] = row.what.split(' ');
    return `{tenant="${label(row.tenant)}",outcome="${label(outcome)}",target="${label(target.join(' '))}"} ${row.count}`;
  };
  return [
    family(
      'ledgergate_exceptions_open',
      'Exceptions a person must decide, by cause.',
      counts.exceptions.map((row) => `{tenant="${label(row.tenant)}",cause="${label(row.what)}"} ${row.count}`),
    ),
    family(
      'ledgergate_events_held',
      'Accepted events that are not applied: waiting, parked or quarantined.',
      counts.held.map((row) => `{tenant="${label(row.tenant)}",outcome="${label(row.what)}"} ${row.count}`),
    ),
    family(
      'ledgergate_quarantined_last_day',
      'Events received within 24 hours that stand in quarantine: how fast it grows.',
      quarantined.map((row) => `{tenant="${label(row.tenant)}"} ${row.count}`),
    ),
    family(
      'ledgergate_postings_open',
      'Documents with a try behind them that are not at their target.',
      counts.postings.map(posting),
    ),
    family(
      'ledgergate_deliveries_total',
      'Deliveries by answer, counted by the isolate that answers this since it started.',
      deliveries.map(
        (row) =>
          `{tenant="${label(row.tenant)}",source="${label(row.source)}",outcome="${label(row.outcome)}"} ${row.count}`,
      ),
      'counter',
    ),
    family('ledgergate_open_oldest_seconds', 'Age of the oldest open thing; 0 when nothing is open.', [
      ` ${oldest.length === 0 ? 0 : Math.max(0, Math.round((now - Math.min(...oldest)) / 1000))}`,
    ]),
  ].join('');
}
