/**
 * Chargebee: unsigned JSON events, one per delivery, called one after another and retried for about two days.
 * docs/sources/chargebee.md says how it is set up and what becomes which fact.
 */
import { providerEventId } from '../../canonical/ids.ts';
import { err, ok, type Result, unreachable } from '../../canonical/result.ts';
import { verifyBasic } from '../../verification/basic.ts';
import { verifySecretPath } from '../../verification/secret-path.ts';
import type { Delivery, LiveSecret, Verification, VerifiedDelivery } from '../../verification/verification.ts';
import { readEnvelope } from '../reading.ts';
import type { AddressedEvent, QuarantineReason, SourceDefinition, StoredEvent, UnreadableDelivery } from '../source.ts';
import { factsOf, needsOf, objection, understoodTypes } from './interpret.ts';
import { type ChargebeeEvent, eventEnvelope } from './schemas.ts';
import { type ChargebeeSettings, chargebeeSettings } from './settings.ts';

export const chargebee: SourceDefinition<ChargebeeSettings> = {
  provider: 'chargebee',
  settings: chargebeeSettings,
  maxBodyBytes: 1_500_000,
  methods: ['POST'],
  contentTypes: ['application/json'],
  verify,
  parse,
  acknowledge: (summary) => Response.json(summary),
  enrichment(event) {
    const read = readStored(event);
    return read.ok ? needsOf(read.value) : [];
  },
  interpret(event, settings, fetched) {
    const read = readStored(event);
    return read.ok ? factsOf(read.value, settings, fetched) : { kind: 'quarantine', reason: read.error };
  },
  understands: understoodTypes,
  about: {
    name: 'Chargebee',
    auth: 'Basic, a secret address, or both; nothing is signed',
    trust: 'authenticated',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: 'the event id, `ev_…`',
    retries: 'for about two days, the last some three days and seven hours after the event',
    page: 'sources/chargebee.md',
  },
};

/** With both proofs the address is checked first: it says less, and strangers then learn nothing about the other. */
async function verify(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  settings: ChargebeeSettings,
): Promise<Verification> {
  switch (settings.proof) {
    case 'basic':
      return verifyBasic(delivery, secrets);
    case 'secret-path':
      return verifySecretPath(delivery, secrets);
    case 'basic-and-secret-path': {
      const addressed = await verifySecretPath(delivery, secrets);
      return addressed.ok ? verifyBasic(delivery, secrets) : addressed;
    }
    default:
      return unreachable(settings.proof);
  }
}

function parse(delivery: VerifiedDelivery): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const read = readEvent(delivery.body);
  if (!read.ok) return err({ reason: read.error });
  const event = read.value;
  return ok([
    {
      eventId: providerEventId(event.id),
      type: event.event_type,
      occurredAt: event.occurred_at * 1000,
      ...laneOf(event),
      body: delivery.body,
      quarantine: objection(event),
    },
  ]);
}

const readStored = (event: StoredEvent): Result<ChargebeeEvent, QuarantineReason> => readEvent(event.body);

const readEvent = (body: Uint8Array): Result<ChargebeeEvent, QuarantineReason> => readEnvelope(body, eventEnvelope);

/** Whose it is: the document's customer first, because in an account hierarchy the payer may be another one. */
const owners: readonly (readonly [member: string, id: string])[] = [
  ['invoice', 'customer_id'],
  ['credit_note', 'customer_id'],
  ['transaction', 'customer_id'],
  ['subscription', 'customer_id'],
  ['customer', 'id'],
];

const catalogueTypes =
  /^(?:item|item_price|item_family|plan|addon|coupon|attached_item|differential_price|price_variant|product|variant)_/;

function laneOf(event: ChargebeeEvent): Pick<AddressedEvent, 'customer' | 'sharedLane'> {
  if (catalogueTypes.test(event.event_type)) return { customer: null, sharedLane: 'catalogue' };
  for (const [member, idName] of owners) {
    const id = memberOf(event.content[member], idName);
    if (typeof id === 'string' && id !== '' && id.length <= 255) return { customer: id, sharedLane: 'account' };
  }
  return { customer: null, sharedLane: 'account' };
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? new Map<string, unknown>(Object.entries(value)).get(name) : undefined;
