/** Runs a body through a configured source as the gateway would, for tests. */
import type { CanonicalEvent } from '../../src/canonical/events.ts';
import type { ConfiguredSource, RegisteredSource } from '../../src/sources/registered.ts';
import type { AddressedEvent, Enrichment, Interpretation, StoredEvent } from '../../src/sources/source.ts';
import { asVerified, type VerifiedDelivery } from '../../src/verification/verification.ts';

export const RECEIVED_AT = Date.UTC(2026, 10, 22, 12);

export function configured(source: RegisteredSource, config: Readonly<Record<string, unknown>> = {}): ConfiguredSource {
  const answer = source.configure(config);
  if (!answer.ok) throw new Error(answer.error.join('; '));
  return answer.value;
}

export const verifiedBody = (
  body: Uint8Array<ArrayBuffer>,
  contentType = 'application/json',
  receivedAt = RECEIVED_AT,
  headers: Readonly<Record<string, string>> = {},
): VerifiedDelivery =>
  asVerified(
    {
      method: 'POST',
      url: new URL('https://gateway.test/in/acme/source'),
      headers: new Headers({ 'content-type': contentType, ...headers }),
      body,
      receivedAt,
    },
    'signed',
    {},
  );

export const stored = (event: AddressedEvent, receivedAt = RECEIVED_AT): StoredEvent => ({
  eventId: event.eventId,
  type: event.type,
  occurredAt: event.occurredAt,
  receivedAt,
  body: event.body,
});

export type Reading =
  | { readonly event: AddressedEvent; readonly interpretation: Interpretation }
  | { readonly event: null; readonly reason: string };

/** Everything one body becomes. */
export function read(
  source: ConfiguredSource,
  body: Uint8Array<ArrayBuffer>,
  contentType?: string,
  enrichment: Enrichment = new Map(),
  headers: Readonly<Record<string, string>> = {},
): readonly Reading[] {
  const parsed = source.parse(verifiedBody(body, contentType, RECEIVED_AT, headers));
  if (!parsed.ok) return [{ event: null, reason: parsed.error.reason.code }];
  return parsed.value.map((event) => ({
    event,
    interpretation:
      event.quarantine === null
        ? source.interpret(stored(event), enrichment)
        : { kind: 'quarantine', reason: event.quarantine },
  }));
}

/** The facts of one JSON event, or an error that says why there are none. */
export function factsOf(
  source: ConfiguredSource,
  event: object,
  enrichment: Enrichment = new Map(),
  headers: Readonly<Record<string, string>> = {},
): readonly CanonicalEvent[] {
  const [reading] = read(
    source,
    new Uint8Array(new TextEncoder().encode(JSON.stringify(event))),
    undefined,
    enrichment,
    headers,
  );
  if (reading === undefined || reading.event === null) throw new Error('not addressable');
  if (reading.interpretation.kind === 'quarantine') {
    throw new Error(`${reading.interpretation.reason.code}: ${reading.interpretation.reason.detail}`);
  }
  return reading.interpretation.facts;
}

/** One word for a table: `facts:invoice.issued`, `no effect`, `quarantined:unknown_type`. */
export function verdict(reading: Reading): string {
  if (reading.event === null) return `unreadable:${reading.reason}`;
  const { interpretation } = reading;
  if (interpretation.kind === 'quarantine') return `quarantined:${interpretation.reason.code}`;
  const kinds = interpretation.facts.map((fact) => fact.kind);
  return kinds.length === 0 ? 'no effect' : `facts:${kinds.join('+')}`;
}
