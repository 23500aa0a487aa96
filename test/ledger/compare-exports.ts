/**
 * `node scripts/run.mjs test/ledger/compare-exports.ts hledger|beancount`: the running gateway's demo books under an outside
 * eye. The tool must accept the export strictly and come to the gateway's own trial balance to the minor unit, for the whole
 * and for a span with opening balances. The exit code is 0 only then.
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { readDemoFile, stateDirectory } from '../../scripts/runtime/credentials.ts';
import { accountSegment } from '../../src/ledger/accounts-by-code.ts';
import { type Balances, beancountBalances, hledgerBalances, tool } from './outside-eyes.ts';

const format = z.enum(['hledger', 'beancount']).parse(process.argv[2]);
const demo = readDemoFile(stateDirectory(`${import.meta.dirname}/../..`));

const amount = z.object({ amount: z.int(), currency: z.string() });
const trialBalance = z.object({
  baseCurrency: z.string().nullable(),
  accounts: z.array(z.object({ account: z.string(), currency: z.string(), closing: amount, baseClosing: amount })),
});

async function ask(path: string): Promise<string> {
  const response = await fetch(`${demo.gateway}/api/v1/ledger/${path}&tenant=demo`, {
    headers: { authorization: `Bearer ${demo.operatorToken}` },
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${text.slice(0, 300)}`);
  return text;
}

const add = (sums: Record<string, number>, name: string, more: number) => {
  sums[name] = (sums[name] ?? 0) + more;
};
const nonzero = (sums: Record<string, number>): Balances =>
  Object.fromEntries(
    Object.entries(sums)
      .filter(([, sum]) => sum !== 0)
      .sort(),
  );

/** Tools name accounts by class, role and code; the code is what we know. */
const byCode = (found: Balances): Record<string, number> => {
  const sums: Record<string, number> = {};
  for (const [name, sum] of Object.entries(found)) add(sums, name.split(':').at(-1) ?? name, sum);
  return sums;
};

function differences(text: string, books: z.infer<typeof trialBalance>): string[] {
  const [atCost, foreign] = [{}, {}] as [Record<string, number>, Record<string, number>];
  for (const { account, currency, closing, baseClosing } of books.accounts) {
    add(atCost, `${accountSegment(account)} ${baseClosing.currency}`, baseClosing.amount);
    if (currency !== books.baseCurrency) add(foreign, `${accountSegment(account)} ${currency}`, closing.amount);
  }
  const balances = format === 'hledger' ? hledgerBalances : beancountBalances;
  const isForeign = ([name]: readonly [string, number]) => !name.endsWith(` ${books.baseCurrency}`);
  const theirs = nonzero(byCode(balances(text, true)));
  const theirForeign = nonzero(Object.fromEntries(Object.entries(byCode(balances(text, false))).filter(isForeign)));
  return [
    ...(isDeepStrictEqual(theirs, nonzero(atCost)) ? [] : [`at cost: ${JSON.stringify([nonzero(atCost), theirs])}`]),
    ...(isDeepStrictEqual(theirForeign, nonzero(foreign))
      ? []
      : [`foreign: ${JSON.stringify([foreign, theirForeign])}`]),
  ];
}

const check =
  format === 'hledger' ? (['hledger', ['-f', 'FILE', 'check', '-s']] as const) : (['bean-check', ['FILE']] as const);
const books = trialBalance.parse(JSON.parse(await ask('trial-balance?format=json')));
const months = trialBalance.parse(JSON.parse(await ask('trial-balance?asOf=9999-12-31')));
const wrong: string[] = isDeepStrictEqual(months.accounts, books.accounts)
  ? []
  : ['the trial balances by month and by day differ'];
if (books.accounts.length === 0) wrong.push('the books are empty');
for (const span of ['', '&from=2026-11-15']) {
  const text = await ask(`export?format=${format}${span}`);
  const { code, out, err } = tool(check[0], check[1], `books.${format}`, text);
  if (code !== 0 || out !== '' || err !== '') wrong.push(`not accepted${span}: ${out}${err}`.slice(0, 2000));
  else wrong.push(...differences(text, books).map((difference) => `${difference}${span}`));
}
for (const sentence of wrong) console.error(sentence);
if (wrong.length === 0) console.log(`${format} agrees on ${books.accounts.length} balances`);
process.exit(wrong.length === 0 ? 0 : 1);
