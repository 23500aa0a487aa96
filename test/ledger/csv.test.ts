import { describe, expect, it } from 'vitest';
import { csvRecord } from '../../src/ledger/csv.ts';

describe('a cell', () => {
  it.each(['=1+1', '+1', '-x', '@SUM(A1)', '\t=1', '\r=1', '\n=1'])(
    'that a spreadsheet would run (%j) is text',
    (text) => {
      expect(csvRecord([text])).toMatch(/^"?'/);
    },
  );

  it('keeps the sign of an amount, and quotes what separates', () => {
    expect(csvRecord(['-12.30', -5, 'a,b', 'say "x"'])).toBe('-12.30,-5,"a,b","say ""x"""\r\n');
  });
});
