/**
 * Mapping expressions in CEL, the Common Expression Language (cel.dev): no loops but over lists, no recursion, no clock,
 * no randomness, nothing from outside, and no code generated at run time. So an expression always ends and always says
 * the same of the same event. What it may cost is bounded before it ever runs, what it may yield is bounded after.
 *
 * Beside CEL's own functions:
 * - `minor(amount, currency)`: `"12.34"`, or a whole number of units, in minor units. Never rounds: an error instead.
 * - `instant(text)`, `instant(value, "seconds" | "milliseconds")`: epoch ms. A bare date is its midnight in UTC.
 * - `sum(list)`: of integers. `upper(text)`.
 */
import {
  type ASTNode,
  Environment,
  EvaluationError,
  TypeError as ExpressionTypeError,
  ParseError,
} from '@marcbachmann/cel-js';
import { currency, parseDecimal } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { costOf } from './expression-cost.ts';
import { type ExpressionValue, instantFrom, timeUnits } from './payload.ts';

const MAX_LENGTH = 8_000;
/** Two lists walked within each other fit, three do not. */
const MAX_STEPS = 200_000_000;
const MAX_SIZE = 200_000_000;
const MAX_RESULT_NODES = 100_000;
const MAX_RESULT_CHARACTERS = 2_000_000;

/** What an expression sees. */
export interface ExpressionInput {
  /** The payload, or the event's slice of a batch. */
  readonly event: ExpressionValue;
  readonly id: string;
  readonly eventType: string;
  /** Epoch ms. */
  readonly occurredAt: bigint;
  readonly customer: string | null;
}

export interface Expression {
  /** Plain data, integers as numbers, or text beyond 2^53. The error names places in the expression, never values. */
  evaluate(input: ExpressionInput): Result<unknown, string>;
}

/** Said to whoever reads the quarantine, so without the value. */
class MappingFault extends Error {}

function minor(amount: unknown, code: unknown): bigint {
  if (typeof code !== 'string' || !/^[A-Za-z]{3}$/.test(code)) throw new MappingFault('minor: no currency code');
  if (typeof amount !== 'string' && typeof amount !== 'bigint') throw new MappingFault('minor: no amount');
  const parsed = parseDecimal(String(amount), currency(code));
  if (!parsed.ok) throw new MappingFault(`minor: ${parsed.error.replaceAll('_', ' ')}`);
  return BigInt(parsed.value);
}

function instant(value: unknown, unit: unknown): bigint {
  const known = timeUnits.find((each) => each === unit);
  const text = typeof value === 'bigint' ? String(value) : value;
  if (known === undefined || typeof text !== 'string') throw new MappingFault('instant: no instant');
  const full = known === 'iso8601' && /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  const at = instantFrom(full, known);
  if (at === null) throw new MappingFault(`instant: not ${known}`);
  return BigInt(at);
}

function sum(list: unknown): bigint {
  if (!Array.isArray(list)) throw new MappingFault('sum: no list');
  return list.reduce<bigint>((total, each: unknown) => {
    if (typeof each !== 'bigint') throw new MappingFault('sum: not an integer');
    return total + each;
  }, 0n);
}

function upper(text: unknown): string {
  if (typeof text !== 'string') throw new MappingFault('upper: no text');
  return text.toUpperCase();
}

const environment = new Environment({
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
  limits: { maxAstNodes: 2_000, maxDepth: 64, maxListElements: 200, maxMapEntries: 200 },
})
  .registerVariable('event', 'dyn')
  .registerVariable('id', 'string')
  .registerVariable('eventType', 'string')
  .registerVariable('occurredAt', 'int')
  .registerVariable('customer', 'dyn')
  // `dyn`, so that `… ? minor(…) : null` types.
  .registerFunction('minor(dyn, dyn): dyn', minor)
  .registerFunction('instant(dyn): dyn', (value: unknown) => instant(value, 'iso8601'))
  .registerFunction('instant(dyn, string): dyn', instant)
  .registerFunction('sum(list): int', sum)
  .registerFunction('upper(dyn): string', upper);

/** The expression ready to run, or what is wrong with it and where. */
export function compileExpression(text: string): Result<Expression, string> {
  if (text.length > MAX_LENGTH) return err(`must be at most ${MAX_LENGTH} characters`);
  let parsed: ReturnType<Environment['parse']>;
  try {
    parsed = environment.parse(text);
  } catch (error) {
    if (error instanceof ParseError) return err(`${error.summary}${at(text, error)}`);
    throw error;
  }
  const banned = bannedCall(parsed.ast);
  if (banned !== null) return err(`cannot use ${banned}: a pattern can take for ever on a text somebody sends`);
  const cost = costOf(parsed.ast);
  if (cost.steps > MAX_STEPS || cost.size > MAX_SIZE) return err('could take too long: lists are walked within lists');
  const checked = parsed.check();
  if (!checked.valid) {
    return err(checked.error === undefined ? 'does not type' : `${checked.error.summary}${at(text, checked.error)}`);
  }
  return ok({ evaluate: (input) => evaluate(text, parsed, input) });
}

function bannedCall(node: ASTNode): string | null {
  if (node.op === 'rcall' && node.args[0] === 'matches') return 'matches';
  if (node.op === 'call' && node.args[0] === 'matches') return 'matches';
  for (const inner of childrenOf(node)) {
    const found = bannedCall(inner);
    if (found !== null) return found;
  }
  return null;
}

const isNode = (value: unknown): value is ASTNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value;

function childrenOf(node: ASTNode): readonly ASTNode[] {
  const args: unknown = node.args;
  if (isNode(args)) return [args];
  return Array.isArray(args) ? args.flat(2).filter(isNode) : [];
}

/** ` at 12: event.total`, from the expression itself, which its author wrote. */
function at(text: string, error: { readonly range?: { readonly start: number; readonly end: number } }): string {
  if (error.range === undefined) return '';
  const { start, end } = error.range;
  const piece = text.slice(start, Math.min(end, start + 40)).trim();
  return ` at character ${start + 1}${piece === '' ? '' : `: ${piece}`}`;
}

function evaluate(
  text: string,
  parsed: ReturnType<Environment['parse']>,
  input: ExpressionInput,
): Result<unknown, string> {
  try {
    const value: unknown = parsed({ ...input });
    return ok(plain(value, { nodes: MAX_RESULT_NODES, characters: MAX_RESULT_CHARACTERS }));
  } catch (error) {
    // A code and a place: the library's words may hold the value.
    if (error instanceof EvaluationError || error instanceof ExpressionTypeError) {
      return err(`${error.code.replaceAll('_', ' ')}${at(text, error)}`);
    }
    if (error instanceof MappingFault) return err(error.message);
    // Text or list beyond what JavaScript can hold.
    if (error instanceof RangeError) return err('result too large');
    throw error;
  }
}

interface Budget {
  nodes: number;
  characters: number;
}

/** Plain data of bounded size. @throws MappingFault */
function plain(value: unknown, budget: Budget): unknown {
  budget.nodes -= 1;
  if (budget.nodes < 0) throw new MappingFault('result too large');
  switch (typeof value) {
    case 'string':
      budget.characters -= value.length;
      if (budget.characters < 0) throw new MappingFault('result too large');
      return value;
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case 'boolean':
    case 'number':
      return value;
    case 'object':
      return plainObject(value, budget);
    default:
      throw new MappingFault('result is no data');
  }
}

function plainObject(value: object | null, budget: Budget): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((each) => plain(each, budget));
  if (value instanceof Date) return value.getTime();
  const entries =
    value instanceof Map
      ? [...value]
      : Object.getPrototypeOf(value) === Object.prototype
        ? Object.entries(value)
        : null;
  if (entries === null) throw new MappingFault('result is no data');
  return Object.fromEntries(
    entries.map(([name, inner]: [unknown, unknown]) => {
      const key = String(name);
      budget.characters -= key.length;
      return [key, plain(inner, budget)];
    }),
  );
}
