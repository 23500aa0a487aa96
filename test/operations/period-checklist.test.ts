import { describe, expect, it } from 'vitest';
import { isoDate } from '../../src/canonical/ids.ts';
import { checklist, type MonthFigures, standingInTheWay } from '../../src/operations/period-checklist.ts';
import { earlierOpen } from '../../src/operations/period-story.ts';
import { type Closings, notReopenable, stateOf } from '../../src/operations/periods.ts';

const none = { count: 0, more: false };
const clean: MonthFigures = {
  today: isoDate('2026-02-01'),
  last: isoDate('2026-01-31'),
  earlierOpen: null,
  balanced: true,
  exceptions: none,
  held: none,
  approvals: none,
  documents: none,
  windows: [],
  recognition: none,
  clearing: [],
};
const undone = (figures: Partial<MonthFigures>) =>
  checklist({ ...clean, ...figures }).flatMap((item) => (item.done ? [] : [item.code]));

describe('the checklist of a month', () => {
  it('is done when the month is over and nothing is open', () => {
    expect(undone({})).toEqual([]);
  });

  it('is not done on the month’s last day, nor when a list is longer than what was looked at', () => {
    expect(undone({ today: isoDate('2026-01-31') })).toEqual(['month_over']);
    expect(undone({ documents: { count: 0, more: true } })).toEqual(['documents']);
  });

  it('lets a person accept what is their business, and never what the books say themselves', () => {
    const items = checklist({ ...clean, earlierOpen: '2025-12', clearing: ['517000 1.00 EUR'], balanced: false });
    const accepted = new Set(['earlier_closed', 'balanced', 'clearing']);
    expect(standingInTheWay(items, accepted).map(({ code }) => code)).toEqual(['earlier_closed', 'balanced']);
  });
});

const closings = (over: Partial<Closings> = {}): Closings => ({
  byConfig: null,
  closedUntil: null,
  lockedUntil: null,
  ...over,
});
const day = isoDate;

describe('the state of a month', () => {
  it('follows from how far the books are closed and locked, however that came about', () => {
    expect(stateOf('2026-01', closings(), null)).toBe('open');
    expect(stateOf('2026-01', closings(), { state: 'pending' })).toBe('pending');
    expect(stateOf('2026-01', closings({ byConfig: day('2026-01-31') }), null)).toBe('closed');
    expect(stateOf('2026-01', closings({ closedUntil: day('2026-01-30') }), { state: 'pending' })).toBe('pending');
    const locked = closings({ closedUntil: day('2026-02-28'), lockedUntil: day('2026-01-31') });
    expect(stateOf('2026-01', locked, { state: 'locked' })).toBe('locked');
    expect(stateOf('2026-02', locked, { state: 'closed' })).toBe('closed');
  });

  it('can be undone for the last closed month only, and not where it is locked or closed by the config', () => {
    const january = closings({ closedUntil: day('2026-01-31') });
    expect(notReopenable('2026-01', january)).toBeNull();
    expect(notReopenable('2026-02', january)).toContain('not closed');
    expect(notReopenable('2025-12', january)).toContain('backwards');
    expect(notReopenable('2026-01', { ...january, lockedUntil: day('2026-01-31') })).toContain('locked');
    expect(notReopenable('2026-01', { ...january, byConfig: day('2026-01-31') })).toContain('config');
  });
});

describe('the first earlier month that is open', () => {
  it('is none when the books were closed up to the month, or hold nothing before it', () => {
    expect(earlierOpen('2026-03', day('2026-02-28'), { first: '2026-01' })).toBeNull();
    expect(earlierOpen('2026-03', null, { first: '2026-03' })).toBeNull();
    expect(earlierOpen('2026-03', null, null)).toBeNull();
  });

  it('is the first one booked, or the one after the last closed', () => {
    expect(earlierOpen('2026-03', null, { first: '2026-01' })).toBe('2026-01');
    expect(earlierOpen('2026-05', day('2026-01-31'), { first: '2026-01' })).toBe('2026-02');
    expect(earlierOpen('2026-05', day('2026-02-10'), { first: '2026-01' })).toBe('2026-02');
  });
});
