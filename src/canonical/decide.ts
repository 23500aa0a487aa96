/**
 * From facts to books. `decide` is the whole of the accounting: pure, deterministic, no clock, no binding. The rules are
 * in rules/, one file per fact family; docs/accounting.md explains them to an accountant.
 */
import type { Decision, EntityBooks, ExceptionDraft, ObjectLookup } from './decision.ts';
import type { TargetDocument } from './documents.ts';
import type { DraftEntry } from './entry.ts';
import type { CanonicalEvent } from './events.ts';
import type { ObjectKey } from './ids.ts';
import { type ObjectState, settlementKey } from './objects.ts';
import { unreachable } from './result.ts';
import { creditNoteIssued, creditNoteVoided } from './rules/credit-note.ts';
import { customerUpserted } from './rules/customer.ts';
import { contractActivated, dealWon } from './rules/deal.ts';
import { disputeOpened, disputeStep } from './rules/dispute.ts';
import { balanceAdjusted, processorFee } from './rules/fee.ts';
import { invoiceIssued } from './rules/invoice-issued.ts';
import { journalPosted, journalSummarised } from './rules/journal.ts';
import { paymentApplied } from './rules/payment-applied.ts';
import { paymentCaptured } from './rules/payment-captured.ts';
import { paymentExternal, paymentFailed } from './rules/payment-external.ts';
import { payoutReturned, payoutSent } from './rules/payout.ts';
import { productUpserted } from './rules/product.ts';
import { revenueRecognized } from './rules/recognition.ts';
import { refundPaid, refundReversed } from './rules/refund.ts';
import { nothing, type RuleContext, refuse, waitFor, withObjects } from './rules/rule.ts';
import { subscriptionChanged } from './rules/subscription.ts';
import { invoiceVoided } from './rules/void.ts';
import { invoiceWrittenOff } from './rules/write-off.ts';
import { elsewhere } from './system-of-record.ts';
import { type Ruled, validate } from './validation.ts';

const present = (keys: readonly (ObjectKey | null)[]): ObjectKey[] => keys.filter((key) => key !== null);

function objectsOfFact(fact: CanonicalEvent): ObjectKey[] {
  switch (fact.kind) {
    case 'customer.upserted':
      return [fact.customer, ...elsewhere(fact)];
    case 'product.upserted':
      return [fact.product];
    case 'invoice.issued':
      return present([fact.invoice, fact.customer, ...fact.lines.map((line) => line.product)]);
    case 'payment.captured':
    case 'payment.failed':
      return present([fact.payment, settlementKey(fact.payment), fact.invoice, fact.customer]);
    case 'payment.applied':
    case 'payment.external':
      return present([fact.payment, fact.invoice, fact.customer]);
    case 'credit_note.issued':
    case 'credit_note.voided':
      return [fact.creditNote, fact.invoice, fact.customer];
    case 'refund.paid':
      return present([fact.refund, fact.payment, fact.invoice, fact.customer, fact.creditNote]);
    case 'refund.reversed':
      return present([fact.refund, fact.payment, fact.customer]);
    case 'dispute.opened':
    case 'dispute.withdrawn':
    case 'dispute.won':
    case 'dispute.lost':
      return present([fact.dispute, fact.payment, fact.customer]);
    case 'payout.sent':
      return [fact.payout, ...(fact.transactions ?? []).flatMap(({ payment }) => [payment, settlementKey(payment)])];
    case 'payout.returned':
      return [fact.payout];
    case 'processor.fee':
      return [fact.fee];
    case 'balance.adjusted':
      return [fact.adjustment];
    case 'invoice.voided':
    case 'invoice.written_off':
      return [fact.invoice, fact.customer];
    case 'subscription.changed':
      return [fact.subscription, fact.customer];
    case 'deal.won':
      return present([fact.deal, fact.customer]);
    case 'contract.activated':
      return present([fact.contract, fact.customer]);
    case 'revenue.recognized':
      return [fact.recognition];
    case 'journal.posted':
      return present([fact.journal, ...fact.lines.map((line) => line.customer)]);
    case 'journal.summarised':
      return [fact.summary];
    default:
      return unreachable(fact);
  }
}

/**
 * Every object whose state `decide` may look up for these facts. The caller loads them, and the objects each of them
 * lists in `related`, one level deep, before it decides.
 */
export const objectsOf = (facts: readonly CanonicalEvent[]): readonly ObjectKey[] => [
  ...new Set(facts.flatMap((fact) => [...objectsOfFact(fact), ...fact.requires])),
];

function decideOne(fact: CanonicalEvent, context: RuleContext): Decision {
  switch (fact.kind) {
    case 'customer.upserted':
      return customerUpserted(fact, context);
    case 'product.upserted':
      return productUpserted(fact, context);
    case 'invoice.issued':
      return invoiceIssued(fact, context);
    case 'payment.captured':
      return paymentCaptured(fact, context);
    case 'payment.applied':
      return paymentApplied(fact, context);
    case 'payment.external':
      return paymentExternal(fact, context);
    case 'payment.failed':
      return paymentFailed(fact, context);
    case 'credit_note.issued':
      return creditNoteIssued(fact, context);
    case 'credit_note.voided':
      return creditNoteVoided(fact, context);
    case 'refund.paid':
      return refundPaid(fact, context);
    case 'refund.reversed':
      return refundReversed(fact, context);
    case 'dispute.opened':
      return disputeOpened(fact, context);
    case 'dispute.withdrawn':
    case 'dispute.won':
    case 'dispute.lost':
      return disputeStep(fact, context);
    case 'payout.sent':
      return payoutSent(fact, context);
    case 'payout.returned':
      return payoutReturned(fact, context);
    case 'processor.fee':
      return processorFee(fact, context);
    case 'balance.adjusted':
      return balanceAdjusted(fact, context);
    case 'invoice.voided':
      return invoiceVoided(fact, context);
    case 'invoice.written_off':
      return invoiceWrittenOff(fact, context);
    case 'subscription.changed':
      return subscriptionChanged(fact, context);
    case 'deal.won':
      return dealWon(fact, context);
    case 'contract.activated':
      return contractActivated(fact, context);
    case 'revenue.recognized':
      return revenueRecognized(fact, context);
    case 'journal.posted':
      return journalPosted(fact, context);
    case 'journal.summarised':
      return journalSummarised(fact, context);
    default:
      return unreachable(fact);
  }
}

/** What the facts decided so far have come to. */
class Tally {
  readonly entries: DraftEntry[] = [];
  readonly documents: TargetDocument[] = [];
  readonly notices: ExceptionDraft[] = [];
  readonly notes: string[] = [];
  readonly objects = new Map<ObjectKey, ObjectState>();
  firstNothing: Extract<Decision, { outcome: 'nothing' }> | null = null;
  anyBooked = false;

  add(decision: Extract<Decision, { outcome: 'booked' | 'nothing' }>): void {
    if (decision.outcome === 'nothing') {
      this.firstNothing ??= decision;
      return;
    }
    this.anyBooked = true;
    this.entries.push(...decision.entries);
    this.documents.push(...decision.documents);
    this.notices.push(...decision.notices);
    if (typeof decision.note === 'string') this.notes.push(decision.note);
    for (const state of decision.objects) this.objects.set(state.key, state);
  }

  decision(): Decision {
    if (!this.anyBooked) return this.firstNothing ?? nothing('no_effect', 'It concerns no books.');
    const { entries, documents, notices } = this;
    const note = this.notes.length === 0 ? null : this.notes.join('; ');
    return { outcome: 'booked', entries, documents, notices, objects: [...this.objects.values()], note };
  }
}

function ruled(decision: Exclude<Decision, { outcome: 'nothing' }>): Ruled {
  switch (decision.outcome) {
    case 'booked':
      return 'booked';
    case 'wait':
      return 'waits';
    case 'exception':
      return { refused: decision.exception };
    default:
      return unreachable(decision);
  }
}

/**
 * Decides all facts of one source event together, all or nothing; later facts see what earlier ones changed.
 *
 * Promises: every entry balances per currency and in base; the same facts on the same books give the same decision; a
 * fact that is in the books already adds nothing; facts that respect their `requires` lead to the same balances in any
 * order (docs/accounting.md says which). Does not promise: to see what another lane decides at the same moment.
 * @throws on a bug only (an entry that would not balance, objects that were not loaded).
 */
export function decide(
  facts: readonly CanonicalEvent[],
  context: { readonly books: EntityBooks; readonly objects: ObjectLookup },
): Decision {
  const tally = new Tally();
  for (const fact of facts) {
    const current = withObjects(context, [...tally.objects.values()]);
    const missing = fact.requires.filter((key) => current.objects(key) === null);
    const decision = missing.length > 0 ? waitFor(...missing) : decideOne(fact, current);
    const failed = decision.outcome === 'nothing' ? null : validate(fact, current, ruled(decision));
    if (failed !== null) return refuse(failed);
    if (decision.outcome === 'wait' || decision.outcome === 'exception') return decision;
    tally.add(decision);
  }
  return tally.decision();
}
