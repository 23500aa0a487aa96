import { typeError, valueError } from '../errors.ts';
import { isList, pythonText, type Wire } from '../wire.ts';
import type { Model } from './field.ts';

type Test = (id: number) => boolean;
interface Condition {
  readonly field: string;
  readonly operator: string;
  readonly operand: Wire;
}
/** Finds a model by name, to follow `partner_id.name`. */
export type ModelLookup = (name: string) => Model | undefined;

const OPERATORS = new Set([
  '=',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'not in',
  'like',
  'ilike',
  'not like',
  'not ilike',
  '=like',
  '=ilike',
  'any',
  'child_of',
]);

/**
 * Ids of `model` that match an Odoo domain: a list of conditions in prefix notation, where plain neighbours are joined by
 * "and". An `=` or `in` on an indexed field at the top narrows the rows first, so that searches by ref do not scan.
 */
export function matching(model: Model, domain: Wire, lookup: ModelLookup): number[] {
  if (!isList(domain)) throw typeError(`Domain() invalid argument type for domain: ${pythonText(domain)}`);
  const test = compile(model, domain, lookup);
  const found: number[] = [];
  for (const id of narrowed(model, domain) ?? model.ids()) if (model.has(id) && test(id)) found.push(id);
  return found;
}

function narrowed(model: Model, domain: readonly Wire[]): Iterable<number> | undefined {
  if (domain.some((item) => item === '|' || item === '!')) return undefined;
  for (const item of domain) {
    const condition = conditionOf(item);
    if (condition?.operator !== '=' && condition?.operator !== 'in') continue;
    const keys = isList(condition.operand) ? condition.operand : [condition.operand];
    if (condition.field === 'id') return new Set(keys.filter((key) => typeof key === 'number'));
    const sets = keys.map((key) => model.indexed(condition.field, key));
    if (sets.every((ids) => ids !== undefined)) return new Set(sets.flat());
  }
  return undefined;
}

function compile(model: Model, domain: readonly Wire[], lookup: ModelLookup): Test {
  const stack: Test[] = [];
  const pop = (): Test => stack.pop() ?? (() => true);
  for (const item of [...domain].reverse()) {
    if (item === '!') {
      const inner = pop();
      stack.push((id) => !inner(id));
    } else if (item === '&' || item === '|') {
      const [left, right] = [pop(), pop()];
      stack.push(item === '&' ? (id) => left(id) && right(id) : (id) => left(id) || right(id));
    } else {
      const condition = conditionOf(item);
      if (condition === undefined) throw valueError(`Domain() invalid item in domain: ${pythonText(item)}`);
      stack.push(leaf(model, condition, lookup));
    }
  }
  return (id) => stack.every((test) => test(id));
}

function conditionOf(item: Wire): Condition | undefined {
  if (!isList(item) || item.length !== 3) return undefined;
  const [field, operator, operand] = item;
  if (typeof field !== 'string' || typeof operator !== 'string' || operand === undefined) return undefined;
  return { field, operator, operand };
}

function leaf(model: Model, condition: Condition, lookup: ModelLookup): Test {
  const { field, operator, operand } = condition;
  const shown = `('${field}', '${operator}', ${pythonText(operand)})`;
  if (!OPERATORS.has(operator)) throw valueError(`Invalid operator in condition ${shown}`);
  const [head = '', ...rest] = field.split('.');
  const spec = model.fields[head];
  if (head !== 'id' && spec === undefined)
    throw valueError(`Invalid field ${model.name}.${field} in condition ${shown}`);
  const related = rest.length > 0 && spec?.relation !== undefined ? lookup(spec.relation) : undefined;
  if (related === undefined)
    return (id) =>
      compare(
        model.value(id, head),
        operator,
        operand,
        spec?.relation !== undefined,
        (one) => lookup(spec?.relation ?? '')?.display(one) ?? '',
      );
  const inner = leaf(related, { field: rest.join('.'), operator, operand }, lookup);
  return (id) => {
    const value = model.value(id, head);
    return (isList(value) ? value : [value]).some((one) => typeof one === 'number' && related.has(one) && inner(one));
  };
}

function compare(
  value: Wire,
  operator: string,
  operand: Wire,
  relational: boolean,
  display: (id: number) => string,
): boolean {
  if (relational && typeof operand === 'string') {
    const names = (isList(value) ? value : [value]).filter((one) => typeof one === 'number').map(display);
    return names.some((name) => compare(name, operator === '=' ? '=' : operator, operand, false, display));
  }
  switch (operator) {
    case '=':
      return isList(operand) ? operand.some((one) => holds(value, one)) : holds(value, operand);
    case '!=':
      return !holds(value, operand);
    case 'in':
    case 'child_of':
      return isList(operand) ? operand.some((one) => holds(value, one)) : holds(value, operand);
    case 'not in':
      return isList(operand) ? !operand.some((one) => holds(value, one)) : !holds(value, operand);
    case '<':
      return ordered(value, operand, (a, b) => a < b);
    case '<=':
      return ordered(value, operand, (a, b) => a <= b);
    case '>':
      return ordered(value, operand, (a, b) => a > b);
    case '>=':
      return ordered(value, operand, (a, b) => a >= b);
    case 'not like':
    case 'not ilike':
      return !like(value, `%${String(operand)}%`);
    case '=like':
    case '=ilike':
      return like(value, String(operand));
    default:
      return like(value, `%${String(operand)}%`);
  }
}

/** Equality as Odoo means it: false, null and an empty list are all "no value"; an x2many equals each of its ids. */
function holds(value: Wire, wanted: Wire): boolean {
  if (isList(value)) return wanted === false ? value.length === 0 : value.some((one) => one === wanted);
  if (value === false || value === null) return wanted === false || wanted === null || wanted === '';
  return value === wanted;
}

function ordered(value: Wire, operand: Wire, test: (a: number | string, b: number | string) => boolean): boolean {
  if (typeof value === 'number' && typeof operand === 'number') return test(value, operand);
  return typeof value === 'string' && typeof operand === 'string' && test(value, operand);
}

function like(value: Wire, pattern: string): boolean {
  if (typeof value !== 'string') return false;
  const source = pattern.split('%').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('_', '.'));
  return new RegExp(`^${source.join('.*')}$`, 'is').test(value);
}
