/**
 * A ledger that is both a source and a target announces what the gateway itself posted there. Every document carries its
 * posting key in a field people see (`invoice/stripe:invoice:in_1`), so it is known again, and is of no effect.
 */
const postingKey =
  /(?:^|[\s([|])(?:partner|product|invoice|credit_note|entry|payment)\/[a-z0-9-]{1,48}:[a-z_]{1,40}:\S/;

/** @param texts references, notes and the like; what is no text says nothing. */
export const postedByGateway = (...texts: readonly unknown[]): boolean =>
  texts.some((text) => typeof text === 'string' && postingKey.test(text));
