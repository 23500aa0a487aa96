/** hledger and beancount on an export, and what they say of each account: the books seen by somebody else. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { currency, isoExponent } from '../../src/canonical/money.ts';

export interface ToolRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a tool over the text as a file: `FILE` in the arguments is its path. @throws when it is not installed. */
export function tool(command: string, args: readonly string[], name: string, text: string): ToolRun {
  const folder = mkdtempSync(path.join(tmpdir(), 'ledgergate-export-'));
  try {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    const run = spawnSync(
      command,
      args.map((arg) => arg.replace('FILE', file)),
      { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' }, maxBuffer: 64 * 1024 * 1024 },
    );
    if (run.error !== undefined) throw run.error;
    return { code: run.status, out: run.stdout, err: run.stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const installed = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;

/** Minor units by `<account> <currency>`, without what is zero. */
export type Balances = Readonly<Record<string, number>>;

/** Rounds what a computed price left below a millionth of the minor unit; anything more is a difference. */
function minor(decimal: string, code: string): number {
  const exponent = isoExponent(currency(code));
  const value = Number(decimal) * 10 ** exponent;
  if (Math.abs(value - Math.round(value)) > 1e-6 * Math.max(1, Math.abs(value) / 1e9))
    throw new Error(`${decimal} ${code} is no whole number of minor units`);
  return Math.round(value) + 0;
}

const withoutZeros = (found: readonly (readonly [string, number])[]): Balances =>
  Object.fromEntries(found.filter(([, amount]) => amount !== 0));

const hledgerAmount = z.object({
  acommodity: z.string(),
  aquantity: z.object({ decimalMantissa: z.int(), decimalPlaces: z.int().nonnegative() }),
});
const hledgerBalance = z.tuple([
  z.array(z.tuple([z.string(), z.string(), z.number(), z.array(hledgerAmount)])),
  z.array(hledgerAmount),
]);

/** @param atCost in the entity's currency, at the total costs the export states. */
export function hledgerBalances(journal: string, atCost: boolean): Balances {
  const args = ['-f', 'FILE', 'balance', '--flat', '--empty', '-O', 'json', ...(atCost ? ['--cost'] : [])];
  const { code, out, err } = tool('hledger', args, 'books.journal', journal);
  if (code !== 0) throw new Error(err);
  const [rows] = hledgerBalance.parse(JSON.parse(out));
  return withoutZeros(
    rows.flatMap(([, account, , amounts]) =>
      amounts.map(({ acommodity: commodity, aquantity: { decimalMantissa, decimalPlaces } }) => {
        const decimal = `${decimalMantissa}e-${decimalPlaces}`;
        return [`${account} ${commodity}`, minor(decimal, commodity)] as const;
      }),
    ),
  );
}

/**
 * Numberified: bean-query writes a plain sum with the precision that is most common in the file, whatever its currency.
 * @param atCost in the entity's currency, by the weights with which the postings balance.
 */
export function beancountBalances(file: string, atCost: boolean): Balances {
  const query = `SELECT account, sum(${atCost ? 'weight' : 'position'}) AS total GROUP BY account`;
  const run = tool('bean-query', ['-f', 'csv', '-m', 'FILE', query], 'books.beancount', file);
  if (run.code !== 0 || run.err !== '') throw new Error(run.err);
  const [head = '', ...rows] = run.out.trimEnd().split(/\r?\n/);
  const codes = head
    .split(',')
    .slice(1)
    .map((column) => /\((\w{3})\)/.exec(column)?.[1] ?? 'XXX');
  return withoutZeros(
    rows.flatMap((row) => {
      const [account = '', ...totals] = row.split(',').map((cell) => cell.trim());
      return codes.flatMap((code, index) => {
        const total = totals[index] ?? '';
        return total === '' ? [] : [[`${account} ${code}`, minor(total, code)] as const];
      });
    }),
  );
}
