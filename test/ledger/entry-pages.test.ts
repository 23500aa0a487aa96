import { describe, expect, it } from 'vitest';
import { dateIn, isoDate } from '../../src/canonical/ids.ts';
import { endOfDay } from '../../src/ledger/entry-pages.ts';

describe('the end of a day', () => {
  it.each([
    ['Europe/Paris', '2026-11-30', '2026-11-30T22:59:59.999Z'],
    ['Europe/Paris', '2026-06-30', '2026-06-30T21:59:59.999Z'],
    ['Pacific/Kiritimati', '2026-06-30', '2026-06-30T09:59:59.999Z'],
    ['Pacific/Pago_Pago', '2026-06-30', '2026-07-01T10:59:59.999Z'],
    ['Europe/Paris', '2026-03-29', '2026-03-29T21:59:59.999Z'],
  ])('of %s on %s is its last millisecond there', (zone, day, expected) => {
    const end = endOfDay(zone, isoDate(day));
    expect(new Date(end).toISOString()).toBe(expected);
    expect([dateIn(zone, end), dateIn(zone, end + 1) > day]).toEqual([day, true]);
  });
});
