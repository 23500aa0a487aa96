import { describe, expect, it } from 'vitest';
import { instantOf, instantText, readInstant, timestamp, wireInstant } from '../../src/sources/instants.ts';

describe('instants as providers write them', () => {
  it('are read in every form that a provider documents', () => {
    const noon = Date.UTC(2024, 1, 29, 12);
    for (const text of [
      '2024-02-29T12:00:00Z',
      '2024-02-29T12:00Z',
      '2024-02-29T12:00:00',
      '2024-02-29 12:00:00',
      '2024-02-29 12:00:00 UTC',
      '2024-02-29T13:30:00+01:30',
      '2024-02-29T13:30:00+0130',
      '2024-02-29 07:00:00 -0500',
      '2024-02-29T12:00:00.000000000Z',
    ]) {
      expect(readInstant(text), text).toBe(noon);
    }
  });

  it('keep their milliseconds, cut and not rounded', () => {
    expect(readInstant('1970-01-01T00:00:01.5Z')).toBe(1500);
    expect(readInstant('1970-01-01T00:00:01.999999999Z')).toBe(1999);
  });

  it('are refused when they are none', () => {
    for (const text of [
      '',
      'yesterday',
      '2024-02-29',
      '2024-13-01T00:00:00Z',
      '2024-02-29T25:00:00Z',
      '2024-02-29T12:00.5Z',
      '1969-12-31T23:59:59Z',
      ' 2024-02-29T12:00:00Z',
      '2024-02-29T12:00:00.1234567890Z',
    ]) {
      expect(readInstant(text), text).toBeNull();
      expect(wireInstant.safeParse(text).success, text).toBe(false);
      expect(instantText.safeParse(text).success, text).toBe(false);
    }
    expect(readInstant(null)).toBeNull();
    expect(readInstant(undefined)).toBeNull();
  });

  it('order what happens within a millisecond, as microseconds', () => {
    const earlier = timestamp.parse('2023-08-22T07:15:45.366122Z');
    const later = timestamp.parse('2023-08-22T07:15:45.366123Z');
    expect(later - earlier).toBe(1);
    expect(instantOf(earlier)).toBe(Date.UTC(2023, 7, 22, 7, 15, 45, 366));
    expect(timestamp.safeParse('2300-01-01T00:00:00Z').success).toBe(false);
  });
});
