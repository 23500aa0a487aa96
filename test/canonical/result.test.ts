import { describe, expect, it } from 'vitest';
import { unreachable } from '../../src/canonical/result.ts';

/** What the compiler forbids, as a wrong value at run time would do it. */
const reached = (value: unknown): string => {
  const loose: (value: never) => never = unreachable;
  try {
    Reflect.apply(loose, undefined, [value]);
  } catch (error) {
    return error instanceof Error ? error.message : 'not an error';
  }
  return 'returned';
};

describe('a case nobody handles', () => {
  it('is named by its tag, and its content stays out of the log', () => {
    expect(reached({ kind: 'customer.merged', email: 'ada@example.com' })).toBe('unhandled case: kind customer.merged');
    expect(reached({ email: 'ada@example.com', code: 'odd' })).toBe('unhandled case: code odd');
    expect(reached({ email: 'ada@example.com' })).toBe('unhandled case: an object without a tag');
  });

  it('is named as it is where it is a word, cut to a line', () => {
    expect(reached('sideways')).toBe('unhandled case: sideways');
    expect(reached('x'.repeat(1000))).toHaveLength('unhandled case: '.length + 60);
    expect(reached(null)).toBe('unhandled case: null');
  });
});
