/**
 * The books as an hledger journal (https://hledger.org/hledger.html, "Journal"). `hledger check --strict` accepts it:
 * every account and commodity is declared. A line in another currency carries its total cost in the entity's currency
 * (`@@`), so that each transaction balances at the books' own amounts and at no computed rate.
 */
import { type Currency, formatMinor, isoExponent, minorUnits } from '../canonical/money.ts';
import type { ExportWriterMaker } from './export.ts';
import type { StoredLine } from './views.ts';

/** Text on one line, without what would start a comment or a second payee part. */
const plain = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replaceAll(';', ',')
    .replaceAll('|', '/')
    .trim();

/** Codes in parentheses end at the first `)`. */
const code = (text: string): string => plain(text).replaceAll('(', '[').replaceAll(')', ']');

/** `-100.00 USD @@ 92.13 EUR`; a pure exchange difference is an amount in the entity's currency. */
export function hledgerAmount(line: Pick<StoredLine, 'amount' | 'base' | 'currency'>, base: Currency): string {
  if (line.currency === base || line.amount === 0) return `${formatMinor(line.base, base)} ${base}`;
  const cost = formatMinor(minorUnits(Math.abs(line.base)), base);
  return `${formatMinor(line.amount, line.currency)} ${line.currency} @@ ${cost} ${base}`;
}

const sample = (commodity: Currency): string =>
  `1${isoExponent(commodity) === 0 ? '.' : `.${'0'.repeat(isoExponent(commodity))}`}`;

export const hledgerWriter: ExportWriterMaker = (bookkeeping) => {
  const accounts = new Set<string>();
  const commodities = new Set<Currency>();
  return {
    contentType: 'text/plain; charset=utf-8',
    extension: 'journal',
    head: ({ tenant, entity, baseCurrency }) => {
      commodities.add(baseCurrency);
      return `; ${plain(tenant)} / ${plain(entity)}: the general ledger in ${baseCurrency}\ndecimal-mark .\n\n`;
    },
    entry: (entry) => {
      const tags = `kind:${plain(entry.kind)}, event:${plain(entry.eventId)}, source:${plain(entry.source)}`;
      const proof = `body:${entry.bodyHash}, hash:${entry.hash}, config:${entry.configVersion}`;
      const title = `(${code(entry.id)}) ${plain(entry.description)}`;
      if (entry.lines.length === 0) return `; ${entry.date} memo ${title}  ${tags}\n\n`;
      const lines = entry.lines.map((line) => {
        const account = bookkeeping.nameOf(line.account, line.role);
        accounts.add(account);
        commodities.add(line.currency);
        const notes = [
          line.customer === null ? '' : `customer:${plain(line.customer)}`,
          line.tax === null ? '' : `tax:${plain(line.tax)}`,
          line.memo === null ? '' : plain(line.memo),
        ].filter((note) => note !== '');
        const comment = notes.length === 0 ? '' : `  ; ${notes.join(', ')}`;
        return `    ${account}  ${hledgerAmount(line, entry.baseCurrency)}${comment}\n`;
      });
      return `${entry.date} * ${title}\n    ; ${tags}\n    ; ${proof}\n${lines.join('')}\n`;
    },
    foot: () =>
      [...[...commodities].sort().map((commodity) => `commodity ${sample(commodity)} ${commodity}`)]
        .concat([...accounts].sort().map((account) => `account ${account}`))
        .map((directive) => `${directive}\n`)
        .join(''),
  };
};
