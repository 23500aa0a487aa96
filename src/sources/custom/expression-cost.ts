/**
 * How much work an expression can be, before it has seen a payload. CEL has no recursion and no loops but those over
 * lists, so the bound is a sum and product over the syntax tree: every list counts as `MAX_LIST` long, which is the
 * longest that payloads are let in with.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import { MAX_LIST } from './payload.ts';

export interface Cost {
  /** Evaluations of a syntax node, and items copied, at most. */
  readonly steps: number;
  /** Items of the longest list anywhere in the value. */
  readonly items: number;
  /** Size of the value, and of one item of it where it is a list, as multiples of the payload's. */
  readonly size: number;
  readonly each: number;
}

/** What `split` may make of a text. */
const MAX_SPLIT = 100_000;
const loops: ReadonlySet<string> = new Set(['map', 'filter', 'all', 'exists', 'exists_one']);

type Bound = ReadonlyMap<string, Cost>;

/** Functions that take anything and yield one number, instant or truth. */
const scalars: ReadonlySet<string> = new Set([
  'minor',
  'instant',
  'sum',
  'size',
  'int',
  'uint',
  'double',
  'bool',
  'has',
]);

const scalar: Cost = { steps: 1, items: 1, size: 1, each: 1 };
const payload: Cost = { steps: 1, items: MAX_LIST, size: 1, each: 1 };

/** The cost of evaluating `node` once. Infinity is a possible answer. */
export function costOf(node: ASTNode, bound: Bound = new Map()): Cost {
  switch (node.op) {
    case 'value':
      return scalar;
    case 'id':
      return { ...(bound.get(node.args) ?? payload), steps: 1 };
    case '.':
    case '.?':
      return stepped(costOf(node.args[0], bound));
    case 'list':
      return literal(node.args, bound);
    case 'map':
      return literal(node.args.flat(), bound);
    case '!_':
    case '-_':
      return stepped(costOf(node.args, bound));
    case '?:':
      return widest(node.args.map((each) => costOf(each, bound)));
    case '+':
      return joined(node.args.map((each) => costOf(each, bound)));
    case 'call':
      return called(node.args[0], joined(node.args[1].map((each) => costOf(each, bound))));
    case 'rcall':
      return methodCost(node.args, bound);
    default:
      return widest(node.args.map((each) => costOf(each, bound)));
  }
}

function methodCost([name, receiver, args]: readonly [string, ASTNode, readonly ASTNode[]], bound: Bound): Cost {
  const [variable, ...rest] = args;
  const self = costOf(receiver, bound);
  if (loops.has(name) && variable?.op === 'id') return loopCost(name, self, variable.args, rest, bound);
  if (name === 'bind' && variable?.op === 'id') {
    const [value, body] = rest;
    if (value === undefined || body === undefined) return scalar;
    const valueCost = costOf(value, bound);
    const bodyCost = costOf(body, new Map(bound).set(variable.args, valueCost));
    return { ...bodyCost, steps: valueCost.steps + bodyCost.steps + 1 };
  }
  const all = joined([self, ...args.map((each) => costOf(each, bound))]);
  if (scalars.has(name)) return called(name, all);
  if (name === 'join') return { ...all, steps: all.steps + all.items, size: all.size * all.items };
  return name === 'split' ? { ...all, items: MAX_SPLIT, steps: all.steps + MAX_SPLIT } : all;
}

function loopCost(name: string, list: Cost, variable: string, body: readonly ASTNode[], bound: Bound): Cost {
  const inner = new Map(bound).set(variable, { ...list, size: list.each });
  const costs = body.map((each) => costOf(each, inner));
  const steps = list.steps + list.items * costs.reduce((sum, each) => sum + each.steps, 1);
  const last = costs.at(-1) ?? scalar;
  if (name === 'filter') return { ...list, steps };
  if (name !== 'map') return { ...scalar, steps };
  return { steps, items: Math.max(list.items, last.items), size: list.items * last.size, each: last.size };
}

const called = (name: string, all: Cost): Cost => (scalars.has(name) ? { ...scalar, steps: all.steps } : all);
const stepped = (cost: Cost): Cost => ({ ...cost, steps: cost.steps + 1 });

function literal(items: readonly ASTNode[], bound: Bound): Cost {
  const costs = items.map((each) => costOf(each, bound));
  return {
    steps: sum(costs, 'steps') + 1,
    items: Math.max(items.length, ...costs.map(({ items: longest }) => longest)),
    size: sum(costs, 'size') + 1,
    each: Math.max(1, ...costs.map(({ size }) => size)),
  };
}

/** Values put together: texts and lists grow by each other. Copying is charged once they are more than a payload holds. */
function joined(costs: readonly Cost[]): Cost {
  const items = sum(costs, 'items');
  const size = Math.max(sum(costs, 'size'), 1);
  const copied = items > 4 * MAX_LIST ? items : 0;
  return { steps: sum(costs, 'steps') + copied + 1, items: Math.max(items, 1), size, each: size };
}

const widest = (costs: readonly Cost[]): Cost => ({
  steps: sum(costs, 'steps') + 1,
  items: Math.max(1, ...costs.map(({ items }) => items)),
  size: Math.max(1, ...costs.map(({ size }) => size)),
  each: Math.max(1, ...costs.map(({ each }) => each)),
});

const sum = (costs: readonly Cost[], field: keyof Cost): number =>
  costs.reduce((total, each) => total + each[field], 0);
