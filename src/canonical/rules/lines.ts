/** Lines on their way to a journal entry: by role first, by account once the tenant's chart has been asked. */
import { type AccountRole, accountFor, type ChartOfAccounts } from '../accounts.ts';
import type { DeferralSlice, DraftEntry, JournalLine } from '../entry.ts';
import { imbalances } from '../entry.ts';
import type { IsoDate, ObjectKey, PostingKey } from '../ids.ts';
import { type Currency, type MinorUnits, minorUnits, negate } from '../money.ts';
import { err, ok } from '../result.ts';
import { type OrException, problem, type RuleContext } from './rule.ts';

/** A line of an entry, with the target document whose receivable it settles. */
export interface Line extends JournalLine {
  readonly settles: PostingKey | null;
}

/** A line by role; `account` is set when an object remembers where it was booked. */
export interface LineDraft {
  readonly role: AccountRole;
  readonly qualifier: string;
  readonly account?: string | null;
  readonly currency: Currency;
  readonly amount: number;
  readonly base: number;
  readonly customer?: ObjectKey | null;
  readonly tax?: string | null;
  readonly memo?: string | null;
  readonly item?: ObjectKey;
  readonly settles?: PostingKey | null;
}

export function accountOf(
  chart: ChartOfAccounts,
  role: AccountRole,
  qualifier: string,
  object: ObjectKey,
): OrException<string> {
  const found = accountFor(chart, role, qualifier);
  if (found.ok) return found;
  return err(
    problem('account_not_mapped', object, {
      message: `No account is mapped for ${role} (${qualifier}).`,
      remedy: `Map accounts.${role} for ${qualifier} or its default in the tenant's config, then retry.`,
      stake: null,
    }),
  );
}

export function resolve(
  chart: ChartOfAccounts,
  drafts: readonly LineDraft[],
  object: ObjectKey,
): OrException<readonly Line[]> {
  const lines: Line[] = [];
  for (const draft of drafts) {
    if (draft.amount === 0 && draft.base === 0) continue;
    const account = draft.account ? ok(draft.account) : accountOf(chart, draft.role, draft.qualifier, object);
    if (!account.ok) {
      const stake = { amount: minorUnits(Math.abs(draft.amount)), currency: draft.currency };
      return err({ ...account.error, ...stake });
    }
    lines.push({
      role: draft.role,
      account: account.value,
      currency: draft.currency,
      amount: minorUnits(draft.amount),
      base: minorUnits(draft.base),
      customer: draft.customer ?? null,
      tax: draft.tax ?? null,
      memo: draft.memo ?? null,
      ...(draft.item === undefined ? {} : { item: draft.item }),
      settles: draft.settles ?? null,
    });
  }
  return ok(merge(lines));
}

const sameLine = (line: Line) =>
  JSON.stringify([line.role, line.account, line.currency, line.customer, line.tax, line.memo, line.item, line.settles]);

/** One line per account, currency, customer, tax code and open item, in first-come order; what nets to nothing is left out. */
export function merge(lines: readonly Line[]): Line[] {
  const merged = new Map<string, Line>();
  for (const line of lines) {
    const key = sameLine(line);
    const before = merged.get(key);
    merged.set(key, before === undefined ? line : plus(before, line.amount, line.base));
  }
  return [...merged.values()].filter((line) => line.amount !== 0 || line.base !== 0);
}

export const plus = <L extends JournalLine>(line: L, amount: number, base: number): L => ({
  ...line,
  amount: minorUnits(line.amount + amount),
  base: minorUnits(line.base + base),
});

export const reversed = <L extends JournalLine>(lines: readonly L[]): L[] =>
  lines.map((line) => ({ ...line, amount: negate(line.amount), base: negate(line.base) }));

export const baseSum = (lines: readonly { readonly base: number }[]): MinorUnits =>
  minorUnits(lines.reduce((sum, line) => sum + line.base, 0));

/** Accounts whose base must stay what the sub-ledger says; rounding never lands there. */
const exactRoles: ReadonlySet<AccountRole> = new Set([
  'receivable',
  'deferredRevenue',
  'clearing',
  'fxConversion',
  'disputesReceivable',
]);

/**
 * Puts the rounding of base amounts on the one largest line that may carry it; where none may, on a line of exchange
 * difference of its own.
 */
export function absorbRounding(
  context: RuleContext,
  lines: readonly Line[],
  object: ObjectKey,
): OrException<readonly Line[]> {
  const residue = baseSum(lines);
  if (residue === 0) return ok(lines);
  let largest: Line | null = null;
  for (const line of lines) {
    if (exactRoles.has(line.role)) continue;
    if (largest === null || Math.abs(line.base) > Math.abs(largest.base)) largest = line;
  }
  const carrier = largest;
  if (carrier !== null) return ok(lines.map((line) => (line === carrier ? plus(line, 0, -residue) : line)));
  const presentment = lines[0]?.currency ?? context.books.currency;
  const { accounts, currency } = context.books;
  const own = resolve(
    accounts,
    exchangeDifference(
      lines.map((line) => ({ ...line, qualifier: line.currency })),
      currency,
      presentment,
    ),
    object,
  );
  return own.ok ? ok([...lines, ...own.value]) : own;
}

/**
 * The realised exchange difference: amount 0, the base that is missing to balance.
 * @throws when the lines are all in the entity's currency, where nothing can be missing: that is a bug.
 */
export function exchangeDifference(lines: readonly LineDraft[], base: Currency, presentment: Currency): LineDraft[] {
  const residue = baseSum(lines);
  if (residue === 0) return [];
  if (lines.every((line) => line.currency === base))
    throw new Error(`base amounts of one currency differ by ${residue}`);
  const foreign = presentment === base ? (lines.find((line) => line.currency !== base)?.currency ?? base) : presentment;
  return [{ role: 'fxGainLoss', qualifier: foreign, currency: foreign, amount: 0, base: -residue }];
}

export interface EntryHead {
  readonly kind: DraftEntry['kind'];
  readonly entity: string;
  readonly baseCurrency: Currency;
  readonly date: IsoDate;
  readonly object: ObjectKey;
  readonly description: string;
}

/** An open item is named where it is not the entry's own object. */
function entryLine(object: ObjectKey, { settles: _, item, ...line }: Line): JournalLine {
  return item === undefined || item === object ? line : { ...line, item };
}

/** @throws if the lines do not balance per currency and in base: a rule is wrong, and nothing may be booked. */
export function entryOf(head: EntryHead, lines: readonly Line[], deferrals: readonly DeferralSlice[] = []): DraftEntry {
  const off = imbalances(lines);
  if (off.length > 0) throw new Error(`${head.kind} of ${head.object} does not balance: ${JSON.stringify(off)}`);
  return { ...head, lines: lines.map((line) => entryLine(head.object, line)), deferrals };
}
