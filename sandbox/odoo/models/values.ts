import { keyError, missingError, OdooError, typeError, valueError } from '../errors.ts';
import { isList, isObject, pythonText, type Wire, type WireObject } from '../wire.ts';
import type { ModelLookup } from './domain.ts';
import type { Field, Model } from './field.ts';

/** Fields every model answers to and nobody sets here. */
const IGNORED = new Set(['id', 'display_name', 'create_date', 'write_date', 'message_follower_ids']);

/**
 * Checks the values of a create or write against the model's fields. Contract errors come as Odoo sends them, permanent
 * and yet 500 (odoo.md A1): an unknown field is a ValueError in create and a KeyError in write, a wrong selection or date
 * a ValueError; only a missing record behind a many2one is a 404.
 */
export function checkedValues(
  model: Model,
  vals: WireObject,
  mode: 'create' | 'write',
  lookup: ModelLookup,
): WireObject {
  const checked: Record<string, Wire> = {};
  for (const [name, value] of Object.entries(vals)) {
    if (IGNORED.has(name)) continue;
    const field = model.fields[name];
    if (field === undefined) {
      if (mode === 'write') throw keyError(name);
      throw valueError(
        model.name === 'account.move.line'
          ? `Invalid field '${name}' on model '${model.name}'`
          : `Invalid field '${name}' in '${model.name}'`,
      );
    }
    checked[name] = checkedValue(model, name, field, value, lookup);
  }
  refuseTextAmounts(model, vals);
  return checked;
}

/** Odoo subtracts credit from debit as they come: an amount sent as text is a TypeError. */
function refuseTextAmounts(model: Model, vals: WireObject): void {
  if (model.name !== 'account.move.line') return;
  if (typeof vals.debit !== 'string' && typeof vals.credit !== 'string') return;
  const kind = (value: Wire | undefined) => (typeof value === 'string' ? 'str' : 'int');
  throw typeError(`unsupported operand type(s) for -: '${kind(vals.debit)}' and '${kind(vals.credit)}'`);
}

function checkedValue(model: Model, name: string, field: Field, value: Wire, lookup: ModelLookup): Wire {
  switch (field.type) {
    case 'selection':
      if (value === false || value === null) return false;
      if (field.selection?.some(([key]) => key === value) !== true) {
        throw valueError(`Wrong value for ${model.name}.${name}: ${pythonText(value)}`);
      }
      return value;
    case 'date':
      if (value === false || value === null || value === '') return false;
      if (typeof value !== 'string' || !isDate(value)) {
        throw valueError(`time data ${pythonText(value)} does not match format '%Y-%m-%d'`);
      }
      return value;
    case 'many2one':
      return many2oneValue(field, value, lookup);
    case 'integer':
    case 'float':
    case 'monetary':
      return numberValue(value);
    case 'boolean':
      return Boolean(value);
    case 'one2many':
    case 'many2many':
      if (value !== false && !isList(value))
        throw valueError(`Wrong value for ${model.name}.${name}: ${pythonText(value)}`);
      return value;
    default:
      if (isObject(value) || isList(value))
        throw valueError(`Wrong value for ${model.name}.${name}: ${pythonText(value)}`);
      return value === null || value === false ? false : String(value);
  }
}

function many2oneValue(field: Field, value: Wire, lookup: ModelLookup): Wire {
  if (value === false || value === null || value === 0) return false;
  if (typeof value === 'string') {
    throw new OdooError(
      500,
      'psycopg2.errors.InvalidTextRepresentation',
      `invalid input syntax for type integer: "${value}"\nLINE 1: …\n`,
    );
  }
  if (typeof value !== 'number') throw typeError(`unhashable type: ${pythonText(value)}`);
  const related = field.relation === undefined ? undefined : lookup(field.relation);
  if (related !== undefined && !related.has(value)) throw missingError(related.name, value);
  return value;
}

function numberValue(value: Wire): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  if (value === false || value === null) return 0;
  throw valueError(`could not convert string to float: ${pythonText(value)}`);
}

/** A day of the calendar, written YYYY-MM-DD. */
export function isDate(value: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
}

/** The ids a many2many ends with after Odoo's commands ([6,0,ids] set, [4,id] link, [3,id] unlink, [5] clear). */
export function linkedIds(before: readonly number[], commands: Wire): number[] {
  if (!isList(commands)) return [];
  let ids = [...before];
  for (const command of commands) {
    if (typeof command === 'number') {
      ids.push(command);
      continue;
    }
    if (!isList(command)) continue;
    const [code, id, list] = command;
    if (code === 6 && isList(list)) ids = list.filter((one) => typeof one === 'number');
    else if (code === 5) ids = [];
    else if (code === 4 && typeof id === 'number' && !ids.includes(id)) ids.push(id);
    else if ((code === 3 || code === 2) && typeof id === 'number') ids = ids.filter((one) => one !== id);
  }
  return ids;
}
