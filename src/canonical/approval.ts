/**
 * Which postings a second person looks at first. Pure: what an event moves is compared with the tenant's thresholds, in
 * integers and without converting anything.
 */

import type { TargetDocument } from './documents.ts';
import type { DraftEntry } from './entry.ts';
import type { CanonicalEvent, CanonicalKind } from './events.ts';
import { type Currency, type MinorUnits, type Money, minorUnits } from './money.ts';

export interface ApprovalRule {
  readonly concerns: (kind: CanonicalKind) => boolean;
  /** Null: any. */
  readonly entity: string | null;
  /** An account role or an account's code: only what moves there counts. Null: all of an entry's debits. */
  readonly account: string | null;
  readonly target: string | null;
  /** What moves more than this waits. In the entity's currency everything counts, in another one what is in that currency. */
  readonly over: Money;
  readonly expiresAfterMs: number;
  /** As the config says it. */
  readonly words: string;
}

export interface ApprovalNeed {
  readonly rule: ApprovalRule;
  readonly stake: Money;
}

/** What an event would have posted to one target. */
export interface PostingInQuestion {
  readonly facts: readonly CanonicalEvent[];
  readonly entity: string;
  readonly baseCurrency: Currency;
  readonly target: string;
  readonly entries: readonly DraftEntry[];
  readonly documents: readonly TargetDocument[];
}

interface MovedLine {
  readonly role: string | null;
  readonly account: string;
  readonly currency: Currency;
  readonly amount: MinorUnits;
  readonly base: MinorUnits;
}

/** Lines by the object they are about: parts of one journal are judged together, an invoice and its payment apart. */
function movedBy({ entries, documents }: PostingInQuestion): MovedLine[][] {
  const byObject = new Map<string, MovedLine[]>();
  const move = (object: string, lines: readonly MovedLine[]) =>
    byObject.set(object, [...(byObject.get(object) ?? []), ...lines]);
  for (const { object, lines } of entries) move(object, lines);
  // A summary has no entry of its own: the books have what it says already.
  if (entries.length === 0) {
    for (const document of documents) {
      if (document.kind !== 'entry') continue;
      const lines = document.lines.map((line) => ({ ...line, role: null }));
      move(document.object.replace(/(\/\d{4}-\d{2}-\d{2})\/\d+$/, '$1'), lines);
    }
  }
  return [...byObject.values()];
}

/** The larger side of the lines, in `over`'s currency: in base where that is the entity's, else of the lines in it. */
function moved(lines: readonly MovedLine[], rule: ApprovalRule, baseCurrency: Currency): number {
  const inBase = rule.over.currency === baseCurrency;
  let debit = 0;
  let credit = 0;
  for (const line of lines) {
    if (rule.account !== null && line.role !== rule.account && line.account !== rule.account) continue;
    if (!inBase && line.currency !== rule.over.currency) continue;
    const amount = inBase ? line.base : line.amount;
    if (amount > 0) debit += amount;
    else credit -= amount;
  }
  return Math.max(debit, credit);
}

/** The first rule that asks for a second person, with the amount it is about; null: nobody has to be asked. */
export function approvalNeeded(rules: readonly ApprovalRule[], question: PostingInQuestion): ApprovalNeed | null {
  const { facts, entity, target, baseCurrency } = question;
  for (const rule of rules) {
    if (rule.entity !== null && rule.entity !== entity) continue;
    if (rule.target !== null && rule.target !== target) continue;
    if (!facts.some((fact) => rule.concerns(fact.kind))) continue;
    const most = Math.max(0, ...movedBy(question).map((lines) => moved(lines, rule, baseCurrency)));
    if (most > rule.over.amount) {
      return { rule, stake: { amount: minorUnits(most), currency: rule.over.currency } };
    }
  }
  return null;
}
