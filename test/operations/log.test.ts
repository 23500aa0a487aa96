import { DrizzleQueryError } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { errorWords } from '../../src/operations/log.ts';

const thrownBy = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

describe('the words of an error', () => {
  it('are its name and message, cut', () => {
    expect(errorWords(new RangeError('too far'))).toBe('RangeError: too far');
    expect(errorWords(new Error('x'.repeat(1000)))).toHaveLength(300);
    expect(errorWords('lost')).toBe('lost');
  });

  it('do not quote the text that was no JSON', () => {
    const error = thrownBy(() => JSON.parse('ada@example.com'));
    expect(String(error)).toContain('ada@');
    expect(errorWords(error)).toBe('SyntaxError');
  });

  it('do not quote the parameters of a query', () => {
    const failed = new DrizzleQueryError('SELECT 1', ['ada@example.com'], new Error('D1_ERROR: no such table'));
    expect(failed.message).toContain('ada@');
    expect(errorWords(failed)).toBe('Error: D1_ERROR: no such table');
    expect(errorWords(new DrizzleQueryError('SELECT 1', ['ada@example.com']))).toBe('Error');
  });
});
