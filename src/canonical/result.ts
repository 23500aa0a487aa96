/** An expected outcome as a value. Bugs are exceptions; everything a caller must decide about is a `Result`. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });
export const err = <E>(error: E): Result<never, E> => ({ ok: false, error });

/**
 * Closes a switch over a union: a new member that is not handled is a compile error, and a loud one at run time. The
 * error says which member, never its content: errors are logged, and contents may be personal.
 */
export function unreachable(value: never): never {
  throw new Error(`unhandled case: ${nameOf(value)}`);
}

function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value).slice(0, 60);
  for (const [name, tag] of Object.entries(value)) {
    if (['kind', 'code', 'outcome', 'answer', 'what', 'type'].includes(name))
      return `${name} ${String(tag)}`.slice(0, 60);
  }
  return 'an object without a tag';
}
