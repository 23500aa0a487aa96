/** The demo's own calendar: fixed, so that the same demo is the same bytes on any day. Seconds since the epoch, UTC. */
const start = Date.UTC(2026, 8, 1, 8) / 1000;
const day = 86_400;

/** The time of a step of a customer's billing cycle. Cycles lie a few days apart, customers a few minutes. */
export const at = (customer: number, cycle: number, step: number): number =>
  start + (cycle % 25) * 3 * day + Math.floor(cycle / 25) * 3600 + customer * 300 + step * 20;

export const daysAfter = (seconds: number, days: number): number => seconds + days * day;
export const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
