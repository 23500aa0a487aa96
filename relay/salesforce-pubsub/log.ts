/** One JSON object a line, with a stable `what`. Facts are topics, counts and codes: never a token, a secret or a payload. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

export interface Log {
  info(what: string, facts?: Facts): void;
  /** It goes on by itself. */
  warn(what: string, facts?: Facts): void;
  /** A person has to look. */
  error(what: string, facts?: Facts): void;
}

const line = (level: string, what: string, facts: Facts): string =>
  JSON.stringify({ at: new Date().toISOString(), level, what, ...facts });

export const consoleLog: Log = {
  info: (what, facts = {}) => console.log(line('info', what, facts)),
  warn: (what, facts = {}) => console.warn(line('warn', what, facts)),
  error: (what, facts = {}) => console.error(line('error', what, facts)),
};
