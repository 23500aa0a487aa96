/** What must be so before a month is closed. Pure: the story's figures in, a list with what is missing and what to do out. */
import type { IsoDate } from '../canonical/ids.ts';

export const checklistCodes = [
  'month_over',
  'earlier_closed',
  'balanced',
  'exceptions',
  'held_events',
  'approvals',
  'documents',
  'windows',
  'recognition',
  'clearing',
] as const;
export type ChecklistCode = (typeof checklistCodes)[number];

export interface ChecklistItem {
  readonly code: ChecklistCode;
  readonly done: boolean;
  /** Whether a person may close in spite of it, with a reason. */
  readonly acceptable: boolean;
  /** What is missing, in a sentence; null when it is done. */
  readonly missing: string | null;
  readonly todo: string | null;
}

export interface MonthFigures {
  readonly today: IsoDate;
  readonly last: IsoDate;
  /** The month before that is still open though the books hold something of it or of one before; null: none. */
  readonly earlierOpen: string | null;
  readonly balanced: boolean;
  /** Unresolved things of the month, or of no known day. `more`: there are others than were counted. */
  readonly exceptions: Counted;
  readonly held: Counted;
  readonly approvals: Counted;
  readonly documents: Counted;
  /** Targets whose window has not taken the whole month. */
  readonly windows: readonly string[];
  readonly recognition: Counted;
  /** `517000 EUR: 12.00`. */
  readonly clearing: readonly string[];
}

export interface Counted {
  readonly count: number;
  readonly more: boolean;
}

const some = ({ count, more }: Counted, what: string): string | null =>
  count === 0 && !more ? null : `${more ? 'at least ' : ''}${count} ${what}`;

/** In the order in which a controller would go through them. */
export function checklist(figures: MonthFigures): ChecklistItem[] {
  const item = (code: ChecklistCode, missing: string | null, todo: string, acceptable = true): ChecklistItem => ({
    code,
    done: missing === null,
    acceptable,
    missing,
    todo: missing === null ? null : todo,
  });
  const { today, last, earlierOpen, clearing, windows } = figures;
  return [
    item(
      'month_over',
      today > last ? null : `the month ends on ${last}; it is ${today}`,
      'Close it once it is over.',
      false,
    ),
    item(
      'earlier_closed',
      earlierOpen === null ? null : `${earlierOpen} is open`,
      'Close the months before it first.',
      false,
    ),
    item(
      'balanced',
      figures.balanced ? null : 'the trial balance does not balance',
      'Tell the engineers who run the gateway: this cannot happen by itself.',
      false,
    ),
    item(
      'exceptions',
      some(figures.exceptions, 'open exceptions of the month or of no known day'),
      'Do what each says (unresolved lists them), or resolve it with a note.',
    ),
    item(
      'held_events',
      some(figures.held, 'events that wait or stand in quarantine'),
      'Have what they wait for sent again, re-drive what is in quarantine, or skip them with a reason.',
    ),
    item('approvals', some(figures.approvals, 'requests without an answer'), 'Approve or reject them.'),
    item(
      'documents',
      some(figures.documents, 'documents of the month that are not at their target'),
      'Wait until they are there, open the target’s period, or retry what it refused.',
    ),
    item(
      'windows',
      windows.length === 0 ? null : `the window of ${windows.join(', ')} has not taken the whole month`,
      'Wait for the window’s next time; one that is posted as a summary can be closed now: POST /windows/{target}/{entity}/close.',
    ),
    item(
      'recognition',
      some(figures.recognition, 'schedule amounts up to the month are not recognised'),
      'Run the recognition of the month: POST /recognition.',
    ),
    item(
      'clearing',
      clearing.length === 0 ? null : `not zero: ${clearing.join('; ')}`,
      'Explain each balance by its open items, and accept it with that as the reason.',
    ),
  ];
}

/** Items that stand in the way: not done, and not accepted, or not to be accepted at all. */
export const standingInTheWay = (items: readonly ChecklistItem[], accepted: ReadonlySet<string>): ChecklistItem[] =>
  items.filter((item) => !item.done && !(item.acceptable && accepted.has(item.code)));
