import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../../src/sources/custom/expression.ts';
import { expressionValue, readTree } from '../../../src/sources/custom/payload.ts';

const run = (text: string, json: string) => {
  const compiled = compileExpression(text);
  if (!compiled.ok) throw new Error(compiled.error);
  const tree = readTree(new TextEncoder().encode(json));
  const event = tree.ok ? expressionValue(tree.value) : 'list_too_long';
  if (event === 'list_too_long') throw new Error('not readable');
  return compiled.value.evaluate({ event, id: 'e1', eventType: 't', occurredAt: 0n, customer: null });
};
const value = (text: string, json = '{}') => {
  const result = run(text, json);
  if (!result.ok) throw new Error(result.error);
  return result.value;
};
const fault = (text: string, json = '{}') => {
  const compiled = compileExpression(text);
  if (!compiled.ok) return compiled.error;
  const result = run(text, json);
  return result.ok ? null : result.error;
};

describe('numbers in expressions', () => {
  it('keep integers beyond 2^53 whole', () => {
    expect(value('string(event.id)', '{"id": 9007199254740993}')).toBe('9007199254740993');
    expect(value('event.id', '{"id": 9007199254740993}')).toBe('9007199254740993');
    expect(value('event.id', '{"id": 123456789012345678901234567890}')).toBe('123456789012345678901234567890');
  });

  it('read decimals from their digits, never through a float', () => {
    expect(value('minor(event.a, "EUR")', '{"a": 1.10}')).toBe(110);
    expect(value('minor(event.a, "EUR")', '{"a": "90071992547409.91"}')).toBe(9007199254740991);
    expect(value('minor(event.a, "JPY")', '{"a": 1500}')).toBe(1500);
    expect(value('minor(event.a, event.c)', '{"a": "-0.005", "c": "kwd"}')).toBe(-5);
  });

  it('refuse an amount that would have to be rounded, and say no value', () => {
    expect(fault('minor(event.a, "EUR")', '{"a": 1.005}')).toBe('minor: too precise');
    expect(fault('minor(event.a, "EUR")', '{"a": "1e3"}')).toBe('minor: not a decimal');
    expect(fault('minor(event.a, "EUR")', '{"a": "secret-looking"}')).toBe('minor: not a decimal');
    expect(fault('minor(event.a, "EUR")', '{"a": 99999999999999999}')).toBe('minor: too large');
  });

  it('overflow loudly', () => {
    expect(fault('event.a + event.a', '{"a": 9223372036854775807}')).toMatch(/overflow/);
  });
});

describe('instants in expressions', () => {
  it('need a zone, or a unit, or are a bare date', () => {
    expect(value('instant(event.t)', '{"t": "2026-11-22T01:00:00+01:00"}')).toBe(Date.UTC(2026, 10, 22));
    expect(value('instant(event.t)', '{"t": "2026-11-22"}')).toBe(Date.UTC(2026, 10, 22));
    expect(value('instant(event.t, "seconds")', '{"t": 1700000000}')).toBe(1_700_000_000_000);
    expect(fault('instant(event.t)', '{"t": "2026-11-22T01:00:00"}')).toBe('instant: not iso8601');
  });
});

describe('expressions', () => {
  it('see absent members as absent, and own members only', () => {
    expect(value('event.?a.?b.orValue(null)')).toBeNull();
    expect(fault('event.constructor')).toMatch(/^no such key at character 7: constructor/);
    expect(fault('event.__proto__.toString')).toMatch(/no such key/);
    expect(value('event.__proto__.x', '{"__proto__": {"x": 1}}')).toBe(1);
  });

  it('name the place of a failure, not the value', () => {
    expect(fault('event.a.b', '{"a": "hunter2"}')).not.toContain('hunter2');
    expect(fault('int(event.a)', '{"a": "hunter2"}')).not.toContain('hunter2');
    expect(fault('event.a + 1', '{"a": "hunter2"}')).not.toContain('hunter2');
  });

  it('are refused with a place when they are wrong', () => {
    expect(fault("{'a': }")).toMatch(/at character \d+/);
    expect(fault('nope.x')).toBe('Unknown variable: nope at character 1: nope');
    expect(fault('now()')).toMatch(/now/);
  });

  it('cannot match patterns, which could take for ever', () => {
    expect(fault('event.a.matches("(a+)+$")')).toMatch(/cannot use matches/);
    expect(fault('[1].map(x, "a".matches("a"))')).toMatch(/cannot use matches/);
  });

  it('walk lists within lists once, not twice', () => {
    const taxes = 'l.taxes.map(t, {"code": t.code, "amount": minor(t.amount, event.currency)})';
    expect(
      compileExpression(`event.lines.map(l, {"id": l.id, "net": minor(l.net, "EUR"), "taxes": ${taxes}})`).ok,
    ).toBe(true);
    expect(fault('event.a.map(x, event.b.map(y, event.c.map(z, 1)))')).toMatch(/too long/);
  });

  it('cannot grow a value without bound', () => {
    const doubled = (depth: number): string =>
      depth === 0
        ? 'x0'
        : `cel.bind(x${depth - 1}, ${depth === 25 ? 'event.l' : `x${depth}+x${depth}`}, ${doubled(depth - 1)})`;
    expect(fault(doubled(25))).toMatch(/too long|depth/i);
    const chained = `[event.l]${'.map(x, x + x)'.repeat(20)}`;
    expect(fault(chained)).toMatch(/too long/);
  });

  it('yield data of bounded size', () => {
    const big = JSON.stringify({ l: Array.from({ length: 1000 }, () => 'x'.repeat(500)) });
    expect(fault('event.l.map(a, event.l)', big)).toBe('result too large');
  });

  it('are deterministic: there is no clock, no randomness, no environment to ask', () => {
    for (const name of ['now()', 'random()', 'env', 'process', 'globalThis', 'fetch("x")', 'Date()']) {
      expect(compileExpression(name).ok, name).toBe(false);
    }
  });
});

describe('payloads', () => {
  const read = (json: string) => readTree(new TextEncoder().encode(json));

  it('are refused when nested too deep, with a key twice, or not UTF-8', () => {
    expect(read(`${'['.repeat(33)}${']'.repeat(33)}`).ok).toBe(false);
    expect(read(`${'['.repeat(100_000)}`).ok).toBe(false);
    expect(read('{"amount": 1, "amount": 2}').ok).toBe(false);
    expect(readTree(new Uint8Array([0x22, 0xff, 0x22])).ok).toBe(false);
  });

  it('with a list of more than 1000 items are not walked', () => {
    const tree = read(JSON.stringify(Array.from({ length: 1001 }, (_, index) => index)));
    expect(tree.ok && expressionValue(tree.value)).toBe('list_too_long');
  });
});
