/** Plain tables, the first column to the left and the others to the right. */

export function columns(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    widths.map((width, at) => (at === 0 ? (row[at] ?? '').padEnd(width) : (row[at] ?? '').padStart(width))).join('  ');
  return [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)]
    .map((text) => `  ${text.trimEnd()}`)
    .join('\n');
}

export const fixed = (value: number, places = 0): string => (Number.isFinite(value) ? value.toFixed(places) : '–');

/** A figure against its bound, in words: both numbers, and whether it holds. */
export interface Bound {
  readonly what: string;
  readonly measured: number;
  readonly bound: number;
  readonly sense: 'at least' | 'at most';
}

export const holds = ({ measured, bound, sense }: Bound): boolean =>
  sense === 'at least' ? measured >= bound : measured <= bound;

export const boundLine = (bound: Bound): string =>
  `  ${holds(bound) ? 'holds ' : 'MISSED'}  ${bound.what}: ${fixed(bound.measured, 2)} (${bound.sense} ${fixed(bound.bound, 2)})`;
