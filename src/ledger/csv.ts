/** CSV (RFC 4180). Amounts are decimal text, so that a spreadsheet needs no exponent table. */

/**
 * Text that a spreadsheet would take for a formula gets an apostrophe before it: customers choose their own names
 * (OWASP, "CSV Injection"). Decimals keep their sign: they are ours.
 */
function cell(value: string | number): string {
  const text =
    typeof value === 'string' && /^[=+\-@\t\r\n]/.test(value) && !/^-\d+(\.\d+)?$/.test(value)
      ? `'${value}`
      : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One row with its line end. */
export const csvRecord = (cells: readonly (string | number)[]): string => `${cells.map(cell).join(',')}\r\n`;

/** A header and its rows. */
export const csvText = (columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  csvRecord(columns) + rows.map(csvRecord).join('');

export const csvMedia = 'text/csv; charset=utf-8; header=present';
