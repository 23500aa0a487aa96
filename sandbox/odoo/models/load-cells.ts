import type { Books } from '../store/books.ts';
import { isList, type Wire, type WireObject } from '../wire.ts';
import type { ModelLookup } from './domain.ts';
import type { Field, Model } from './field.ts';
import { isDate } from './values.ts';

/** A cell `load` cannot use: becomes a message in a 200, with the field it names. */
export class CellError extends Error {
  constructor(
    readonly field: string,
    message: string,
    readonly details: WireObject = {},
  ) {
    super(message);
  }

  /** The same error seen from the record that holds the lines. */
  inside(field: string, label: string): CellError {
    const own = typeof this.details.field_name === 'string' ? this.details.field_name : this.field;
    const { moreinfo, ...details } = this.details;
    return new CellError(field, this.message.replace(`field '${own}'`, `field '${label}/${own}'`), {
      ...(moreinfo === undefined ? {} : { moreinfo }),
      ...details,
      field_name: label,
    });
  }
}

/** A cell's value: text as in a spreadsheet, or a JSON value. `rest` is what follows the field: `id` or `.id`. */
export function cellValue(
  books: Books,
  model: Model,
  name: string,
  rest: readonly string[],
  cell: Wire,
  lookup: ModelLookup,
): Wire {
  const field = model.fields[name];
  if (field === undefined) throw new CellError(name, `Invalid field name '${name}'`);
  if (cell === '' || cell === false || cell === null) return false;
  switch (field.type) {
    case 'integer':
    case 'float':
    case 'monetary':
      return numberCell(name, field, cell);
    case 'boolean':
      return booleanCell(name, field, cell);
    case 'date':
      return dateCell(name, field, cell);
    case 'selection':
      return selectionCell(name, field, cell);
    case 'many2one':
      return reference(books, name, field, rest, String(cell), lookup);
    case 'many2many':
      return [[6, 0, references(books, name, field, rest, cell, lookup)]];
    default:
      return String(cell);
  }
}

function numberCell(name: string, field: Field, cell: Wire): number {
  const value = typeof cell === 'string' && cell.trim() === '' ? Number.NaN : Number(cell);
  if (Number.isFinite(value)) return value;
  throw new CellError(name, `'${String(cell)}' does not seem to be a number for field '${field.label}'`, {
    field_name: field.label,
  });
}

function booleanCell(name: string, field: Field, cell: Wire): boolean {
  if (typeof cell === 'boolean') return cell;
  const text = String(cell).toLowerCase();
  if (['1', 'true', 'yes'].includes(text)) return true;
  if (['0', 'false', 'no'].includes(text)) return false;
  throw new CellError(name, `Unknown value '${String(cell)}' for boolean field '${field.label}'`, {
    field_name: field.label,
  });
}

function dateCell(name: string, field: Field, cell: Wire): string {
  if (typeof cell === 'string' && isDate(cell)) return cell;
  throw new CellError(name, `'${String(cell)}' does not seem to be a valid date for field '${field.label}'`, {
    moreinfo: "Use the format '2012-12-31'",
    field_name: field.label,
  });
}

function selectionCell(name: string, field: Field, cell: Wire): string {
  const found = field.selection?.find(([key, label]) => key === cell || label === cell);
  if (found !== undefined) return found[0];
  throw new CellError(name, `Value '${String(cell)}' not found in selection field '${field.label}'`, {
    moreinfo: field.selection?.map(([, label]) => label) ?? [],
    field_name: field.label,
  });
}

function references(
  books: Books,
  name: string,
  field: Field,
  rest: readonly string[],
  cell: Wire,
  lookup: ModelLookup,
): number[] {
  const parts = isList(cell) ? cell.map(String) : String(cell).split(',');
  return parts.map((part) => reference(books, name, field, rest, part.trim(), lookup));
}

function reference(
  books: Books,
  name: string,
  field: Field,
  rest: readonly string[],
  cell: string,
  lookup: ModelLookup,
): number {
  const related = field.relation === undefined ? undefined : lookup(field.relation);
  const found = related === undefined ? undefined : resolve(books, related, rest[0], cell);
  if (found !== undefined) return found;
  const kind = rest[0] === 'id' ? 'external id' : rest[0] === '.id' ? 'database id' : 'name';
  throw new CellError(name, `No matching record found for ${kind} '${cell}' in field '${field.label}'`, {
    moreinfo: {
      name: 'Possible Values',
      type: 'ir.actions.act_window',
      target: 'new',
      view_mode: 'list,form',
      views: [
        [false, 'list'],
        [false, 'form'],
      ],
      context: { create: false },
      help: 'See all possible values',
      res_model: rest[0] === 'id' ? 'ir.model.data' : (field.relation ?? ''),
    },
    field_name: field.label,
  });
}

function resolve(books: Books, related: Model, by: string | undefined, cell: string): number | undefined {
  if (by === '.id') return related.has(Number(cell)) ? Number(cell) : undefined;
  if (by === 'id') {
    const known = books.externalIds.first('xid', cell.includes('.') ? cell : `__import__.${cell}`);
    return known?.model === related.name && related.has(known.recordId) ? known.recordId : undefined;
  }
  return findByName(related, cell);
}

/** A record by what people call it: the code where the model has one, else its name. */
export function findByName(related: Model, name: string): number | undefined {
  for (const field of ['code', 'name']) {
    const byIndex = related.indexed(field, name);
    if (byIndex?.[0] !== undefined) return byIndex[0];
  }
  for (const id of related.ids()) {
    if (related.value(id, 'name') === name || related.display(id) === name) return id;
  }
  return undefined;
}
