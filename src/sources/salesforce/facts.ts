/**
 * Record changes → facts. Salesforce announces commitments, not money: nothing here moves the books' accounts.
 * A won deal is remembered (ASC 606: a contract, no right to consideration yet), a customer and a product are kept.
 */
import type { CanonicalEvent, PostalAddress } from '../../canonical/events.ts';
import type { EpochMs, ObjectKey } from '../../canonical/ids.ts';
import { type Currency, currency, type MinorUnits, parseDecimal } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { type EnrichmentNeed, type Interpretation, keysOf, type QuarantineReason } from '../source.ts';
import { isSalesforceId, longId } from './ids.ts';
import { instantOf, type JsonObject, property, textProperty } from './json.ts';
import type { RecordChange } from './record-change.ts';
import type { SalesforceSettings } from './settings.ts';

const key = keysOf('salesforce');

/** Standard objects that are known and concern no books. Custom objects are unknown: a person maps or mutes them. */
const withoutEffect: ReadonlySet<string> = new Set(
  `Asset AccountContactRelation AccountContactRole Attachment Campaign CampaignMember Case CaseComment Contact
  ContentDocument ContentVersion ContractContactRole Event FeedItem Lead Note OpportunityCompetitor
  OpportunityContactRole OpportunityLineItem OpportunitySplit OpportunityTeamMember OrderItem Pricebook2 PricebookEntry
  Quote QuoteLineItem Task User`.split(/\s+/),
);

export const understoodObjects = ['Account', 'Contract', 'Opportunity', 'Order', 'Product2'] as const;
type UnderstoodObject = (typeof understoodObjects)[number];

const isUnderstood = (type: string): type is UnderstoodObject => understoodObjects.some((name) => name === type);

export const isKnownObject = (type: string): boolean => isUnderstood(type) || withoutEffect.has(type);

/** The lane: the record's account, the catalogue for products, the source's own lane for what names no account. */
export function laneOf(change: RecordChange): {
  readonly customer: string | null;
  readonly sharedLane: 'account' | 'catalogue';
} {
  if (change.type === 'Product2') return { customer: null, sharedLane: 'catalogue' };
  if (change.type === 'Account') return { customer: change.recordId, sharedLane: 'account' };
  const accountId = textProperty(change.fields, 'AccountId');
  return {
    customer: accountId !== null && isSalesforceId(accountId) ? longId(accountId) : null,
    sharedLane: 'account',
  };
}

const nothing = (note: string): Interpretation => ({ kind: 'facts', facts: [], note });
const quarantine = (code: QuarantineReason['code'], detail: string): Interpretation => ({
  kind: 'quarantine',
  reason: { code, detail },
});

/** Fields the books keep, by object: a change event that touches none of them changes nothing. */
const watched: Readonly<Record<UnderstoodObject, readonly string[]>> = {
  Account: ['Name', 'Phone', 'PersonEmail', 'BillingAddress'],
  Product2: ['Name', 'Description', 'IsActive'],
  Opportunity: ['StageName', 'IsWon'],
  Contract: ['Status', 'StatusCode'],
  Order: ['Status', 'StatusCode'],
};

function touches(change: RecordChange, type: UnderstoodObject, settings: SalesforceSettings): boolean {
  if (change.complete || change.action === 'deleted' || change.changed === null) return true;
  const own = [settings.taxIdField, ...Object.values(settings.referenceFields)];
  const names = type === 'Account' ? [...watched.Account, ...own] : watched[type];
  return change.changed.some((name) => names.includes(name.split('.')[0] ?? name));
}

/** What must be known of a record beside what makes it worth booking. */
const neededFields: Readonly<Record<'Opportunity' | 'Contract' | 'Order', readonly string[]>> = {
  Opportunity: ['AccountId', 'Name', 'Amount', 'CurrencyIsoCode'],
  Contract: ['AccountId'],
  Order: ['AccountId'],
};

/** Unchanged fields are null or absent in a change event, so only a value or a stated clearing says anything. */
const isKnown = (change: RecordChange, name: string): boolean =>
  change.complete || textProperty(change.fields, name) !== null || change.cleared.includes(name);

/**
 * A change event carries changed fields only and a gap event none: a customer or product is a snapshot, so its record has
 * to be read; a deal or contract when something that is booked of it did not come.
 */
export function recordNeeded(change: RecordChange, settings: SalesforceSettings): EnrichmentNeed | null {
  const { type } = change;
  if (change.complete || change.action === 'deleted' || !isUnderstood(type)) return null;
  if (!touches(change, type, settings)) return null;
  const snapshot = type === 'Account' || type === 'Product2';
  if (!snapshot && !change.gap) {
    const concluded = type === 'Opportunity' ? isWon(change.fields, settings) : isActive(change.fields);
    const fields = neededFields[type].filter((name) => name !== 'CurrencyIsoCode' || settings.currency === undefined);
    if (!concluded || fields.every((name) => isKnown(change, name))) return null;
  }
  return { kind: 'record', id: `${type}/${change.recordId}`, account: change.organizationId };
}

/** What the event says over what the record says: the record may be newer or older, the event's own fields are its. */
function withRecord(change: RecordChange, record: JsonObject): RecordChange {
  const said = Object.fromEntries(Object.entries(change.fields).filter(([, value]) => (value ?? null) !== null));
  const cleared = Object.fromEntries(change.cleared.map((name) => [name, null]));
  return { ...change, fields: { ...record, ...cleared, ...said }, complete: true };
}

/** Deterministic in its arguments. `record` is the whole record as fetched, for changes that carry only a part. */
export function factsOf(
  change: RecordChange,
  occurredAt: EpochMs,
  record: JsonObject | null,
  settings: SalesforceSettings,
): Interpretation {
  if (withoutEffect.has(change.type)) return nothing(`${change.type} records concern no books`);
  if (!isUnderstood(change.type)) return quarantine('unknown_type', 'an object the gateway has no mapping for');
  if (!touches(change, change.type, settings))
    return nothing(`no field of ${change.type} that the books keep has changed`);
  const whole = change.complete || change.action === 'deleted' ? change.fields : record;
  if (change.gap && whole === null) return partial(change.type);
  const filled = whole === record && record !== null ? withRecord(change, record) : change;
  switch (change.type) {
    case 'Account':
      return whole === null ? partial('Account') : fact(customerUpserted(change, occurredAt, whole, settings));
    case 'Product2':
      return whole === null ? partial('Product2') : fact(productUpserted(change, occurredAt, whole));
    case 'Opportunity':
      return opportunityFacts(filled, occurredAt, settings);
    case 'Contract':
    case 'Order':
      return activationFacts(filled, occurredAt);
  }
}

const fact = (one: CanonicalEvent): Interpretation => ({ kind: 'facts', facts: [one], note: null });

const partial = (type: string): Interpretation =>
  quarantine('unsupported_shape', `only changed fields of ${type} came, and its record could not be read`);

/**
 * Orders snapshots of a record: its own stamp, else the time of the event. A change event's place within its second
 * counts where it is later: stamps are whole seconds, and two changes of one second would else look like one.
 */
const versionOf = (change: RecordChange, fields: JsonObject, occurredAt: EpochMs): number =>
  Math.max(
    change.version ?? 0,
    instantOf(textProperty(fields, 'SystemModstamp')) ??
      instantOf(textProperty(fields, 'LastModifiedDate')) ??
      (change.version === null ? occurredAt : 0),
  );

function customerUpserted(
  change: RecordChange,
  occurredAt: EpochMs,
  fields: JsonObject,
  settings: SalesforceSettings,
): CanonicalEvent {
  const references: Record<string, string> = {};
  for (const [system, field] of Object.entries(settings.referenceFields)) {
    const id = textProperty(fields, field);
    if (id !== null && id !== '') references[system] = id;
  }
  return {
    kind: 'customer.upserted',
    occurredAt,
    requires: [],
    customer: key('customer', change.recordId),
    version: versionOf(change, fields, occurredAt),
    name: textProperty(fields, 'Name'),
    email: textProperty(fields, 'PersonEmail'),
    phone: textProperty(fields, 'Phone'),
    taxId: settings.taxIdField === undefined ? null : textProperty(fields, settings.taxIdField),
    address: billingAddress(fields),
    references,
    deleted: change.action === 'deleted',
  };
}

/** Flat (`BillingCity`) or compound (`BillingAddress.City`, in REST answers `billingAddress.city`). */
function billingAddress(fields: JsonObject): PostalAddress | null {
  const compound = property(fields, 'BillingAddress');
  const part = (name: string): string | null =>
    textProperty(fields, `Billing${name}`) ??
    textProperty(compound, name) ??
    textProperty(compound, name.charAt(0).toLowerCase() + name.slice(1));
  const [line1 = null, ...rest] = part('Street')?.split(/\r?\n/) ?? [];
  const address: PostalAddress = {
    line1,
    line2: rest.length === 0 ? null : rest.join(', '),
    city: part('City'),
    postalCode: part('PostalCode'),
    state: part('StateCode') ?? part('State'),
    country: part('CountryCode') ?? part('Country'),
  };
  return Object.values(address).every((value) => value === null) ? null : address;
}

function productUpserted(change: RecordChange, occurredAt: EpochMs, fields: JsonObject): CanonicalEvent {
  return {
    kind: 'product.upserted',
    occurredAt,
    requires: [],
    product: key('product', change.recordId),
    version: versionOf(change, fields, occurredAt),
    name: textProperty(fields, 'Name') ?? change.recordId,
    description: textProperty(fields, 'Description'),
    active: change.action !== 'deleted' && textProperty(fields, 'IsActive') !== 'false',
  };
}

const accountOf = (change: RecordChange): ObjectKey | null => {
  const { customer } = laneOf(change);
  return customer === null ? null : key('customer', customer);
};

function isWon(fields: JsonObject, settings: SalesforceSettings): boolean {
  const stage = textProperty(fields, 'StageName');
  return textProperty(fields, 'IsWon') === 'true' || (stage !== null && settings.wonStages.includes(stage));
}

const isActive = (fields: JsonObject): boolean =>
  ['Status', 'StatusCode'].some((name) => textProperty(fields, name) === 'Activated');

function opportunityFacts(change: RecordChange, occurredAt: EpochMs, settings: SalesforceSettings): Interpretation {
  if (change.action === 'deleted') return nothing('a deleted opportunity changes no books');
  if (!isWon(change.fields, settings)) return nothing('the opportunity is not won');
  if (!change.complete && textProperty(change.fields, 'AccountId') === null) return withoutAccount('Opportunity');
  const amount = dealAmount(change.fields, settings);
  if (!amount.ok) return { kind: 'quarantine', reason: amount.error };
  return fact({
    kind: 'deal.won',
    occurredAt,
    requires: [],
    deal: key('deal', change.recordId),
    customer: accountOf(change),
    name: textProperty(change.fields, 'Name') ?? change.recordId,
    ...amount.value,
  });
}

/** The lane is the account's: a change that leaves the account out would be booked where the deal is not looked for. */
const withoutAccount = (type: string): Interpretation =>
  quarantine('unsupported_shape', `${type}: the change carries no AccountId; enrich the change event channel with it`);

function dealAmount(
  fields: JsonObject,
  settings: SalesforceSettings,
): Result<{ readonly amount: MinorUnits | null; readonly currency: Currency | null }, QuarantineReason> {
  const code = textProperty(fields, 'CurrencyIsoCode') ?? settings.currency ?? null;
  if (code !== null && !/^[A-Z]{3}$/.test(code)) {
    return err({ code: 'schema_mismatch', detail: 'CurrencyIsoCode: an ISO 4217 code' });
  }
  const named = code === null ? null : currency(code);
  const text = textProperty(fields, 'Amount');
  if (text === null || text === '') return ok({ amount: null, currency: named });
  if (named === null) {
    return err({ code: 'schema_mismatch', detail: "Amount without CurrencyIsoCode: set the source's currency" });
  }
  const plain = plainDecimal(text);
  const amount = plain === null ? null : parseDecimal(plain, named);
  if (amount === null || !amount.ok) {
    return err({
      code: 'schema_mismatch',
      detail: `Amount: a decimal (${amount === null || amount.ok ? 'not_a_decimal' : amount.error})`,
    });
  }
  return ok({ amount: amount.value, currency: named });
}

/** SOAP writes doubles as Java does, `1.0E7` from ten million on: the same digits without exponent. Null if it is no number. */
export function plainDecimal(text: string): string | null {
  const match = /^(-?)(\d{1,17})(?:\.(\d{1,17}))?(?:[Ee]\+?(-?\d{1,2}))?$/.exec(text.trim());
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  const digits = whole + fraction;
  const point = whole.length + exponent;
  const padded = point < 1 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0');
  const at = Math.max(point, 1);
  const integer = padded.slice(0, at).replace(/^0+(?=\d)/, '');
  const decimals = padded.slice(at).replace(/0+$/, '');
  return `${sign}${integer}${decimals === '' ? '' : `.${decimals}`}`;
}

function activationFacts(change: RecordChange, occurredAt: EpochMs): Interpretation {
  if (change.action === 'deleted') return nothing(`a deleted ${change.type.toLowerCase()} changes no books`);
  if (!isActive(change.fields)) return nothing(`the ${change.type.toLowerCase()} is not activated`);
  if (!change.complete && textProperty(change.fields, 'AccountId') === null) return withoutAccount(change.type);
  const names = ['Name', 'ContractNumber', 'OrderNumber'].map((name) => textProperty(change.fields, name));
  return fact({
    kind: 'contract.activated',
    occurredAt,
    requires: [],
    contract: key(change.type === 'Order' ? 'order' : 'contract', change.recordId),
    customer: accountOf(change),
    name: names.find((name) => name !== null && name !== '') ?? change.recordId,
  });
}
