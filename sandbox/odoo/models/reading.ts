import { valueError } from '../errors.ts';
import { isList, type Wire, type WireObject } from '../wire.ts';
import type { ModelLookup } from './domain.ts';
import type { Model } from './field.ts';

/** Records as `read` sends them: `id` first, a many2one as `[id, name]`. An id that does not exist is left out, not an error. */
export function readRecords(
  model: Model,
  ids: readonly number[],
  fields: readonly string[],
  lookup: ModelLookup,
): WireObject[] {
  const wanted = fields.length > 0 ? fields : ['id', ...Object.keys(model.fields)];
  for (const field of wanted) {
    if (field !== 'id' && model.fields[field] === undefined)
      throw valueError(`Invalid field '${field}' on '${model.name}'`);
  }
  return ids
    .filter((id) => model.has(id))
    .map((id) =>
      Object.fromEntries([
        ['id', id],
        ...wanted.map((field): [string, Wire] => [field, shown(model, id, field, lookup)]),
      ]),
    );
}

function shown(model: Model, id: number, field: string, lookup: ModelLookup): Wire {
  const value = model.value(id, field);
  const spec = model.fields[field];
  if (spec?.type !== 'many2one' || typeof value !== 'number') return value;
  const related = spec.relation === undefined ? undefined : lookup(spec.relation);
  return [value, related === undefined ? `${spec.relation},${value}` : related.display(value)];
}

/** Sorts ids by an Odoo order such as `date desc, id`. */
export function ordered(model: Model, ids: readonly number[], order: string): number[] {
  const keys = order.split(',').map((part) => {
    const [field = 'id', direction = 'asc'] = part.trim().split(/\s+/);
    if (field !== 'id' && model.fields[field] === undefined)
      throw valueError(`Invalid field '${field}' on model '${model.name}'`);
    return { field, sign: direction.toLowerCase() === 'desc' ? -1 : 1 };
  });
  if (ids.length < 2) return [...ids];
  const sortable = ids.map((id) => ({ id, values: keys.map(({ field }) => model.value(id, field)) }));
  sortable.sort((a, b) => {
    for (const [at, { sign }] of keys.entries()) {
      const difference = compared(a.values[at] ?? false, b.values[at] ?? false);
      if (difference !== 0) return difference * sign;
    }
    return a.id - b.id;
  });
  return sortable.map(({ id }) => id);
}

/** No value sorts last in ascending order, as NULL does in PostgreSQL. */
function compared(a: Wire, b: Wire): number {
  if (a === b) return 0;
  if (a === false) return 1;
  if (b === false) return -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : 1;
}

/** `formatted_read_group`: sums and counts per group (odoo.md A3 Trial balance read). */
export function readGroups(
  model: Model,
  ids: readonly number[],
  groupby: readonly string[],
  aggregates: readonly string[],
  lookup: ModelLookup,
): WireObject[] {
  const groups = new Map<string, number[]>();
  for (const id of ids) {
    const key = JSON.stringify(groupby.map((field) => groupKey(model, id, field)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [id]);
    else group.push(id);
  }
  if (groupby.length === 0 && groups.size === 0) groups.set('[]', []);
  const rank = groupRanks(model, groupby[0], lookup);
  const inOrder = [...groups.values()].sort((a, b) => rank(a[0]) - rank(b[0]));
  return inOrder.map((members) => {
    const first = members[0];
    const heads = groupby.map((field): [string, Wire] => [
      field,
      first === undefined ? false : groupHead(model, first, field, lookup),
    ]);
    const extra = heads.map(
      ([field, value]): Wire => [field.split(':')[0] ?? field, '=', isList(value) ? (value[0] ?? false) : value],
    );
    return Object.fromEntries<Wire>([
      ...heads,
      ['__extra_domain', extra],
      ...aggregates.map((aggregate): [string, Wire] => [aggregate, aggregated(model, members, aggregate)]),
    ]);
  });
}

/** Groups by a many2one stand in the order of its model, as accounts by code. */
function groupRanks(model: Model, field: string | undefined, lookup: ModelLookup): (id: number | undefined) => number {
  const relation = field === undefined ? undefined : model.fields[field]?.relation;
  const related = relation === undefined ? undefined : lookup(relation);
  if (field === undefined || related === undefined) return () => 0;
  const ranks = new Map(ordered(related, [...related.ids()], related.order).map((id, rank) => [id, rank]));
  return (id) => {
    const value = id === undefined ? false : model.value(id, field);
    return (typeof value === 'number' ? ranks.get(value) : undefined) ?? Number.MAX_SAFE_INTEGER;
  };
}

function groupKey(model: Model, id: number, field: string): Wire {
  const [name = field, granularity] = field.split(':');
  if (name !== 'id' && model.fields[name] === undefined) throw valueError(`Invalid field '${name}' on '${model.name}'`);
  const value = model.value(id, name);
  return granularity === 'month' && typeof value === 'string' ? value.slice(0, 7) : value;
}

function groupHead(model: Model, id: number, field: string, lookup: ModelLookup): Wire {
  return field.includes(':') ? groupKey(model, id, field) : shown(model, id, field, lookup);
}

function aggregated(model: Model, ids: readonly number[], aggregate: string): Wire {
  if (aggregate === '__count') return ids.length;
  const [field = '', operation = 'sum'] = aggregate.split(':');
  if (model.fields[field] === undefined && field !== 'id')
    throw valueError(`Invalid field '${field}' on '${model.name}'`);
  if (operation === 'count') return ids.length;
  const numbers = ids.map((id) => model.value(id, field)).filter((value) => typeof value === 'number');
  if (operation === 'max') return numbers.length === 0 ? false : Math.max(...numbers);
  if (operation === 'min') return numbers.length === 0 ? false : Math.min(...numbers);
  // Amounts have at most three decimals here: summing thousandths as integers keeps the sum exact.
  return numbers.reduce((sum, value) => sum + Math.round(value * 1000), 0) / 1000;
}
