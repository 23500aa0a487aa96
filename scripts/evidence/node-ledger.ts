/**
 * The ledger's D1 on Node's SQLite: the same migrations, the same SQL, one transaction per batch. Faults are injected
 * where D1 has them: before anything is written, or after the commit with the answer lost.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { LedgerDatabase, LedgerStatement } from '../../src/ledger/database.ts';

export type LedgerFault = 'none' | 'before' | 'after';

const migrationsDirectory = join(import.meta.dirname, '../../migrations');
const migrations = readdirSync(migrationsDirectory)
  .filter((name) => name.endsWith('.sql'))
  .sort()
  .map((name) => readFileSync(join(migrationsDirectory, name), 'utf8'))
  .join('\n');

type SqlValue = null | number | bigint | string;

const isSqlValue = (value: unknown): value is SqlValue =>
  value === null || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string';

class NodeStatement implements LedgerStatement {
  private readonly ledger: NodeLedger;
  readonly sql: string;
  private readonly values: SqlValue[];

  constructor(ledger: NodeLedger, sql: string, values: SqlValue[]) {
    this.ledger = ledger;
    this.sql = sql;
    this.values = values;
  }

  bind(...values: unknown[]): LedgerStatement {
    return new NodeStatement(
      this.ledger,
      this.sql,
      values.map((value) => {
        if (!isSqlValue(value)) throw new TypeError(`D1 takes no ${typeof value}`);
        return value;
      }),
    );
  }

  execute(): unknown[] {
    return this.ledger.prepared(this.sql).all(...this.values);
  }

  async all<Row>(): Promise<{ results: Row[] }> {
    await this.ledger.beforeCall('read');
    return { results: this.execute() as Row[] };
  }

  async run(): Promise<unknown> {
    await this.ledger.write(() => this.execute());
    return {};
  }
}

type Deferred = (() => void)[];

/** How one caller sees the ledger: when its calls happen, and what befalls them. */
interface View {
  readonly turn: () => Promise<void>;
  readonly fate: (kind: 'read' | 'write') => LedgerFault;
  /** Not null: writes are put off (a planted defect). */
  readonly deferred: Deferred | null;
}

export class NodeLedger implements LedgerDatabase {
  private readonly database: DatabaseSync;
  private readonly statements: Map<string, StatementSync>;
  private readonly view: View;

  /** @param file where to keep it, a new file; in memory unless said. */
  constructor(
    shared?: {
      readonly database: DatabaseSync;
      readonly statements: Map<string, StatementSync>;
      readonly view: View;
    },
    file = ':memory:',
  ) {
    this.database = shared?.database ?? new DatabaseSync(file);
    this.statements = shared?.statements ?? new Map();
    this.view = shared?.view ?? { turn: async () => {}, fate: () => 'none', deferred: null };
    if (shared === undefined) this.database.exec(migrations);
  }

  seenBy(turn: View['turn'], fate: View['fate'], deferred: Deferred | null): NodeLedger {
    return new NodeLedger({ database: this.database, statements: this.statements, view: { turn, fate, deferred } });
  }

  prepare(sql: string): LedgerStatement {
    return new NodeStatement(this, sql, []);
  }

  prepared(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }

  async beforeCall(kind: 'read' | 'write'): Promise<LedgerFault> {
    await this.view.turn();
    const fate = this.view.fate(kind);
    if (fate === 'before') throw new Error('D1_ERROR: Network connection lost.');
    return fate;
  }

  async write(work: () => void): Promise<void> {
    const fate = await this.beforeCall('write');
    if (this.view.deferred !== null) this.view.deferred.push(() => this.transaction(work));
    else this.transaction(work);
    if (fate === 'after') throw new Error('D1_ERROR: Network connection lost.');
  }

  private transaction(work: () => void): void {
    this.database.exec('BEGIN');
    try {
      work();
      this.database.exec('COMMIT');
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }

  async batch(statements: LedgerStatement[]): Promise<unknown> {
    await this.write(() => {
      for (const statement of statements) if (statement instanceof NodeStatement) statement.execute();
    });
    return [];
  }

  close(): void {
    this.database.close();
  }

  /** Whatever is to be done past all faults: a test's own hand at the rows. */
  exec(sql: string, ...values: (string | number | null)[]): void {
    this.database.prepare(sql).run(...values);
  }

  /** Rows for the invariants, past all faults. */
  rows<Row>(sql: string): Row[] {
    return this.database.prepare(sql).all() as Row[];
  }
}
