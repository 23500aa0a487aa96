import { OdooError, redirectWarning, serializationFailure } from './errors.ts';
import { errorAnswer, htmlAnswer, jsonAnswer, type OdooAnswer } from './faces/answer.ts';
import { CONFLICT } from './models/load.ts';
import { isList, isObject, numberOf, textOf, type Wire, type WireObject } from './wire.ts';

/**
 * The faults that can be asked for. Those before the call leave the books as they were; `drop_answer_after_commit` and
 * `html_502_after_commit` commit first, so that the client cannot know.
 */
export const FAULTS = [
  'drop_request',
  'drop_answer_after_commit',
  'html_502_after_commit',
  'serialization_500',
  'serialization_in_200',
  'redirect_warning_500',
  'value_error_500',
  'html_500',
  'html_502',
  'html_503',
  'rate_limit_429',
  'hang',
  'hang_after_commit',
  'delay',
  'unauthorized',
  'access_denied',
  'lock_error_409',
  'silent_date_shift',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface FaultRule {
  readonly match: { readonly model?: string; readonly method?: string };
  readonly fault: Fault;
  /** How often it strikes before it is spent. */
  readonly times: number;
  /** The chance that it strikes when it matches, 0 to 1. */
  readonly probability: number;
  /** Of the rule's own random numbers: the same seed strikes the same calls. */
  readonly seed: number;
  /** Waited before the call is carried out. */
  readonly delayMs: number;
}

interface ArmedRule extends FaultRule {
  left: number;
  random: () => number;
}

export class UnknownFault extends Error {}

/** Fault rules in the order given; the first that matches and strikes decides about a call. */
export class Faults {
  #rules: ArmedRule[] = [];

  /** Adds rules from JSON; throws UnknownFault at one that cannot be meant. */
  add(list: Wire): void {
    const given = isList(list) ? list : [list];
    this.#rules.push(...given.map(ruleOf).map((rule) => ({ ...rule, left: rule.times, random: seeded(rule.seed) })));
  }

  clear(): void {
    this.#rules = [];
  }

  left(): WireObject[] {
    return this.#rules.map(({ match, fault, times, probability, seed, delayMs, left }) => ({
      match: { ...match },
      fault,
      times,
      left,
      probability,
      seed,
      delayMs,
    }));
  }

  /** What the next striking rule wants waited between a request's arrival and its turn. */
  delayBefore(model: string, method: string): number {
    const next = this.#rules.find((rule) => rule.left > 0 && rule.delayMs > 0 && matches(rule, model, method));
    return next?.delayMs ?? 0;
  }

  /** The fault that strikes this call, or undefined; uses it up. */
  strike(model: string, method: string): FaultRule | undefined {
    for (const rule of this.#rules) {
      if (rule.left <= 0 || !matches(rule, model, method)) continue;
      if (rule.probability < 1 && rule.random() >= rule.probability) continue;
      rule.left -= 1;
      return rule;
    }
    return undefined;
  }
}

/** The answer of a fault that keeps the call from being carried out; undefined when the call must run. */
export function answerInstead(rule: FaultRule): OdooAnswer | undefined {
  const where = 'odoo/http.py';
  switch (rule.fault) {
    case 'drop_request':
      return { ...htmlAnswer(502, 'Bad Gateway', ''), delivery: 'lost' };
    case 'hang':
      return { ...htmlAnswer(504, 'Gateway Timeout', ''), delivery: 'hang' };
    case 'serialization_500':
      return errorAnswer(serializationFailure(), where);
    case 'serialization_in_200':
      return jsonAnswer({
        ids: false,
        messages: [{ rows: { from: 0, to: 0 }, record: 0, type: 'error', message: CONFLICT }],
        nextrow: 0,
      });
    case 'redirect_warning_500':
      return errorAnswer(redirectWarning('There are still draft entries in the period you want to hard lock.'), where);
    case 'value_error_500':
      return errorAnswer(new OdooError(500, 'builtins.ValueError', 'Wrong value'), where);
    case 'html_500':
      return htmlAnswer(500, 'Internal Server Error', 'The server encountered an internal error.');
    case 'html_502':
      return htmlAnswer(502, 'Bad Gateway', 'nginx');
    case 'html_503':
      return { ...htmlAnswer(503, 'Service Unavailable', 'nginx'), headers: { 'Retry-After': '1' } };
    case 'rate_limit_429':
      return { ...htmlAnswer(429, 'Too Many Requests', 'nginx'), headers: { 'Retry-After': '1' } };
    case 'unauthorized':
      return errorAnswer(new OdooError(401, 'werkzeug.exceptions.Unauthorized', 'Invalid apikey'), where);
    case 'access_denied':
      return errorAnswer(
        new OdooError(403, 'odoo.exceptions.AccessError', 'You are not allowed to access these records.'),
        where,
      );
    case 'lock_error_409':
      return errorAnswer(new OdooError(409, 'odoo.exceptions.LockError', 'Cannot grab a lock on records'), where);
    case 'drop_answer_after_commit':
    case 'html_502_after_commit':
    case 'hang_after_commit':
    case 'delay':
    case 'silent_date_shift':
      return undefined;
    default:
      return unreachable(rule.fault);
  }
}

/** What becomes of the true answer of a call that ran under a fault. */
export function answerAfter(rule: FaultRule, answer: OdooAnswer): OdooAnswer {
  switch (rule.fault) {
    case 'drop_answer_after_commit':
      return { ...answer, delivery: 'lost' };
    case 'hang_after_commit':
      return { ...answer, delivery: 'hang' };
    case 'html_502_after_commit':
      return htmlAnswer(502, 'Bad Gateway', 'nginx');
    default:
      return answer;
  }
}

function matches(rule: FaultRule, model: string, method: string): boolean {
  return (rule.match.model ?? model) === model && (rule.match.method ?? method) === method;
}

function ruleOf(value: Wire): FaultRule {
  if (!isObject(value)) throw new UnknownFault('a rule is an object {match, fault, times}');
  const fault = FAULTS.find((name) => name === value.fault);
  if (fault === undefined) throw new UnknownFault(`unknown fault ${String(value.fault)}; known: ${FAULTS.join(', ')}`);
  const match = isObject(value.match) ? value.match : {};
  const model = textOf(match.model);
  const method = textOf(match.method);
  return {
    match: { ...(model === null ? {} : { model }), ...(method === null ? {} : { method }) },
    fault,
    times: numberOf(value.times) || 1,
    probability: typeof value.probability === 'number' ? value.probability : 1,
    seed: numberOf(value.seed) || 1,
    delayMs: numberOf(value.delayMs),
  };
}

/** mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function unreachable(fault: never): never {
  throw new Error(`unhandled fault ${String(fault)}`);
}
