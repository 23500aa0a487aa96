/** Records → facts. HubSpot announces customers and commitments, never money: a won deal is remembered, not booked. */
import type { PostalAddress } from '../../canonical/events.ts';
import type { EpochMs } from '../../canonical/ids.ts';
import { type Currency, currency, type MinorUnits, parseDecimal } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { facts, nothing } from '../reading.ts';
import { type Interpretation, keysOf, type QuarantineReason } from '../source.ts';
import type { HubspotSettings } from './settings.ts';

const key = keysOf('hubspot');

export type CustomerType = 'company' | 'contact';

/** A record as far as it is known. Ids of companies and contacts overlap, so a customer's reference names the type. */
export interface HubspotRecord {
  readonly type: CustomerType | 'deal';
  readonly id: string;
  readonly deleted: boolean;
  readonly occurredAt: EpochMs;
  readonly property: (name: string) => string | null;
}

export const customerReference = (type: CustomerType, id: string): string => `${type}-${id}`;

/** Properties the books keep, by type of record: another one's change needs no look at the record. */
export const watchedProperties: Readonly<Record<CustomerType | 'deal', readonly string[]>> = {
  company: ['name', 'phone', 'address', 'address2', 'city', 'zip', 'state', 'country'],
  contact: ['firstname', 'lastname', 'email', 'phone', 'address', 'city', 'zip', 'state', 'country'],
  deal: ['dealstage', 'hs_is_closed_won'],
};

/** The company a deal is with, where the record says so. */
export function dealCustomer(property: HubspotRecord['property']): string | null {
  const company = property('hs_primary_associated_company');
  return company !== null && /^\d{1,20}$/.test(company) ? customerReference('company', company) : null;
}

export const customerFact = (record: HubspotRecord, type: CustomerType, settings: HubspotSettings): Interpretation =>
  facts({
    kind: 'customer.upserted',
    occurredAt: record.occurredAt,
    requires: [],
    customer: key('customer', customerReference(type, record.id)),
    version: versionOf(record),
    name: type === 'company' ? record.property('name') : personName(record),
    email: type === 'contact' ? record.property('email') : null,
    phone: record.property('phone'),
    taxId: settings.taxIdProperty === undefined ? null : record.property(settings.taxIdProperty),
    address: addressOf(record),
    references: referencesOf(record, settings),
    deleted: record.deleted,
  });

/** Orders snapshots: the record's own stamp (epoch ms in workflows, ISO 8601 in the API), else the event's time. */
function versionOf({ property, occurredAt }: HubspotRecord): number {
  const stamp = property('hs_lastmodifieddate') ?? property('lastmodifieddate');
  if (stamp === null) return occurredAt;
  const instant = /^\d{1,15}$/.test(stamp) ? Number(stamp) : Date.parse(stamp);
  return Number.isSafeInteger(instant) ? instant : occurredAt;
}

function personName({ property }: HubspotRecord): string | null {
  const parts = [property('firstname'), property('lastname')].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(' ');
}

function addressOf({ property }: HubspotRecord): PostalAddress | null {
  const address: PostalAddress = {
    line1: property('address'),
    line2: property('address2'),
    city: property('city'),
    postalCode: property('zip'),
    state: property('state'),
    country: property('country'),
  };
  return Object.values(address).every((part) => part === null) ? null : address;
}

function referencesOf({ property }: HubspotRecord, settings: HubspotSettings): Readonly<Record<string, string>> {
  const found = Object.entries(settings.referenceProperties).flatMap(([system, name]): [string, string][] => {
    const id = property(name);
    return id === null ? [] : [[system, id]];
  });
  return Object.fromEntries(found);
}

export function dealFact(record: HubspotRecord, settings: HubspotSettings): Interpretation {
  if (record.deleted) return nothing('a deleted deal changes no books');
  const stage = record.property('dealstage');
  const won = record.property('hs_is_closed_won') === 'true' || (stage !== null && settings.wonStages.includes(stage));
  if (!won) return nothing('the deal is not won');
  const amount = dealAmount(record, settings);
  if (!amount.ok) return { kind: 'quarantine', reason: amount.error };
  const customer = dealCustomer(record.property);
  return facts({
    kind: 'deal.won',
    occurredAt: record.occurredAt,
    requires: [],
    deal: key('deal', record.id),
    customer: customer === null ? null : key('customer', customer),
    name: record.property('dealname') ?? record.id,
    ...amount.value,
  });
}

function dealAmount(
  { property }: HubspotRecord,
  settings: HubspotSettings,
): Result<{ readonly amount: MinorUnits | null; readonly currency: Currency | null }, QuarantineReason> {
  const code = property('deal_currency_code') ?? settings.currency ?? null;
  if (code !== null && !/^[A-Z]{3}$/.test(code)) {
    return err({ code: 'schema_mismatch', detail: 'properties.deal_currency_code: an ISO 4217 code' });
  }
  const named = code === null ? null : currency(code);
  const text = property('amount');
  if (text === null) return ok({ amount: null, currency: named });
  if (named === null) {
    return err({ code: 'schema_mismatch', detail: "amount without deal_currency_code: set the source's currency" });
  }
  const amount = parseDecimal(text, named);
  if (!amount.ok) return err({ code: 'schema_mismatch', detail: `properties.amount: a decimal (${amount.error})` });
  return ok({ amount: amount.value, currency: named });
}
