import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registerSource } from '../../src/sources/registered.ts';
import { stripe } from '../../src/sources/stripe/index.ts';
import { configured, read, verdict } from './interpreting.ts';
import { payloadsOf } from './payloads.ts';

/** Types of public samples that are not Stripe's: what the samples' authors wrote where the type did not matter. */
const notStripeTypes = new Set(['not sure', 'foo.created', 'type', 'uknown.event.type', '(none)']);

interface Row {
  readonly type: string;
  readonly verdict: string;
}

/** `type  verdict ×count`, one line each. */
function summary(table: readonly Row[]): string {
  const counts = new Map<string, number>();
  for (const { type, verdict: word } of table) {
    const line = `${type.padEnd(46)} ${word}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts]
    .map(([line, count]) => `${line} ×${count}`)
    .sort()
    .join('\n');
}

const accountId = z.string().startsWith('acct_').optional();
const envelope = z.object({ account: accountId, context: accountId.catch(undefined) });

/** The settings of a source that serves the connected account the sample is of, if it is of one. */
function accountOf(body: Uint8Array): { account?: string } {
  const parsed = envelope.safeParse(JSON.parse(new TextDecoder().decode(body)));
  const account = parsed.success ? (parsed.data.account ?? parsed.data.context) : undefined;
  return account === undefined ? {} : { account };
}

describe('every public Stripe event is understood, or quarantined with a reason', () => {
  const payloads = [...(payloadsOf('stripe') ?? []), ...(payloadsOf('stripe_v2') ?? [])];
  const events = payloads.filter((payload) => payload.kind === 'event');

  it.skipIf(events.length === 0)('(skipped when ../shared/payloads is absent)', () => {
    const source = registerSource(stripe);
    const table = events.flatMap((payload) =>
      read(configured(source, accountOf(payload.body)), payload.body).map((reading) => ({
        file: payload.file,
        type: reading.event?.type ?? payload.eventType ?? '(none)',
        verdict: verdict(reading),
      })),
    );
    expect(table.length).toBe(events.length);
    console.log(summary(table));
    for (const row of table) {
      const incomplete = row.verdict === 'unreadable:schema_mismatch' || row.verdict === 'quarantined:schema_mismatch';
      if (notStripeTypes.has(row.type) || incomplete) {
        expect(row.verdict).toMatch(/^(quarantined|unreadable):/);
      } else {
        expect(row.verdict, row.file).toMatch(
          /^(facts:|no effect|quarantined:(unknown_type|unsupported_shape|wrong_account))/,
        );
      }
    }
  });
});
