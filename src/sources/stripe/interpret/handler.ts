/** Binds a type's schema to its rules, so that no rule sees an object that its schema has not checked. */
import type { z } from 'zod';
import { describeIssues } from '../../json.ts';
import type { EnrichmentNeed, Interpretation } from '../../source.ts';
import type { StripeEvent } from '../envelope.ts';
import type { Context, Outcome } from './context.ts';

export interface Handler {
  needs(event: StripeEvent): readonly EnrichmentNeed[];
  interpret(context: Context): Interpretation;
  /** Why it moves nothing in the books, whatever the object holds; null: the object decides. */
  readonly silent: string | null;
}

interface Rules<T> {
  /** What the webhook does not carry, as kind and id; the account is the event's own. */
  needs?(object: T, event: StripeEvent): readonly Pick<EnrichmentNeed, 'kind' | 'id'>[];
  interpret(object: T, context: Context): Outcome;
}

export function handler<T>(schema: z.ZodType<T>, rules: Rules<T>): Handler {
  return {
    silent: null,
    needs(event) {
      const parsed = schema.safeParse(event.data.object);
      if (!parsed.success || rules.needs === undefined) return [];
      return rules.needs(parsed.data, event).map((need) => ({ ...need, account: event.account ?? null }));
    },
    interpret(context) {
      const parsed = schema.safeParse(context.event.data.object);
      if (!parsed.success) {
        const detail = describeIssues(parsed.error.issues);
        return { kind: 'quarantine', reason: { code: 'schema_mismatch', detail } };
      }
      const outcome = rules.interpret(parsed.data, context);
      if (context.problems.any) {
        return { kind: 'quarantine', reason: { code: 'unsupported_shape', detail: context.problems.describe() } };
      }
      return { kind: 'facts', facts: outcome.facts, note: outcome.note };
    },
  };
}

/** A type that is understood and moves nothing in the books. */
export const noEffect = (note: string): Handler => ({
  silent: note,
  needs: () => [],
  interpret: () => ({ kind: 'facts', facts: [], note }),
});
