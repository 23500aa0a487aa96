/**
 * Instants as providers write them: ISO 8601, or the same with a space instead of the T. Without a zone they are UTC, as
 * these providers document theirs. What lies before 1970 is none.
 */
import { z } from 'zod';
import type { EpochMs } from '../canonical/ids.ts';

const pattern = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)? ?(Z|UTC|[+-]\d{2}:?\d{2})?$/;

interface Instant {
  readonly ms: EpochMs;
  /** 0 to 999: what the text says beyond the millisecond. */
  readonly microseconds: number;
}

/** Up to nine decimals of a second, cut to the microsecond. */
function parse(text: string): Instant | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const [, date, minute, seconds = '00', decimals = '', written = 'Z'] = match;
  const zone = written === 'UTC' ? 'Z' : written.replace(/^(...)(\d\d)$/, '$1:$2');
  const second = Date.parse(`${date}T${minute}:${seconds}${zone}`);
  if (Number.isNaN(second) || second < 0) return null;
  const fraction = decimals.padEnd(6, '0');
  return { ms: second + Number(fraction.slice(0, 3)), microseconds: Number(fraction.slice(3, 6)) };
}

/** Epoch ms; null when the text is no instant. */
export const readInstant = (text: string | null | undefined): EpochMs | null => parse(text ?? '')?.ms ?? null;

/** Microseconds since 1970, for versions that differ within a millisecond; null beyond 2255, where they are not exact. */
function readMicroseconds(text: string): number | null {
  const instant = parse(text);
  if (instant === null) return null;
  const micros = instant.ms * 1000 + instant.microseconds;
  return Number.isSafeInteger(micros) ? micros : null;
}

/** Microseconds → epoch ms. */
export const instantOf = (micros: number): EpochMs => Math.floor(micros / 1000);

const readBy = (read: (text: string) => number | null) =>
  z
    .string()
    .max(64)
    .transform((text, context) => {
      const instant = read(text);
      if (instant !== null) return instant;
      context.addIssue({ code: 'custom', message: 'expected an ISO 8601 instant' });
      return z.NEVER;
    });

/** `2023-08-22T07:15:45Z` → epoch ms. */
export const wireInstant = readBy(readInstant);

/** `2023-08-22T07:15:45.366122Z`, `2016-11-08 16:22:20 -0500` → microseconds, for versions and for `instantOf`. */
export const timestamp = readBy(readMicroseconds);

/** Text that stays as it was sent, and is an instant. */
export const instantText = z
  .string()
  .max(64)
  .refine((text) => readInstant(text) !== null, { error: 'an ISO 8601 instant' });
