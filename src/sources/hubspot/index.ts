/**
 * HubSpot: batches of at most a hundred thin events, or whole records from a workflow's webhook action.
 * docs/sources/hubspot.md says how each is set up and what becomes which fact.
 */
import { unreachable } from '../../canonical/result.ts';
import { verifyHubspotLegacy, verifyHubspotV3 } from '../../verification/hubspot-signature.ts';
import type { Delivery, LiveSecret, Verification } from '../../verification/verification.ts';
import { announcingSource, type EventAddress, otherAccount } from '../announcing.ts';
import { isJsonObject } from '../json.ts';
import { nothing, unsupported } from '../reading.ts';
import {
  type Enrichment,
  type EnrichmentNeed,
  enrichmentKey,
  type Interpretation,
  type QuarantineReason,
} from '../source.ts';
import {
  type CustomerType,
  customerFact,
  customerReference,
  dealCustomer,
  dealFact,
  type HubspotRecord,
  watchedProperties,
} from './facts.ts';
import {
  fetchedRecord,
  type HubspotEvent,
  hubspotEvent,
  type SubscriptionEvent,
  type WorkflowRecord,
} from './schemas.ts';
import { type HubspotSettings, hubspotSettings } from './settings.ts';

export const hubspot = announcingSource<HubspotSettings, HubspotEvent>({
  provider: 'hubspot',
  about: {
    name: 'HubSpot',
    auth: 'signature v3: HMAC-SHA256 over method, address, body and time; 5 minutes',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: 'event, subscription, time and object; workflows: object and version',
    retries: 'for about a day; workflows not after a 4xx',
    page: null,
  },
  settings: hubspotSettings,
  verify,
  split: (json) => (Array.isArray(json) ? json : isJsonObject(json) ? [json] : null),
  attemptMembers: ['attemptNumber'],
  event: hubspotEvent,
  address,
  objection,
  needs(event, settings) {
    const need = event.kind === 'event' ? recordNeed(event, settings) : null;
    return need === null ? [] : [need];
  },
  interpret(event, stored, settings, fetched) {
    if (event.kind === 'record') return interpretRecord(readRecord(event, stored.occurredAt), settings);
    return interpretEvent(event, settings, fetched);
  },
  understands: ['company', 'contact', 'deal'].flatMap((type) =>
    ['creation', 'propertyChange', 'deletion', 'restore', 'associationChange'].map((change) => `${type}.${change}`),
  ),
});

async function verify(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  settings: HubspotSettings,
): Promise<Verification> {
  const address = settings.publicUrl ?? null;
  const legacy = settings.legacySignatures && !delivery.headers.has('x-hubspot-signature-v3');
  return legacy ? verifyHubspotLegacy(delivery, secrets, address) : verifyHubspotV3(delivery, secrets, address);
}

function address(event: HubspotEvent): EventAddress {
  if (event.kind === 'record') {
    const type = typeOf(event.objectTypeId, event.objectType);
    const id = String(event.objectId);
    const record = readRecord(event, 0);
    return {
      eventId: `${event.objectTypeId}/${id}/v${event.version}`,
      type: event.objectType.toLowerCase(),
      occurredAt: stampOf(record),
      customer:
        type === 'company' || type === 'contact'
          ? customerReference(type, id)
          : type === 'deal'
            ? dealCustomer(record.property)
            : null,
    };
  }
  const { type, change } = subjectOf(event);
  const object = event.objectId ?? event.primaryObjectId ?? `${event.fromObjectId ?? ''}-${event.toObjectId ?? ''}`;
  return {
    // HubSpot does not promise that `eventId` alone is unique.
    eventId: `${event.eventId}/${event.subscriptionId}/${event.occurredAt}/${object}`,
    type: `${type}.${change}`,
    occurredAt: event.occurredAt,
    customer:
      (type === 'company' || type === 'contact') && event.objectId !== null && event.objectId !== undefined
        ? customerReference(type, String(event.objectId))
        : null,
  };
}

const stampOf = ({ property }: HubspotRecord): number | null => {
  const stamp = property('hs_lastmodifieddate');
  return stamp !== null && /^\d{1,15}$/.test(stamp) ? Number(stamp) : null;
};

const standardTypes: ReadonlyMap<string, CustomerType | 'deal'> = new Map([
  ['0-1', 'contact'],
  ['0-2', 'company'],
  ['0-3', 'deal'],
]);

const typeOf = (objectTypeId: string | null | undefined, named: string): string =>
  standardTypes.get(objectTypeId ?? '') ?? named.toLowerCase();

function subjectOf(event: SubscriptionEvent): { readonly type: string; readonly change: string } {
  const [named = '', change = ''] = event.subscriptionType.split('.');
  return { type: named === 'object' ? typeOf(event.objectTypeId, named) : named, change };
}

const isWatched = (type: string): type is CustomerType | 'deal' => Object.hasOwn(watchedProperties, type);

/** Types of record that are known and concern no books. Custom objects are unknown: a person maps or mutes them. */
const withoutEffect: ReadonlySet<string> = new Set(['ticket', 'conversation', 'product', 'line_item', 'quote']);

function objection(event: HubspotEvent, settings: HubspotSettings): QuarantineReason | null {
  if (String(event.portalId) !== String(settings.portalId)) return otherAccount('portalId');
  const type = event.kind === 'record' ? typeOf(event.objectTypeId, event.objectType) : subjectOf(event).type;
  if (isWatched(type) || withoutEffect.has(type)) return null;
  return { code: 'unknown_type', detail: 'a type of record the gateway has no mapping for' };
}

/** The record a thin event is about, when something the books keep may have changed in it. */
function recordNeed(event: SubscriptionEvent, settings: HubspotSettings): EnrichmentNeed | null {
  const { type, change } = subjectOf(event);
  if (!isWatched(type) || event.objectId === null || event.objectId === undefined) return null;
  if (type !== 'deal' && !settings.customers.includes(type)) return null;
  const relevant =
    change === 'creation' || change === 'restore' || (change === 'propertyChange' && touches(event, type, settings));
  if (!relevant) return null;
  const properties = propertiesOf(type, settings).join(',');
  return { kind: 'record', id: `${type}/${event.objectId}?${properties}`, account: String(event.portalId) };
}

function touches(event: SubscriptionEvent, type: CustomerType | 'deal', settings: HubspotSettings): boolean {
  return [...watchedProperties[type], ...ownProperties(type, settings)].includes(event.propertyName ?? '');
}

/** What the tenant's config says is read of a customer. */
const ownProperties = (type: CustomerType | 'deal', settings: HubspotSettings): readonly string[] =>
  type === 'deal'
    ? []
    : [settings.taxIdProperty, ...Object.values(settings.referenceProperties)].filter((name) => name !== undefined);

/** What is asked for, in the config's order, so that the same event always asks the same. */
const propertiesOf = (type: CustomerType | 'deal', settings: HubspotSettings): readonly string[] => [
  ...watchedProperties[type],
  ...(type === 'deal' ? ['dealname', 'amount', 'deal_currency_code'] : ['hs_lastmodifieddate', 'lastmodifieddate']),
  ...ownProperties(type, settings),
];

function interpretEvent(event: SubscriptionEvent, settings: HubspotSettings, fetched: Enrichment): Interpretation {
  const { type, change } = subjectOf(event);
  if (!isWatched(type)) return nothing(`${type} records concern no books`);
  if (change === 'merge') return unsupported(`${type} records were merged: a person decides`);
  if (change === 'privacyDeletion') return unsupported('a privacy deletion: a person carries it out');
  if (change === 'deletion' && type !== 'deal' && settings.customers.includes(type)) {
    return customerFact(thinRecord(event, type, true), type, settings);
  }
  const need = recordNeed(event, settings);
  if (need === null) return nothing(`nothing of the ${type} that the books keep has changed`);
  const found = fetchedRecord.safeParse(fetched.get(enrichmentKey(need)));
  if (found.success && found.data.id === String(event.objectId)) {
    const { properties, archived } = found.data;
    const record = { ...thinRecord(event, type, archived === true), property: (name: string) => own(properties, name) };
    return interpretRecord(record, settings);
  }
  // The change of stage itself says that a deal is won; its name and amount stay unknown rather than guessed.
  if (type === 'deal') return dealFact(thinRecord(event, type, false), settings);
  return unsupported(`only the id of the ${type} came, and its record could not be read`);
}

const own = (properties: Readonly<Record<string, string | null>>, name: string): string | null =>
  (Object.hasOwn(properties, name) ? properties[name] : null) || null;

/** What the event itself says: one property at most. */
const thinRecord = (event: SubscriptionEvent, type: CustomerType | 'deal', deleted: boolean): HubspotRecord => ({
  type,
  id: String(event.objectId),
  deleted,
  occurredAt: event.occurredAt,
  property: (name) => (name === event.propertyName ? event.propertyValue || null : null),
});

function readRecord(event: WorkflowRecord, occurredAt: number): HubspotRecord {
  const type = typeOf(event.objectTypeId, event.objectType);
  const values = new Map(Object.entries(event.properties).map(([name, { value }]) => [name, value]));
  return {
    type: isWatched(type) ? type : 'deal',
    id: String(event.objectId),
    deleted: event.isDeleted,
    occurredAt,
    property: (name) => values.get(name) || null,
  };
}

function interpretRecord(record: HubspotRecord, settings: HubspotSettings): Interpretation {
  switch (record.type) {
    case 'company':
    case 'contact':
      return settings.customers.includes(record.type)
        ? customerFact(record, record.type, settings)
        : nothing(`${record.type} records are no customers of this tenant`);
    case 'deal':
      return dealFact(record, settings);
    default:
      return unreachable(record.type);
  }
}
