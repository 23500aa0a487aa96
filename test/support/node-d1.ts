/** D1's face on the ledger's Node database, so that the API's own reads and writes run over it. */
import type { LedgerStatement } from '../../src/ledger/database.ts';
import type { NodeLedger } from '../simulation/node-ledger.ts';

const meta = {
  duration: 0,
  size_after: 0,
  rows_read: 0,
  rows_written: 0,
  last_row_id: 0,
  changed_db: false,
  changes: 0,
};

class NodeD1Statement {
  readonly ledger: NodeLedger;
  readonly sql: string;
  readonly values: readonly unknown[];

  constructor(ledger: NodeLedger, sql: string, values: readonly unknown[]) {
    this.ledger = ledger;
    this.sql = sql;
    this.values = values;
  }

  bind(...values: unknown[]): NodeD1Statement {
    return new NodeD1Statement(this.ledger, this.sql, values);
  }

  bound(): LedgerStatement {
    return this.ledger.prepare(this.sql).bind(...this.values);
  }

  async all(): Promise<{ success: true; meta: typeof meta; results: unknown[] }> {
    return { success: true, meta, results: (await this.bound().all<unknown>()).results };
  }

  async first(): Promise<unknown> {
    return (await this.all()).results[0] ?? null;
  }

  async run(): Promise<{ success: true; meta: typeof meta; results: unknown[] }> {
    await this.bound().run();
    return { success: true, meta, results: [] };
  }

  /** Rows as arrays, as drizzle reads them. Column names of a drizzle select are unique or this would lose some. */
  async raw(): Promise<unknown[][]> {
    const { results } = await this.bound().all<Record<string, unknown>>();
    return results.map((row) => Object.values(row));
  }
}

/** Offers what the Worker uses of D1; one batch is one transaction. */
export const nodeD1 = (ledger: NodeLedger) => ({
  prepare: (sql: string) => new NodeD1Statement(ledger, sql, []),
  async batch(statements: readonly NodeD1Statement[]) {
    if (statements.every(({ sql }) => /^\s*(SELECT|WITH)/i.test(sql))) {
      return Promise.all(statements.map((statement) => statement.all()));
    }
    await ledger.batch(statements.map((statement) => statement.bound()));
    return statements.map(() => ({ success: true, meta, results: [] }));
  },
});
