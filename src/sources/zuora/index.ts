/**
 * Zuora callouts: JSON bodies of the tenant's own templates, proven by Basic after a challenge or by an HMAC the template
 * makes. docs/sources/zuora.md says how it is set up and how a template is mapped.
 */
import { providerEventId } from '../../canonical/ids.ts';
import { err, ok, type Result, unreachable } from '../../canonical/result.ts';
import { verifyBasic } from '../../verification/basic.ts';
import { bodyAlone, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import type { Delivery, LiveSecret, Verification, VerifiedDelivery } from '../../verification/verification.ts';
import { parseJson } from '../json.ts';
import { facts, fingerprint, nothing, notJson, unknownType, unsupported } from '../reading.ts';
import type { AddressedEvent, Interpretation, SourceDefinition, StoredEvent, UnreadableDelivery } from '../source.ts';
import { factOf } from './interpret.ts';
import { instantAt, textAt } from './members.ts';
import { type ZuoraMapping, type ZuoraSettings, zuoraSettings } from './settings.ts';

export const zuora: SourceDefinition<ZuoraSettings> = {
  provider: 'zuora',
  settings: zuoraSettings,
  maxBodyBytes: 1_000_000,
  methods: ['POST'],
  contentTypes: ['application/json'],
  verify,
  parse,
  /** 200 exactly: Zuora takes every other answer for a failure. */
  acknowledge: (summary) => Response.json(summary, { status: 200 }),
  refuse,
  enrichment: () => [],
  interpret,
  understands: ['customer', 'failed-payment', 'invoice', 'payment', 'refund', 'subscription', 'voided-invoice'],
  about: {
    name: 'Zuora',
    auth: 'Basic, asked for by a 401 challenge, or an HMAC the callout template makes',
    trust: 'signed',
    acknowledges: '200 exactly, with the events and their lanes as JSON',
    dedupe: 'what the settings declare as the id, else the body’s bytes',
    retries: 'only where the template says so',
    page: 'sources/zuora.md',
  },
};

async function verify(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  { proof }: ZuoraSettings,
): Promise<Verification> {
  switch (proof.scheme) {
    case 'basic':
      return verifyBasic(delivery, secrets);
    case 'hmac':
      return verifyHmac(delivery, secrets, {
        form: { hash: proof.hash, key: 'text', signature: proof.encoding },
        present: signatureHeader(proof.header),
        content: bodyAlone,
        time: null,
        evidence: [proof.header],
      });
    default:
      return unreachable(proof);
  }
}

/** Zuora sends its credentials only in answer to a challenge (RFC 7617), and then the callout again. */
function refuse({ proof }: ZuoraSettings): Response {
  const headers = new Headers({ 'cache-control': 'no-store' });
  if (proof.scheme === 'basic') headers.set('www-authenticate', 'Basic realm="webhooks", charset="UTF-8"');
  return new Response(null, { status: 401, headers });
}

function parse(
  delivery: VerifiedDelivery,
  settings: ZuoraSettings,
): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const json = parseJson(delivery.body);
  if (!json.ok) return err({ reason: notJson });
  const body = json.value;
  const type = textAt(body, settings.eventType);
  if (type === null) {
    return err({ reason: { code: 'unsupported_shape', detail: `${settings.eventType}: expected the event's name` } });
  }
  const at = settings.occurredAt === null ? delivery.receivedAt : instantAt(body, settings.occurredAt);
  const mapping = mappingOf(settings, type);
  const fault = mapping === undefined ? null : factOf(body, mapping, at ?? delivery.receivedAt);
  return ok([
    {
      eventId: providerEventId(`${type}/${idOf(body, settings) ?? fingerprint(delivery.body)}`),
      type,
      occurredAt: at ?? delivery.receivedAt,
      customer: textAt(body, settings.customer),
      sharedLane: 'account',
      body: delivery.body,
      quarantine:
        mapping === undefined
          ? unknownType
          : fault?.ok === false
            ? { code: 'schema_mismatch', detail: fault.error.slice(0, 490) }
            : null,
    },
  ]);
}

const mappingOf = (settings: ZuoraSettings, type: string): ZuoraMapping | undefined =>
  new Map(Object.entries(settings.events)).get(type);

/** Null when no id is declared, or a part of it is absent. */
function idOf(body: unknown, { eventId }: ZuoraSettings): string | null {
  if (eventId === null) return null;
  const parts = eventId.map((path) => textAt(body, path));
  return parts.some((part) => part === null) ? null : parts.join('/');
}

function interpret(event: StoredEvent, settings: ZuoraSettings): Interpretation {
  const json = parseJson(event.body);
  if (!json.ok) return { kind: 'quarantine', reason: notJson };
  const mapping = mappingOf(settings, event.type);
  if (mapping === undefined) return { kind: 'quarantine', reason: unknownType };
  const fact = factOf(json.value, mapping, event.occurredAt);
  if (!fact.ok) return unsupported(fact.error);
  return fact.value === null ? nothing(`${event.type} is mapped to nothing`) : facts(fact.value);
}
