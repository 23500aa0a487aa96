/**
 * The books as a beancount file (https://beancount.github.io/docs/beancount_language_syntax.html). Accounts are opened on
 * the first day the language can hold, lines in another currency carry their total cost (`@@`), a memo is a comment.
 */
import { type Currency, formatMinor, isoExponent, minorUnits } from '../canonical/money.ts';
import type { ExportWriterMaker } from './export.ts';
import type { StoredLine } from './views.ts';

/**
 * A tenth of the minor unit. Prices per unit are computed from total costs with 28 digits, and a currency whose amounts are
 * whole numbers has no tolerance of its own: one third of a yen, three times, would not be a yen.
 */
const tolerance = (code: Currency): string => `0.${'0'.repeat(isoExponent(code))}1`;

/** A string literal: one line, quotes and backslashes escaped. */
const quoted = (text: string): string =>
  `"${text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .trim()}"`;

export function beancountAmount(line: Pick<StoredLine, 'amount' | 'base' | 'currency'>, base: Currency): string {
  if (line.currency === base || line.amount === 0) return `${formatMinor(line.base, base)} ${base}`;
  const cost = formatMinor(minorUnits(Math.abs(line.base)), base);
  return `${formatMinor(line.amount, line.currency)} ${line.currency} @@ ${cost} ${base}`;
}

export const beancountWriter: ExportWriterMaker = (bookkeeping) => {
  const accounts = new Set<string>();
  return {
    contentType: 'text/plain; charset=utf-8',
    extension: 'beancount',
    head: ({ tenant, entity, baseCurrency }) =>
      [
        `option "title" ${quoted(`${tenant} / ${entity}`)}`,
        `option "operating_currency" "${baseCurrency}"`,
        `option "inferred_tolerance_default" "${baseCurrency}:${tolerance(baseCurrency)}"`,
        '\n',
      ].join('\n'),
    entry: (entry) => {
      if (entry.lines.length === 0) {
        return `; ${entry.date} memo ${quoted(`${entry.id} ${entry.kind}: ${entry.description}`)}\n\n`;
      }
      const facts: readonly (readonly [string, string])[] = [
        ['entry', entry.id],
        ['kind', entry.kind],
        ['source', entry.source],
        ['event', entry.eventId],
        ['body-sha256', entry.bodyHash],
        ['entry-sha256', entry.hash],
      ];
      const lines = entry.lines.map((line) => {
        const account = bookkeeping.nameOf(line.account, line.role);
        accounts.add(account);
        const notes: readonly (readonly [string, string | null])[] = [
          ['customer', line.customer],
          ['tax', line.tax],
          ['memo', line.memo],
        ];
        const metadata = notes.flatMap(([key, value]) => (value === null ? [] : [`    ${key}: ${quoted(value)}\n`]));
        return `  ${account}  ${beancountAmount(line, entry.baseCurrency)}\n${metadata.join('')}`;
      });
      const metadata = facts.map(([key, value]) => `  ${key}: ${quoted(value)}\n`);
      return `${entry.date} * ${quoted(entry.description)}\n${metadata.join('')}${lines.join('')}\n`;
    },
    foot: () =>
      [...accounts]
        .sort()
        .map((account) => `1900-01-01 open ${account}\n`)
        .join(''),
  };
};
