/** Does it add up? Pure: what was sent and answered against what the books say. Each check has a word for people. */
import type { BookedEvent, OdooSummary, OpenException, TrialBalance } from './operator.ts';
import type { Answer } from './send.ts';

export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Evidence {
  readonly answers: readonly Answer[];
  readonly events: readonly BookedEvent[];
  readonly exceptions: readonly OpenException[];
  readonly trialBalance: TrialBalance;
  readonly odoo: OdooSummary;
}

/** Outcomes of an event that is in the books: with entries, or rightly without. */
const settled = new Set(['booked', 'nothing']);

export interface Account {
  /** Distinct events that were acknowledged. */
  readonly acknowledged: number;
  readonly inBooks: number;
  /** On a list that a person sees. */
  readonly onLists: number;
  readonly missing: readonly string[];
}

/** The promise in numbers: every acknowledged event is in the books, or on a list. */
export function accountFor({ answers, events, exceptions }: Evidence): Account {
  const acknowledged = new Set(
    answers.flatMap((answer) => answer.events.map((event) => `${answer.delivery.source} ${event.id}`)),
  );
  const outcomes = new Map(events.map((event) => [`${event.source} ${event.id}`, event]));
  const all = [...acknowledged];
  const inBooks = all.filter((key) => settled.has(outcomes.get(key)?.outcome ?? ''));
  const listed = all.filter((key) => {
    const outcome = outcomes.get(key)?.outcome;
    return outcome === 'quarantined' || ((outcome === 'parked' || outcome === 'waiting') && exceptions.length > 0);
  });
  const found = new Set([...inBooks, ...listed]);
  return {
    acknowledged: acknowledged.size,
    inBooks: inBooks.length,
    onLists: listed.length,
    missing: all.filter((key) => !found.has(key)),
  };
}

export const doubledInOdoo = ({ duplicates }: OdooSummary): number =>
  duplicates.ref.length + duplicates.partnerRef.length + duplicates.key.length;

/** The ledger's closing per account in the entity's currency against Odoo's, where they differ. */
export function differencesWithOdoo(trialBalance: TrialBalance, odoo: OdooSummary): readonly string[] {
  const ours = new Map<string, number>();
  for (const row of trialBalance.accounts) ours.set(row.account, (ours.get(row.account) ?? 0) + row.baseClosing.amount);
  const theirs = new Map<string, number>();
  for (const row of odoo.trialBalance) theirs.set(row.account, (theirs.get(row.account) ?? 0) + row.balance);
  return [...new Set([...ours.keys(), ...theirs.keys()])]
    .sort()
    .filter((account) => (ours.get(account) ?? 0) !== (theirs.get(account) ?? 0))
    .map((account) => `${account}: ledger ${ours.get(account) ?? 0}, Odoo ${theirs.get(account) ?? 0}`);
}

export function findings(evidence: Evidence): readonly Finding[] {
  const { answers, trialBalance, odoo } = evidence;
  const account = accountFor(evidence);
  const unexpected = answers.filter((answer) => !asExpected(answer));
  const doubled = doubledInOdoo(odoo);
  const apart = differencesWithOdoo(trialBalance, odoo);
  return [
    {
      what: 'every delivery was answered as it should be',
      ok: unexpected.length === 0,
      detail: unexpected
        .slice(0, 5)
        .map(
          ({ delivery, status, http }) =>
            `${delivery.source} ${delivery.eventIds[0] ?? ''}: ${status} (${http ?? 'no answer'}) instead of ${delivery.expect}`,
        )
        .join('; '),
    },
    {
      what: 'acknowledged = in the books + on a list',
      ok: account.missing.length === 0,
      detail: `${account.acknowledged} = ${account.inBooks} + ${account.onLists}${account.missing.length === 0 ? '' : `; missing: ${account.missing.slice(0, 5).join(', ')}`}`,
    },
    { what: 'Odoo has each document once', ok: doubled === 0, detail: doubled === 0 ? '' : `${doubled} doubled` },
    { what: 'Odoo and the ledger agree', ok: apart.length === 0, detail: apart.slice(0, 8).join('; ') },
    { what: 'books balance', ok: trialBalance.balanced && trialBalance.accounts.length > 0, detail: '' },
  ];
}

/** A repeated demo, or a retry of a delivery whose answer got lost, is rightly a duplicate. */
function asExpected({ delivery, status }: Answer): boolean {
  switch (delivery.expect) {
    case 'rejected':
      return status === 'refused';
    case 'accepted':
    case 'quarantined':
      return status === delivery.expect || status === 'duplicate';
    case 'duplicate':
      return status === 'duplicate' || delivery.source === 'salesforce';
  }
}
