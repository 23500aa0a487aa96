/**
 * The gateway's log: one JSON object a line, with a stable `what`. Never bodies, names, secrets or signatures: callers
 * pass identifiers and counts.
 */
import { DrizzleQueryError } from 'drizzle-orm';

/** For what heals by itself, and is worth seeing when it does not. */
export function logWarning(what: string, facts: Readonly<Record<string, unknown>>): void {
  console.warn(JSON.stringify({ what, ...facts }));
}

/** For our own faults: what an engineer must look at. */
export function logError(what: string, facts: Readonly<Record<string, unknown>>): void {
  console.error(JSON.stringify({ what, ...facts }));
}

/**
 * An error's own words, cut. Those that quote what they failed on are told without it: JSON's quote the text, drizzle's
 * the parameters, and either may be personal.
 */
export function errorWords(error: unknown): string {
  if (error instanceof SyntaxError) return error.name;
  const told = error instanceof DrizzleQueryError ? (error.cause ?? error.name) : error;
  return (told instanceof Error ? `${told.name}: ${told.message}` : String(told)).slice(0, 300);
}
