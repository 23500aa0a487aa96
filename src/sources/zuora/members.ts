/**
 * Reading a templated body by paths. A reader notes the first value that does not fit and goes on with a stand-in, so that
 * a fact is written down in one piece; whoever made it looks at `fault` before using it.
 */
import type { EpochMs } from '../../canonical/ids.ts';
import { type Currency, currency, type MinorUnits, ZERO } from '../../canonical/money.ts';
import { instantOf, timestamp } from '../instants.ts';
import { calendarDate, exactMinor } from '../reading.ts';

const MAX_TEXT = 255;

/** Numbers and text as text, trimmed; null when it is absent, empty, too long, or anything else. */
export function textAt(body: unknown, path: string): string | null {
  let value = body;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    value = new Map<string, unknown>(Object.entries(value)).get(name);
  }
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'string') return null;
  const text = value.trim();
  return text === '' || text.length > MAX_TEXT ? null : text;
}

/** A date, or a date and time; a date alone is noon in UTC. Null for anything else. */
export function instantAt(body: unknown, path: string): EpochMs | null {
  const text = textAt(body, path);
  const day = calendarDate.safeParse(text);
  if (day.success) return day.data;
  const moment = timestamp.safeParse(text);
  return moment.success ? instantOf(moment.data) : null;
}

export class Members {
  readonly #body: unknown;
  #fault: string | null = null;

  constructor(body: unknown) {
    this.#body = body;
  }

  /** `path: what was expected` of the first value that did not fit, or null. */
  get fault(): string | null {
    return this.#fault;
  }

  text(path: string): string {
    return textAt(this.#body, path) ?? this.#missing(path, 'text or a number', '?');
  }

  /** Null when it is absent or no path is given. */
  maybe(path: string | undefined): string | null {
    return path === undefined ? null : textAt(this.#body, path);
  }

  instant(path: string): EpochMs {
    return instantAt(this.#body, path) ?? this.#missing(path, 'a date, or a date and time', 0);
  }

  currency(path: string): Currency {
    const text = textAt(this.#body, path);
    if (text !== null && /^[A-Za-z]{3}$/.test(text)) return currency(text);
    return this.#missing(path, 'a currency code', currency('XXX'));
  }

  /** `1,234.50` does not fit: a template that groups digits has to be told not to. Nothing is rounded. */
  amount(path: string, code: Currency): MinorUnits {
    const read = exactMinor(textAt(this.#body, path) ?? '', code, path);
    return read.ok ? read.value : this.#missing(path, 'a decimal of the currency', ZERO);
  }

  #missing<T>(path: string, expected: string, standIn: T): T {
    this.#fault ??= `${path}: expected ${expected}`;
    return standIn;
  }
}
