import { missingError, valueError } from '../errors.ts';
import { idOf, idsOf, numberOf, textOf, type Wire } from '../wire.ts';
import type { ExternalIdRow, LineRow, MoveRow, PartialRow, PaymentRow, PlainRow, SequenceRow } from './records.ts';
import type { Storage, StoredRow } from './storage.ts';
import { type Change, type Row, Table } from './table.ts';

export interface Currency {
  readonly id: number;
  readonly name: string;
  readonly places: number;
  readonly rate: number;
}

export interface Account {
  readonly id: number;
  readonly code: string;
  readonly name: string;
  readonly type: string;
  readonly reconcile: boolean;
  readonly taxIds: readonly number[];
}

export interface Journal {
  readonly id: number;
  readonly code: string;
  readonly name: string;
  readonly type: string;
  readonly defaultAccountId: number | null;
  readonly currencyId: number | null;
  readonly hashed: boolean;
}

/**
 * All of one database: the tables, and the transaction they share. A transaction is synchronous and all-or-nothing: on a
 * throw every change is undone, on return the changed rows are handed to the storage (odoo.md A1: one SQL transaction per call).
 */
export class Books {
  readonly #changes: Change[] = [];
  readonly #changed = (change: Change) => this.#changes.push(change);
  readonly #views = new Map<string, WeakMap<PlainRow, Currency | Account | Journal>>();
  #depth = 0;
  /** Commits so far. What a call saw at its start is this number. */
  commits = 0;

  readonly plain: Readonly<Record<string, Table<PlainRow>>> = Object.fromEntries(
    [
      ['res.company', []],
      ['res.currency', ['name']],
      ['res.country', ['name', 'code']],
      ['res.partner', ['ref', 'email']],
      ['product.product', ['default_code']],
      ['account.account', ['code']],
      ['account.journal', ['code']],
      ['account.tax', []],
      ['account.payment.register', []],
      ['account.move.reversal', []],
    ].map(([name, indexed]) => [
      name,
      new Table<PlainRow>(
        String(name),
        Object.fromEntries(idsOrNames(indexed).map((field) => [field, (row: PlainRow) => textOf(row.values[field])])),
        this.#changed,
      ),
    ]),
  );
  readonly moves = new Table<MoveRow>(
    'account.move',
    {
      ref: (row) => row.ref,
      partner_id: (row) => row.partnerId,
      journal_id: (row) => row.journalId,
      move_type: (row) => row.moveType,
      reversed_entry_id: (row) => row.reversedEntryId,
      payment_reference: (row) => row.paymentReference,
      name: (row) => row.name,
      postedName: (row) => (row.state === 'posted' ? `${row.journalId}\n${row.name}` : null),
    },
    this.#changed,
  );
  readonly lines = new Table<LineRow>(
    'account.move.line',
    {
      move_id: (row) => row.moveId,
      account_id: (row) => row.accountId,
      partner_id: (row) => row.partnerId,
      full_reconcile_id: (row) => row.fullReconcileId,
    },
    this.#changed,
  );
  readonly payments = new Table<PaymentRow>(
    'account.payment',
    { memo: (row) => row.memo, partner_id: (row) => row.partnerId, move_id: (row) => row.moveId },
    this.#changed,
  );
  readonly partials = new Table<PartialRow>(
    'account.partial.reconcile',
    { debit: (row) => row.debitId, credit: (row) => row.creditId },
    this.#changed,
  );
  readonly fullReconciles = new Table<Row>('account.full.reconcile', {}, this.#changed);
  readonly sequences = new Table<SequenceRow>('sequence', { key: (row) => row.key }, this.#changed);
  readonly externalIds = new Table<ExternalIdRow>(
    'ir.model.data',
    { xid: (row) => row.xid, record: (row) => `${row.model},${row.recordId}` },
    this.#changed,
  );
  readonly #tables: ReadonlyMap<string, Table<Row>>;

  constructor(
    private readonly storage: Storage,
    readonly today: () => string,
  ) {
    this.#tables = new Map(
      [
        ...Object.values(this.plain),
        this.moves,
        this.lines,
        this.payments,
        this.partials,
        this.fullReconciles,
        this.sequences,
        this.externalIds,
      ].map((table): [string, Table<Row>] => [table.name, table as Table<Row>]),
    );
    for (const { table, body } of storage.load()) if (body !== null) this.#tables.get(table)?.restore(JSON.parse(body));
    for (const { commit } of this.externalIds.all()) this.commits = Math.max(this.commits, commit);
  }

  /** Runs `work` as one transaction; nested, as a savepoint that undoes only its own changes. */
  transaction<T>(work: () => T): T {
    const start = this.#changes.length;
    this.#depth += 1;
    try {
      const result = work();
      if (this.#depth === 1) this.#commit();
      return result;
    } catch (error) {
      for (const change of this.#changes.splice(start).reverse()) change.undo();
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  table(model: string): Table<PlainRow> {
    const table = this.plain[model];
    if (table === undefined) throw valueError(`no plain table ${model}`);
    return table;
  }

  company(): PlainRow {
    return this.#plainRow('res.company', 1);
  }

  companyCurrency(): Currency {
    return this.currency(idOf(this.company().values.currency_id) ?? 1);
  }

  currency(id: number): Currency {
    return this.#view('res.currency', id, (row) => ({
      id,
      name: textOf(row.values.name) ?? '',
      places: numberOf(row.values.decimal_places),
      rate: numberOf(row.values.rate) || 1,
    }));
  }

  account(id: number): Account {
    return this.#view('account.account', id, (row) => ({
      id,
      code: textOf(row.values.code) ?? '',
      name: textOf(row.values.name) ?? '',
      type: textOf(row.values.account_type) ?? '',
      reconcile: row.values.reconcile === true,
      taxIds: idsOf(row.values.tax_ids),
    }));
  }

  journal(id: number): Journal {
    return this.#view('account.journal', id, (row) => ({
      id,
      code: textOf(row.values.code) ?? '',
      name: textOf(row.values.name) ?? '',
      type: textOf(row.values.type) ?? '',
      defaultAccountId: idOf(row.values.default_account_id),
      currencyId: idOf(row.values.currency_id),
      hashed: row.values.restrict_mode_hash_table === true,
    }));
  }

  /** The account with this code, or the first of this type: Odoo picks receivable and payable by type. */
  accountId(match: { readonly code?: string; readonly type?: string }): number | null {
    const byCode = match.code === undefined ? undefined : this.table('account.account').first('code', match.code);
    if (byCode !== undefined) return byCode.id;
    for (const row of this.table('account.account').all()) {
      if (row.values.account_type === match.type && row.values.non_trade !== true) return row.id;
    }
    return null;
  }

  partner(id: number): PlainRow {
    return this.#plainRow('res.partner', id);
  }

  move(id: number): MoveRow {
    const row = this.moves.get(id);
    if (row === undefined) throw missingError('account.move', id);
    return row;
  }

  line(id: number): LineRow {
    const row = this.lines.get(id);
    if (row === undefined) throw missingError('account.move.line', id);
    return row;
  }

  linesOf(move: MoveRow): LineRow[] {
    return move.lineIds.map((id) => this.line(id));
  }

  patchMove(id: number, patch: Partial<MoveRow>): MoveRow {
    return this.moves.put({ ...this.move(id), ...patch, id });
  }

  patchLine(id: number, patch: Partial<LineRow>): LineRow {
    return this.lines.put({ ...this.line(id), ...patch, id });
  }

  setPlain(model: string, id: number, values: Readonly<Record<string, Wire>>): PlainRow {
    const table = this.table(model);
    const before = table.get(id);
    if (before === undefined) throw missingError(model, id);
    return table.put({ id, values: { ...before.values, ...values } });
  }

  addPlain(model: string, values: Readonly<Record<string, Wire>>): PlainRow {
    const table = this.table(model);
    return table.put({ id: table.nextId(), values });
  }

  #plainRow(model: string, id: number): PlainRow {
    const row = this.table(model).get(id);
    if (row === undefined) throw missingError(model, id);
    return row;
  }

  #view<V extends Currency | Account | Journal>(model: string, id: number, make: (row: PlainRow) => V): V {
    const row = this.#plainRow(model, id);
    let views = this.#views.get(model);
    if (views === undefined) {
      views = new WeakMap();
      this.#views.set(model, views);
    }
    const known = views.get(row);
    if (known !== undefined) return known as V;
    const view = make(row);
    views.set(row, view);
    return view;
  }

  #commit(): void {
    if (this.#changes.length === 0) return;
    const rows = new Map<string, StoredRow>();
    for (const { table, id } of this.#changes) {
      const row = this.#tables.get(table)?.get(id);
      rows.set(`${table} ${id}`, { table, id, body: row === undefined ? null : JSON.stringify(row) });
    }
    this.storage.save([...rows.values()]);
    this.#changes.length = 0;
    this.commits += 1;
  }
}

function idsOrNames(value: string | string[] | undefined): string[] {
  return Array.isArray(value) ? value : [];
}
