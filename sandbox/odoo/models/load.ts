import { OdooError, valueError } from '../errors.ts';
import type { Books } from '../store/books.ts';
import { isList, type Wire, type WireObject } from '../wire.ts';
import type { Crud } from './crud.ts';
import type { ModelLookup } from './domain.ts';
import type { Model } from './field.ts';
import { CellError, cellValue } from './load-cells.ts';

interface Message {
  readonly rows: { readonly from: number; readonly to: number };
  readonly record: number;
  readonly type: 'error';
  readonly message: string;
  readonly field?: string;
  readonly [more: string]: Wire;
}

interface Imported {
  readonly from: number;
  readonly to: number;
  readonly rows: readonly (readonly Wire[])[];
}

/** What a losing `load` reads: transient, and yet inside a 200 (odoo.md A5). */
export const CONFLICT = 'could not serialize access due to concurrent update\n';

/** Undoes the load and carries the messages out of the transaction. */
class LoadFailed extends Error {
  constructor(readonly messages: readonly Message[]) {
    super('load failed');
  }
}

/**
 * `load`: the only atomic create-with-a-key over RPC (odoo.md A5). A record whose external id is known is written, else
 * created together with its id. All or nothing, and never an HTTP error for bad contents: the answer is a 200 with `ids: false` and
 * messages. `snapshot` is the number of commits the caller saw when its transaction began; a record that another
 * transaction wrote since makes this load lose.
 */
export function load(
  books: Books,
  crud: Crud,
  model: Model,
  fields: readonly string[],
  rows: readonly (readonly Wire[])[],
  snapshot: number,
  lookup: ModelLookup,
): WireObject {
  const columns = fields.map((field) => field.split('/'));
  for (const column of columns) checkColumn(model, column, lookup);
  const records = grouped(rows, columns, model);
  try {
    const ids = books.transaction(() => importAll(books, crud, model, columns, records, snapshot, lookup));
    return { ids, messages: [], nextrow: 0 };
  } catch (error) {
    if (error instanceof LoadFailed) return { ids: false, messages: [...error.messages], nextrow: 0 };
    throw error;
  }
}

function importAll(
  books: Books,
  crud: Crud,
  model: Model,
  columns: readonly (readonly string[])[],
  records: readonly Imported[],
  snapshot: number,
  lookup: ModelLookup,
): number[] {
  const ids: number[] = [];
  const messages: Message[] = [];
  records.forEach((record, at) => {
    try {
      ids.push(books.transaction(() => importRecord(books, crud, model, columns, record.rows, snapshot, lookup)));
    } catch (error) {
      const message = messageOf(error);
      const place = { rows: { from: record.from, to: record.to }, record: at, type: 'error' } as const;
      const first = records[0];
      // Odoo imports a batch at once and then looks for the culprit one by one: the first record is blamed as well.
      if (!(error instanceof CellError) && at > 0 && messages.length === 0 && first !== undefined) {
        messages.push({ rows: { from: first.from, to: first.to }, record: 0, type: 'error', message });
      }
      messages.push(
        error instanceof CellError
          ? { ...place, field: error.field, ...error.details, message }
          : { ...place, message },
      );
    }
  });
  if (messages.length > 0) throw new LoadFailed(messages);
  return ids;
}

function messageOf(error: unknown): string {
  if (error instanceof CellError) return error.message;
  if (!(error instanceof OdooError)) throw error;
  if (error.pythonName.startsWith('builtins.'))
    return `Unknown error during import: <class '${error.pythonName.slice(9)}'>: ${error.message}`;
  return error.message.replace('The operation cannot be completed: ', '');
}

function importRecord(
  books: Books,
  crud: Crud,
  model: Model,
  columns: readonly (readonly string[])[],
  rows: readonly (readonly Wire[])[],
  snapshot: number,
  lookup: ModelLookup,
): number {
  const { xid, databaseId, values, lineXids } = recordValues(books, model, columns, rows, lookup);
  const known = xid === null ? undefined : books.externalIds.first('xid', xid);
  if (known !== undefined && known.commit > snapshot && known.commit <= books.commits)
    throw new OdooError(500, 'psycopg2.errors.SerializationFailure', CONFLICT);
  const target = databaseId ?? (known?.model === model.name ? known.recordId : undefined);
  let id = target;
  if (target !== undefined && model.has(target)) crud.write(model, [target], values);
  else id = crud.create(model, values);
  const recordId = id ?? 0;
  if (xid !== null) bind(books, xid, model.name, recordId);
  if (lineXids.length > 0) bindNewLines(books, model, recordId, lineXids);
  return recordId;
}

interface RecordValues {
  readonly xid: string | null;
  readonly databaseId: number | undefined;
  readonly values: WireObject;
  /** The external ids given to the lines that are new, in the order of the lines. */
  readonly lineXids: readonly (string | null)[];
}

function recordValues(
  books: Books,
  model: Model,
  columns: readonly (readonly string[])[],
  rows: readonly (readonly Wire[])[],
  lookup: ModelLookup,
): RecordValues {
  const values: Record<string, Wire> = {};
  const lineXids: (string | null)[] = [];
  let xid: string | null = null;
  let databaseId: number | undefined;
  const lineFields = new Set<string>();
  columns.forEach(([head = '', ...rest], at) => {
    const cell = rows[0]?.[at] ?? '';
    if (head === 'id') xid = cell === '' || cell === false ? null : qualified(String(cell));
    else if (head === '.id') databaseId = existing(model, cell);
    else if (model.fields[head]?.type === 'one2many') lineFields.add(head);
    else values[head] = cellValue(books, model, head, rest, cell, lookup);
  });
  for (const field of lineFields) {
    const lines = model.fields[field]?.relation === undefined ? undefined : lookup(model.fields[field].relation);
    if (lines === undefined) continue;
    values[field] = lineCommands(books, lines, field, model, columns, rows, lineXids, lookup);
  }
  return { xid, databaseId, values, lineXids };
}

/** One command per row that has a cell of the lines: change a line whose external id is known, else *append* one. */
function lineCommands(
  books: Books,
  lines: Model,
  field: string,
  parent: Model,
  columns: readonly (readonly string[])[],
  rows: readonly (readonly Wire[])[],
  lineXids: (string | null)[],
  lookup: ModelLookup,
): Wire[] {
  const commands: Wire[] = [];
  for (const row of rows) {
    const cells = columns.flatMap((column, at) =>
      column[0] === field ? [{ path: column.slice(1), cell: row[at] ?? '' }] : [],
    );
    if (cells.every(({ cell }) => cell === '' || cell === false)) continue;
    const values: Record<string, Wire> = {};
    let xid: string | null = null;
    for (const { path, cell } of cells) {
      const [name = '', ...rest] = path;
      if (name === 'id') xid = cell === '' || cell === false ? null : qualified(String(cell));
      else {
        try {
          values[name] = cellValue(books, lines, name, rest, cell, lookup);
        } catch (error) {
          if (!(error instanceof CellError)) throw error;
          throw error.inside(field, parent.fields[field]?.label ?? field);
        }
      }
    }
    const known = xid === null ? undefined : books.externalIds.first('xid', xid);
    if (known !== undefined && lines.has(known.recordId)) commands.push([1, known.recordId, values]);
    else {
      commands.push([0, 0, values]);
      lineXids.push(xid);
    }
  }
  return commands;
}

function bindNewLines(books: Books, model: Model, recordId: number, lineXids: readonly (string | null)[]): void {
  const lineIds = model.value(recordId, model.fields.invoice_line_ids === undefined ? 'id' : 'invoice_line_ids');
  const added = isList(lineIds) ? lineIds.slice(-lineXids.length) : [];
  lineXids.forEach((xid, at) => {
    const lineId = added[at];
    if (xid !== null && typeof lineId === 'number') bind(books, xid, 'account.move.line', lineId);
  });
}

function bind(books: Books, xid: string, model: string, recordId: number): void {
  const known = books.externalIds.first('xid', xid);
  books.externalIds.put({
    id: known?.id ?? books.externalIds.nextId(),
    xid,
    model,
    recordId,
    commit: books.commits + 1,
  });
}

/** A record starts on each row with a cell outside the lines; rows with only line cells belong to the one before. */
function grouped(
  rows: readonly (readonly Wire[])[],
  columns: readonly (readonly string[])[],
  model: Model,
): Imported[] {
  const own = columns.flatMap(([head = ''], at) => (model.fields[head]?.type === 'one2many' ? [] : [at]));
  const records: { from: number; to: number; rows: (readonly Wire[])[] }[] = [];
  rows.forEach((row, at) => {
    const last = records.at(-1);
    const starts = own.some(
      (column) => row[column] !== '' && row[column] !== false && row[column] !== undefined && row[column] !== null,
    );
    if (starts || last === undefined) records.push({ from: at, to: at, rows: [row] });
    else {
      last.rows.push(row);
      last.to = at;
    }
  });
  return records;
}

function checkColumn(model: Model, [head = '', ...rest]: readonly string[], lookup: ModelLookup): void {
  if (head === 'id' || head === '.id') return;
  const field = model.fields[head];
  if (field === undefined) throw valueError(`Invalid field name '${head}'`);
  const related = field.relation === undefined ? undefined : lookup(field.relation);
  if (rest.length > 0 && related !== undefined) checkColumn(related, rest, lookup);
}

function existing(model: Model, cell: Wire): number | undefined {
  if (cell === '' || cell === false) return undefined;
  const id = Number(cell);
  if (!model.has(id)) throw new CellError('.id', `Unknown database identifier '${String(cell)}'`);
  return id;
}

function qualified(xid: string): string {
  return xid.includes('.') ? xid : `__import__.${xid}`;
}
