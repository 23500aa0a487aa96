import { describe, expect, it } from 'vitest';
import { err } from '../../src/canonical/result.ts';
import { docusign } from '../../src/sources/docusign/index.ts';
import { hubspot } from '../../src/sources/hubspot/index.ts';
import { plaidSource } from '../../src/sources/plaid/index.ts';
import { PlaidKeys } from '../../src/sources/plaid/keys.ts';
import { quickbooks } from '../../src/sources/quickbooks/index.ts';
import { type RegisteredSource, registerSource } from '../../src/sources/registered.ts';
import { xero } from '../../src/sources/xero/index.ts';
import { configured, read, verdict } from './interpreting.ts';
import { payloadsOf } from './payloads.ts';

interface Family {
  readonly provider: string;
  readonly source: RegisteredSource;
  /** Settings that fit the sample, by file where they differ. */
  readonly config: (file: string) => Readonly<Record<string, unknown>>;
  /** What each sample becomes. Answers of an API are no webhooks: what a thin event leads to, never the event. */
  readonly expected: Readonly<Record<string, readonly string[]>>;
}

const apiAnswer = ['unreadable:unsupported_shape'] as const;

const families: readonly Family[] = [
  {
    provider: 'hubspot',
    source: registerSource(hubspot),
    config: (file) => ({ portalId: file.includes('contact.creation') ? 62515 : 27145807, currency: 'USD' }),
    expected: {
      'hubspot/COMPANY__webhook-samples.json': ['facts:customer.upserted'],
      // An open deal: nothing is won yet.
      'hubspot/DEAL__webhook-samples.json': ['no effect'],
      // Thin: the contact's record has to be read, which needs the API.
      'hubspot/contact.creation__hubspot-api-nodejs.json': ['quarantined:unsupported_shape'],
    },
  },
  {
    provider: 'xero',
    source: registerSource(xero),
    config: () => ({ tenantId: 'aef86862-2015-4b6b-88bc-d89032cecc50' }),
    expected: {
      'xero/creditNoteCreate__Xero-OpenAPI.json': ['no effect'],
      'xero/xero-webhooks-openapi__Xero-OpenAPI.yaml': ['unreadable:not_json'],
      'xero/api_accounts__connectors.json': apiAnswer,
      'xero/api_contacts__connectors.json': apiAnswer,
      'xero/api_create-contactGroups__connectors.json': apiAnswer,
      'xero/api_purchase-orders-first__connectors.json': apiAnswer,
      'xero/api_purchase-orders-second__connectors.json': apiAnswer,
      'xero/api_update-contactGroups__connectors.json': apiAnswer,
    },
  },
  {
    provider: 'quickbooks',
    source: registerSource(quickbooks),
    config: () => ({ realmId: '1' }),
    expected: {
      'quickbooks/api_account-read-with-next-page__connectors.json': apiAnswer,
      'quickbooks/api_account-read__connectors.json': apiAnswer,
      'quickbooks/api_create-account__connectors.json': apiAnswer,
      'quickbooks/api_create-customer__connectors.json': apiAnswer,
      'quickbooks/api_create-purchase__connectors.json': apiAnswer,
      'quickbooks/api_custom-fields_customer-read-with-custom-fields__connectors.json': apiAnswer,
      'quickbooks/api_custom-fields_invoice-read-with-custom-fields__connectors.json': apiAnswer,
      'quickbooks/api_customer-read__connectors.json': apiAnswer,
      'quickbooks/api_item-read__connectors.json': apiAnswer,
    },
  },
  {
    provider: 'plaid',
    source: registerSource(plaidSource(new PlaidKeys(async () => err('unavailable')))),
    config: () => ({}),
    expected: { 'plaid/TRANSACTIONS_SYNC_UPDATES_AVAILABLE__payments.json': ['no effect'] },
  },
  {
    provider: 'docusign',
    source: registerSource(docusign),
    config: () => ({}),
    // A sample of the schema: its event, ids and times are empty.
    expected: { 'docusign/connect_v2_sample__OpenAPI-Specifications.json': apiAnswer },
  },
];

describe.each(families)('every public payload of $provider', ({ provider, source, config, expected }) => {
  const payloads = payloadsOf(provider);
  it.skipIf(payloads === null)('becomes exactly what is expected (skipped when ../shared/payloads is absent)', () => {
    const found = (payloads ?? []).map(({ file, body }) => [
      file,
      read(configured(source, config(file)), body).map(verdict),
    ]);
    expect(Object.fromEntries(found)).toEqual(expected);
  });
});
