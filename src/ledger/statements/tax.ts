/**
 * Tax by code, account and month. The tax lines of entries tell the tax; the net they bear on is told only by entries with
 * a single tax code, and stands beside that part of the tax, never as if it were the base of all of it.
 */
import type { AccountRole } from '../../canonical/accounts.ts';
import type { BookedEntry } from '../entry-pages.ts';
import { BoundedMap, type From, isWithin, type Statement } from './statement.ts';

export const MAX_TAX_ROWS = 20_000;

/** Minor units, as owed: tax billed is positive, tax taken back and input tax negative. */
export interface TaxRow {
  readonly account: string;
  /** `output`: billed to customers; `input`: on the processor's fees, reclaimed. */
  readonly direction: 'output' | 'input';
  /** The tenant's word for tax and jurisdiction; null on input tax. */
  readonly code: string | null;
  readonly currency: string;
  readonly baseCurrency: string;
  /** `2026-11`. */
  readonly month: string;
  readonly tax: number;
  readonly taxBase: number;
  /** Of `tax`, what stands in entries that bear this code alone. */
  readonly taxWithNet: number;
  /** The net of those entries, lines that bear no tax included. */
  readonly net: number;
  readonly netBase: number;
}

type Counting = { -readonly [Field in keyof TaxRow]: TaxRow[Field] };

const taxRoles: ReadonlySet<AccountRole> = new Set(['tax', 'feesInputTax']);
const netRoles: ReadonlySet<AccountRole> = new Set(['revenue', 'deferredRevenue', 'discount', 'refunds']);

/** Of the span only: a tax return is about a period. */
export function taxStatement(from: From): Statement<TaxRow[]> {
  const rows = new BoundedMap<Counting>(MAX_TAX_ROWS);
  return {
    get refusal() {
      return rows.overflown ? `more than ${MAX_TAX_ROWS} rows` : null;
    },
    add(entry) {
      if (!isWithin(entry, from)) return;
      const net = soleCode(entry) ? netOf(entry) : null;
      let counted = false;
      for (const line of entry.lines) {
        if (!taxRoles.has(line.role)) continue;
        const { account, currency, tax: code } = line;
        const direction = line.role === 'tax' ? 'output' : 'input';
        const month = entry.date.slice(0, 7);
        const row = rows.at([account, direction, code, currency, month], () => ({
          ...{ account, direction, code, currency, baseCurrency: entry.baseCurrency, month },
          ...{ tax: 0, taxBase: 0, taxWithNet: 0, net: 0, netBase: 0 },
        }));
        if (row === null) return;
        row.tax -= line.amount;
        row.taxBase -= line.base;
        if (net === null || line.role !== 'tax') continue;
        row.taxWithNet -= line.amount;
        if (counted) continue;
        row.net += net.amount;
        row.netBase += net.base;
        counted = true;
      }
    },
    result: () => rows.inOrder(),
  };
}

/** One code, one account and one currency: then the net is this code's. */
function soleCode(entry: BookedEntry): boolean {
  const taxes = entry.lines.filter((line) => line.role === 'tax');
  return new Set(taxes.map(({ tax, account, currency }) => JSON.stringify([tax, account, currency]))).size === 1;
}

function netOf(entry: BookedEntry): { readonly amount: number; readonly base: number } {
  let [amount, base] = [0, 0];
  for (const line of entry.lines) {
    if (!netRoles.has(line.role)) continue;
    amount -= line.amount;
    base -= line.base;
  }
  return { amount, base };
}
