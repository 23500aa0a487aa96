/** Branded identifiers: strings that the compiler does not let anybody mix up. Each has exactly one maker. */

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** A tenant's slug, `acme`. Lower-case letters, digits and dashes. */
export type TenantId = Branded<string, 'TenantId'>;
/** A source's slug within its tenant, `stripe-eu`. */
export type SourceId = Branded<string, 'SourceId'>;
/** A lane within its tenant: `<provider>:<customer reference>` or `<source>:~account`. The Durable Object's name is `<tenant>/<lane>`. */
export type LaneKey = Branded<string, 'LaneKey'>;
/** What the provider calls the event; unique within one source. */
export type ProviderEventId = Branded<string, 'ProviderEventId'>;
/**
 * A business object in the books, `<provider>:<kind>:<id>`: `stripe:invoice:in_1`, `chargebee:customer:c1`.
 * The same object of one provider has the same key whatever source announced it.
 */
export type ObjectKey = Branded<string, 'ObjectKey'>;
/** The idempotency key of one document at one target; the same fact always yields the same key. */
export type PostingKey = Branded<string, 'PostingKey'>;

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;
/** A calendar date in an entity's time zone, `2026-11-22`. */
export type IsoDate = Branded<string, 'IsoDate'>;

export const tenantId = (slug: string) => slug as TenantId;
export const sourceId = (slug: string) => slug as SourceId;
export const laneKey = (key: string) => key as LaneKey;
export const providerEventId = (id: string) => id as ProviderEventId;
export const objectKey = (provider: string, kind: string, id: string) => `${provider}:${kind}:${id}` as ObjectKey;
export const postingKey = (key: string) => key as PostingKey;

const isoDatePattern = /^\d{4}-\d{2}-\d{2}$/;

/** @throws if `text` is not of the form YYYY-MM-DD. */
export function isoDate(text: string): IsoDate {
  if (!isoDatePattern.test(text)) throw new RangeError(`not a calendar date: ${text}`);
  return text as IsoDate;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** The calendar date of an instant as people in `timeZone` (IANA name) write it. */
export function dateIn(timeZone: string, instant: EpochMs): IsoDate {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    formatters.set(timeZone, formatter);
  }
  return isoDate(formatter.format(instant));
}
