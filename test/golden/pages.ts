/** docs/accounting/: one page per golden case and an index by topic, written by `npm run generate`. */
import type { DraftEntry } from '../../src/canonical/entry.ts';
import { currency, formatMinor, minorUnits } from '../../src/canonical/money.ts';
import type { Balances, Family, GoldenCase } from './case.ts';
import { families } from './cases.ts';
import { accountNames, type accountOfLine, balancesOf, baseBalancesOf, deferredOf, play, type Step } from './run.ts';
import { wordsOf } from './words.ts';

export interface Page {
  /** Relative to docs/accounting. */
  readonly path: string;
  readonly text: string;
}

const written = '<!-- Written by `npm run generate` from test/golden/cases. Change the cases, not this page. -->';

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const cell = (text: string): string => text.replaceAll('|', '\\|');

function accountCell(line: Parameters<typeof accountOfLine>[0]): string {
  const [code, name] = accountNames[line.role];
  return line.role === 'tax' ? `${code} ${name}, ${line.tax ?? ''}` : `${code} ${name}`;
}

/** `| account | debit | credit | currency | base |`; what a realised difference has in its own currency is nothing. */
function entryTable(entry: DraftEntry): string[] {
  const base = (amount: number) => formatMinor(minorUnits(amount), entry.baseCurrency);
  return [
    `| account | debit | credit | currency | in ${entry.baseCurrency} |`,
    '|---|--:|--:|---|--:|',
    ...entry.lines.map((line) => {
      const amount = formatMinor(minorUnits(Math.abs(line.amount)), line.currency);
      const credit = line.amount < 0 || (line.amount === 0 && line.base < 0);
      const [debit, other] = credit ? ['', amount] : [amount, ''];
      return `| ${accountCell(line)} | ${debit} | ${other} | ${line.currency} | ${base(line.base)} |`;
    }),
  ];
}

const moves = (entry: DraftEntry): string[] => {
  if (entry.deferrals.length === 0) return [];
  const words = entry.deferrals.map(
    (slice) => `${slice.period.slice(0, 7)} ${formatMinor(slice.amount, slice.currency)}`,
  );
  return ['', `The schedule changes: ${words.join(', ')}.`];
};

function entryOf(entry: DraftEntry): string[] {
  const head = `**${entry.date}** · ${cell(entry.description)}`;
  if (entry.lines.length === 0) return ['', `${head} · an entry without lines`];
  return ['', head, '', ...entryTable(entry), ...moves(entry)];
}

function stepOf(step: Step, number: number, timeZone: string): string[] {
  const { told, facts, outcome, entries, messages } = step;
  return [
    '',
    `### ${number}. ${told.date} · ${told.by}: \`${told.type}\` ${told.about}`,
    '',
    ...facts.map((fact) => `- \`${fact.kind}\`: ${wordsOf(fact, { timeZone })}`),
    ...(facts.length === 0 ? [] : ['']),
    `${capital(outcome)}.`,
    ...messages.map((message) => `> ${message}`),
    ...entries.flatMap(entryOf),
  ];
}

const keyName = (account: string): string => {
  const role = (Object.keys(accountNames) as (keyof typeof accountNames)[]).find((each) => each === account);
  if (role !== undefined) return accountNames[role].join(' ');
  return `${accountNames.tax.join(' ')}, ${account.slice('tax '.length)}`;
};

function balanceTable(balances: Balances, base: Record<string, string>, code: string): string[] {
  const foreign = Object.keys(balances).some((each) => each !== code);
  const rows = Object.entries(balances).flatMap(([each, own]) =>
    Object.entries(own).map(([account, amount]) => `| ${keyName(account)} | ${amount} | ${each} |`),
  );
  if (rows.length === 0) return ['Every account is at zero.'];
  const inBase = Object.entries(base).map(([account, amount]) => `| ${keyName(account)} | ${amount} |`);
  return [
    '| account | balance | currency |',
    '|---|--:|---|',
    ...rows.sort(),
    ...(foreign ? ['', `In ${code}:`, '', '| account | balance |', '|---|--:|', ...inBase.sort()] : []),
  ];
}

function settings(it: GoldenCase): string[] {
  const said = [
    ...Object.entries(it.policy ?? {}).map(([name, value]) => `policy \`${name}: ${String(value)}\``),
    ...(it.base === undefined ? [] : [`books in ${it.base}`]),
    ...(it.timeZone === undefined ? [] : [`time zone ${it.timeZone}`]),
    ...(it.closedUntil === undefined ? [] : [`closed until ${it.closedUntil}`]),
    ...(it.rates ?? []).map((rate) => `1 ${rate.from} = ${rate.rate} ${rate.to} on ${rate.date}`),
  ];
  return said.length === 0 ? [] : ['', `Settings: ${said.join('; ')}.`];
}

/** What the rules make of the case; that it is what the case states is test/golden/golden.test.ts's to say. */
export function pageOf(it: GoldenCase, topic: string): Page {
  const { desk, steps } = play(it);
  const { timeZone, currency: code } = desk.books;
  const deferred = Object.entries(deferredOf(desk)).map(([month, amount]) => `| ${month} | ${amount} |`);
  const lines = [
    `# ${it.title}`,
    '',
    written,
    '',
    `[${topic}](../README.md)`,
    '',
    it.story,
    ...settings(it),
    '',
    '## What is told, and what it books',
    ...steps.flatMap((step, index) => stepOf(step, index + 1, timeZone)),
    '',
    '## The balances after',
    '',
    'Debit positive.',
    '',
    ...balanceTable(balancesOf(desk), baseBalancesOf(desk), currency(code)),
    ...(deferred.length === 0 ? [] : ['', 'Still deferred:', '', '| month | amount |', '|---|--:|', ...deferred]),
    ...(it.remarks === undefined ? [] : ['', '## Remarks', '', ...it.remarks.map((remark) => `- ${remark}`)]),
    '',
  ];
  return { path: `cases/${it.slug}.md`, text: lines.join('\n') };
}

const familyIndex = ({ topic, about, cases }: Family): string[] => [
  '',
  `## ${topic}`,
  '',
  about,
  '',
  ...cases.map((it) => `- [${it.title}](cases/${it.slug}.md)`),
];

function index(all: readonly Family[]): Page {
  const count = all.reduce((sum, family) => sum + family.cases.length, 0);
  const lines = [
    '# The rules by example',
    '',
    written,
    '',
    `${count} cases: what is told, which facts that is, the entries it books, and the balances after, each on a page of its own.`,
    'The balances were stated before the entries were made, and `npm test` compares them. The rules themselves, and why they',
    'are so: [../accounting.md](../accounting.md). Unless a page says otherwise the books are in euros, the entity is in Paris,',
    'and every policy has its default.',
    ...all.flatMap(familyIndex),
    '',
  ];
  return { path: 'README.md', text: lines.join('\n') };
}

export const goldenPages = (): readonly Page[] => [
  index(families),
  ...families.flatMap((family) => family.cases.map((it) => pageOf(it, family.topic))),
];
