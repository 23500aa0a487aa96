/** The books as CSV (RFC 4180), one row per journal line; a memo is a row without an account. Amounts as decimal text. */
import { type Currency, formatMinor, type MinorUnits, minorUnits } from '../canonical/money.ts';
import { csvMedia, csvRecord } from './csv.ts';
import type { ExportWriterMaker } from './export.ts';

const columns = [
  'entry',
  'date',
  'kind',
  'entity',
  'object',
  'description',
  'account',
  'role',
  'currency',
  'debit',
  'credit',
  'base_currency',
  'base_debit',
  'base_credit',
  'customer',
  'tax',
  'memo',
  'lane',
  'position',
  'part',
  'source',
  'event_id',
  'body_sha256',
  'entry_sha256',
  'config_version',
  'booked_at',
] as const;

const debit = (amount: MinorUnits, code: Currency): string => (amount > 0 ? formatMinor(amount, code) : '');
const credit = (amount: MinorUnits, code: Currency): string =>
  amount < 0 ? formatMinor(minorUnits(-amount), code) : '';

export const csvWriter: ExportWriterMaker = () => ({
  contentType: csvMedia,
  extension: 'csv',
  head: () => csvRecord(columns),
  entry: (entry) => {
    const before = [entry.id, entry.date, entry.kind, entry.entity, entry.object, entry.description];
    const after = [
      entry.lane,
      entry.position,
      entry.part,
      entry.source,
      entry.eventId,
      entry.bodyHash,
      entry.hash,
      entry.configVersion,
      entry.bookedAt,
    ];
    if (entry.lines.length === 0) {
      return csvRecord([...before, '', '', '', '', '', entry.baseCurrency, '', '', '', '', '', ...after]);
    }
    return entry.lines
      .map((line) =>
        csvRecord([
          ...before,
          line.account,
          line.role,
          line.currency,
          debit(line.amount, line.currency),
          credit(line.amount, line.currency),
          entry.baseCurrency,
          debit(line.base, entry.baseCurrency),
          credit(line.base, entry.baseCurrency),
          line.customer ?? '',
          line.tax ?? '',
          line.memo ?? '',
          ...after,
        ]),
      )
      .join('');
  },
  foot: () => '',
});
