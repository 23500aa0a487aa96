/**
 * The gateway's log: one JSON object a line, with a stable `what`. Never bodies, names, secrets or signatures: callers
 * pass identifiers and counts.
 */
export function logWarning(what: string, facts: Readonly<Record<string, unknown>>): void {
  console.warn(JSON.stringify({ what, ...facts }));
}

/** For our own faults: what an engineer must look at. */
export function logError(what: string, facts: Readonly<Record<string, unknown>>): void {
  console.error(JSON.stringify({ what, ...facts }));
}

/** An error's own words, cut: platform and database errors carry no payloads. */
export const errorWords = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 300);
