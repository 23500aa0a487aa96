/**
 * The whole story of one event, from the signed bytes to the receipts of its targets, each step with its time and one
 * sentence that a finance person understands. Pure: everything it tells of is passed in.
 */
import { z } from 'zod';
import type { EpochMs } from '../canonical/ids.ts';
import type { LogLine } from '../durable-objects/customer-lane/protocol.ts';
import { OWN_SOURCE } from '../sources/ledgergate/index.ts';
import type { TrustTier } from '../verification/verification.ts';
import type { CorrectionsView } from './correction-reads.ts';
import type { ApprovalRow } from './period-reads.ts';
import {
  amountText,
  type EntryView,
  type EventRow,
  type ExceptionView,
  entryView,
  eventView,
  exceptionView,
  factsOf,
  iso,
  type PostingView,
  planOf,
  postingView,
  type StoredPlan,
  viewEvent,
} from './views.ts';

export const timelineStep = z.object({
  at: z.string().nullable().describe('null: it has not happened yet'),
  step: z.enum([
    'received',
    'stored',
    'decided',
    'booked',
    'archived',
    'document',
    'approval',
    'posted',
    'exception',
    'resolved',
    'corrected',
  ]),
  sentence: z.string(),
});
export type TimelineStep = z.infer<typeof timelineStep>;

export const timelineView = z.object({
  where: z.enum(['ledger', 'lane']).describe('lane: accepted, and not in the books yet'),
  event: eventView.partial({
    outcome: true,
    note: true,
    facts: true,
    decidedAt: true,
    archive: true,
    configVersion: true,
  }),
  receipt: z.object({
    receivedAt: z.string(),
    trust: z.string(),
    bodyHash: z.string().describe('SHA-256 of the signed bytes'),
    archive: z.string().nullable().describe('<object>#<line> in the archive; null: only the lane holds the bytes'),
  }),
  steps: z.array(timelineStep),
  facts: z.array(z.looseObject({ kind: z.string() })),
  entries: z.array(entryView),
  documents: z.array(z.looseObject({ kind: z.string(), key: z.string() })),
  targets: z.array(
    z.object({
      target: z.string(),
      notBefore: z.string(),
      approval: z.string().nullable().describe('what a second person is asked; its requests are `<approval>/1` …'),
    }),
  ),
  summaries: z.array(z.string()).describe('targets that take its entries with the summary of their window'),
  postings: z.array(postingView),
  exceptions: z.array(exceptionView),
});
export type Timeline = z.infer<typeof timelineView>;

export interface TimelineRecord {
  readonly event: EventRow;
  readonly entries: readonly EntryView[];
  readonly postings: readonly PostingView[];
  readonly exceptions: readonly ExceptionView[];
  readonly approvals: readonly ApprovalRow[];
  /** By entry id. */
  readonly corrections: ReadonlyMap<string, CorrectionsView>;
}

const proofs: Readonly<Record<TrustTier, string>> = {
  signed: "the sender's signature over the very bytes was verified",
  authenticated: 'whoever brought it proved who they are, but the bytes are not signed',
  addressed: 'only knowledge of the secret address vouches for the sender',
};
const proofOf = (trust: string): string =>
  Object.hasOwn(proofs, trust) ? proofs[trust as TrustTier] : `proof of origin: ${trust}`;

/** `a`, `a and b`, `a, b and c`. */
const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

/** Ends a text as a sentence. */
const sentence = (text: string): string => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);

function receivedSteps(
  event: Pick<EventRow, 'source' | 'type' | 'eventId' | 'occurredAt' | 'receivedAt' | 'trust' | 'lane' | 'seq'>,
): TimelineStep[] {
  const at = iso(event.receivedAt);
  const own = event.source === OWN_SOURCE;
  const origin = own
    ? `The gateway itself told ${event.type} (${event.eventId}), by its clock or for a person: see /audit.`
    : `Source ${event.source} announced ${event.type} (${event.eventId}), which happened at ${iso(event.occurredAt)}; ${proofOf(event.trust)}.`;
  const stored = `Stored as number ${event.seq} of lane ${event.lane}`;
  return [
    { at, step: 'received', sentence: origin },
    { at, step: 'stored', sentence: own ? `${stored}.` : `${stored}, before the sender was answered.` },
  ];
}

function decidedStep(event: EventRow): TimelineStep {
  const note = event.note === null ? '' : event.note;
  const order =
    event.position === null || event.position === event.seq
      ? ''
      : ` It was accepted as number ${event.seq}: the order applied is not the order accepted, because an event waited for what it needed.`;
  const at = iso(event.decidedAt);
  const facts = factsOf(event).map((fact) => fact.kind);
  const read = facts.length === 0 ? '' : ` It says: ${listed(facts)}.`;
  switch (event.outcome) {
    case 'booked':
      return {
        at,
        step: 'decided',
        sentence: `Applied as number ${event.position} of the lane under config version ${event.configVersion}.${read}${order}${note === '' ? '' : ` ${sentence(note)}`}`,
      };
    case 'nothing':
      return {
        at,
        step: 'decided',
        sentence: `Applied without any effect on the books: ${sentence(note || 'it concerns no books')}${read}${order}`,
      };
    case 'waiting':
      return {
        at,
        step: 'decided',
        sentence: `Not booked yet; it ${sentence(note.replace(/^waits/, 'waits') || 'waits for what it needs')}${read}`,
      };
    case 'parked':
      return {
        at,
        step: 'decided',
        sentence: `Not booked; a person must decide. ${sentence(note || 'See the exception')}${read}`,
      };
    case 'quarantined':
      return {
        at,
        step: 'decided',
        sentence: `Authentic but not understood, so kept in quarantine: ${sentence(note || 'no reason recorded')}`,
      };
    default:
      return { at, step: 'decided', sentence: `Outcome: ${sentence(event.outcome)}` };
  }
}

function entryStep(entry: EntryView): TimelineStep {
  const at = entry.bookedAt;
  if (entry.lines.length === 0) {
    return {
      at,
      step: 'booked',
      sentence: `${sentence(entry.description)} Kept as a memo on ${entry.date}: no account moves.`,
    };
  }
  const side = (debit: boolean): string =>
    listed(
      entry.lines
        .filter((line) => (line.amount.amount === 0 ? line.base.amount > 0 : line.amount.amount > 0) === debit)
        .map((line) => {
          const shown = line.amount.amount === 0 ? line.base : line.amount;
          return `${line.account} ${line.role} ${amountText(Math.abs(shown.amount), shown.currency)}`;
        }),
    );
  return {
    at,
    step: 'booked',
    sentence: `${sentence(entry.description)} Booked on ${entry.date}: debit ${side(true)}; credit ${side(false)}.`,
  };
}

const wait = (notBefore: EpochMs, decidedAt: EpochMs): string =>
  notBefore > decidedAt ? `, not before ${iso(notBefore)}` : '';

/** What each target was asked for and has no answer to yet. */
function openDocumentSteps(record: TimelineRecord, plan: StoredPlan): TimelineStep[] {
  const answered = new Set(record.postings.map((posting) => `${posting.target} ${posting.key}`));
  const documents = plan.targets.flatMap(({ target, notBefore, approval }): TimelineStep[] => {
    const open = plan.documents.filter((document) => !answered.has(`${target} ${document.key}`));
    const first = approval === undefined ? '' : ', once it is approved';
    return open.map((document) => ({
      at: null,
      step: 'document',
      sentence: `To be posted to ${target}${first}${wait(notBefore, record.event.decidedAt)}: ${document.key}.`,
    }));
  });
  const summaries = plan.summaries.map(
    (target): TimelineStep => ({
      at: iso(record.event.decidedAt),
      step: 'document',
      sentence: `Goes to ${target} with the summary of its window.`,
    }),
  );
  return [...summaries, ...documents];
}

function approvalSteps(approval: ApprovalRow): TimelineStep[] {
  const stake =
    approval.amount === null || approval.currency === null
      ? ''
      : ` of ${amountText(approval.amount, approval.currency)}`;
  const asked: TimelineStep = {
    at: iso(approval.requestedAt),
    step: 'approval',
    sentence: `A second person is asked for a posting${stake} (${approval.rule}), by ${approval.requestedBy}, until ${iso(approval.expiresAt)}.`,
  };
  if (approval.decidedAt === null) return [asked];
  const why = approval.reason === null ? '' : `: ${approval.reason}`;
  const how = { approved: 'Approved', rejected: 'Rejected', expired: 'Expired, written down' }[approval.status];
  return [
    asked,
    {
      at: iso(approval.decidedAt),
      step: 'approval',
      sentence: sentence(`${how ?? approval.status} by ${approval.decidedBy ?? 'nobody'}${why}`),
    },
  ];
}

function correctionSteps({ id: entry, bookedAt }: EntryView, corrections: CorrectionsView | undefined): TimelineStep[] {
  const step = (at: string | null, text: string): TimelineStep => ({ at, step: 'corrected', sentence: text });
  const booked = (followUp: NonNullable<CorrectionsView['reversedBy']>) =>
    followUp.entry === null ? `event ${followUp.eventId}, which is not booked yet` : `entry ${followUp.entry}`;
  const { reversedBy = null, replacedBy = null, reverses = null, standsInFor = null } = corrections ?? {};
  return [
    ...(reversedBy === null
      ? []
      : [step(reversedBy.bookedAt, `Entry ${entry} was reversed by ${booked(reversedBy)}.`)]),
    ...(replacedBy === null ? [] : [step(replacedBy.bookedAt, `In its place stands ${booked(replacedBy)}.`)]),
    ...(reverses === null ? [] : [step(bookedAt, `Entry ${entry} reverses entry ${reverses}.`)]),
    ...(standsInFor === null ? [] : [step(bookedAt, `Entry ${entry} stands in for entry ${standsInFor}.`)]),
  ];
}

function postingStep(posting: PostingView): TimelineStep {
  const what = posting.key;
  const tries = posting.attempts > 1 ? ` after ${posting.attempts} attempts` : '';
  const why = posting.message === null ? '' : ` ${sentence(posting.message)}`;
  return { at: posting.updatedAt, step: 'posted', sentence: postingSentence(posting, what, tries, why) };
}

function postingSentence(posting: PostingView, what: string, tries: string, why: string): string {
  const { target } = posting;
  switch (posting.outcome) {
    case 'applied': {
      const name = [posting.remoteName, posting.remoteId].filter((part) => part !== null);
      const as = name.length === 0 ? '' : ` as ${name[0]}${name.length > 1 ? ` (${name[1]})` : ''}`;
      const dated = posting.remoteDate === null ? '' : `, dated ${posting.remoteDate}`;
      const differences = posting.differences.map((d) => `${d.field} was sent as ${d.sent} and is ${d.found}`);
      const warning =
        differences.length === 0 ? ' Read back as sent.' : ` Read back with differences: ${listed(differences)}.`;
      return `Target ${target} holds ${what}${as}${dated}${tries}.${warning}`;
    }
    case 'rejected':
      return `Target ${target} refused ${what}${tries}.${why}`;
    case 'uncertain':
      return `It is not known whether ${what} reached ${target}${tries}; it is looked up before anything is sent again.${why}`;
    case 'blocked':
      return `${what} is held back from ${target}: something it depends on is not there.${why}`;
    case 'skipped':
      return posting.message === null
        ? `${what} is not for ${target}.`
        : `${what} is not posted to ${target}: ${sentence(posting.message)}`;
    default:
      return `${what} has not reached ${target} yet${tries}.${why}`;
  }
}

function exceptionSteps(exception: ExceptionView): TimelineStep[] {
  const stake = exception.atStake === null ? '' : ` (${exception.atStake.text} at stake)`;
  const opened: TimelineStep = {
    at: exception.openedAt,
    step: 'exception',
    sentence: `A person must decide${stake}: ${sentence(exception.message)} To do: ${sentence(exception.remedy)}`,
  };
  if (exception.resolvedAt === null) return [opened];
  const how = exception.resolution === null ? '' : `: ${exception.resolution}`;
  return [
    opened,
    {
      at: exception.resolvedAt,
      step: 'resolved',
      sentence: sentence(`Exception ${exception.cause} was resolved${how}`),
    },
  ];
}

/** As the event's documents stand in its plan: a customer before the invoice that names it. */
function inPlanOrder(postings: readonly PostingView[], plan: StoredPlan): PostingView[] {
  const place = new Map(plan.documents.map((document, index) => [document.key, index]));
  return postings.toSorted((a, b) => (place.get(a.key) ?? 0) - (place.get(b.key) ?? 0));
}

/** In the order things happened; what has not happened yet comes last. */
const byTime = (a: TimelineStep, b: TimelineStep): number =>
  a.at === b.at ? 0 : a.at === null ? 1 : b.at === null ? -1 : a.at < b.at ? -1 : 1;

/** The timeline of an event that the ledger stage has looked at. */
export function tellTimeline(record: TimelineRecord): Timeline {
  const { event } = record;
  const plan = planOf(event);
  const steps: TimelineStep[] = [
    ...receivedSteps(event),
    decidedStep(event),
    ...record.entries.map(entryStep),
    ...(event.archive === null
      ? []
      : [
          {
            at: iso(event.decidedAt),
            step: 'archived' as const,
            sentence: `The raw bytes are in the archive at ${event.archive}.`,
          },
        ]),
    ...record.approvals.flatMap(approvalSteps),
    ...inPlanOrder(record.postings, plan).map(postingStep),
    ...openDocumentSteps(record, plan),
    ...record.exceptions.flatMap(exceptionSteps),
    ...record.entries.flatMap((entry) => correctionSteps(entry, record.corrections.get(entry.id))),
  ];
  return {
    where: 'ledger',
    event: viewEvent(event),
    receipt: {
      receivedAt: iso(event.receivedAt),
      trust: event.trust,
      bodyHash: event.bodyHash,
      archive: event.archive,
    },
    steps: steps.sort(byTime),
    facts: factsOf(event),
    entries: [...record.entries],
    documents: plan.documents,
    targets: plan.targets.map(({ target, notBefore, approval }) => ({
      target,
      notBefore: iso(notBefore),
      approval: approval ?? null,
    })),
    summaries: plan.summaries,
    postings: [...record.postings],
    exceptions: [...record.exceptions],
  };
}

/** The timeline of an event that only its lane knows so far. */
export function tellLaneTimeline(lane: string, line: LogLine): Timeline {
  const state =
    line.state === 'held' && line.held !== null
      ? `It is held in the lane (${line.held.kind}).`
      : line.state === 'skipped'
        ? 'An operator skipped it.'
        : 'The ledger has not looked at it yet.';
  return {
    where: 'lane',
    event: {
      source: line.source,
      id: line.eventId,
      type: line.type,
      lane,
      seq: line.seq,
      position: line.latePosition,
      trust: line.trust,
      occurredAt: iso(line.occurredAt),
      receivedAt: iso(line.receivedAt),
      bodyHash: line.bodyHash,
    },
    receipt: { receivedAt: iso(line.receivedAt), trust: line.trust, bodyHash: line.bodyHash, archive: null },
    steps: [...receivedSteps({ ...line, lane }), { at: null, step: 'decided', sentence: state }],
    facts: [],
    entries: [],
    documents: [],
    targets: [],
    summaries: [],
    postings: [],
    exceptions: [],
  };
}
