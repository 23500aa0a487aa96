import { describe, expect, it } from 'vitest';
import { err } from '../../src/canonical/result.ts';
import { chargebee } from '../../src/sources/chargebee/index.ts';
import { registerSource } from '../../src/sources/registered.ts';
import { salesforceSource } from '../../src/sources/salesforce/index.ts';
import { KeySets } from '../../src/verification/jwks.ts';
import { configured, read, verdict } from './interpreting.ts';
import { type Payload, payloadsOf } from './payloads.ts';

const salesforce = registerSource(salesforceSource(new KeySets(async () => err('unavailable'))));

/** Reads each payload with the settings that fit it, prints the table, and answers it. */
function tableOf(payloads: readonly Payload[], sourceFor: (payload: Payload) => ReturnType<typeof configured>) {
  const table = payloads.map((payload) => {
    const readings = read(sourceFor(payload), payload.body);
    return {
      file: payload.file,
      kind: payload.kind,
      verdicts: readings.map(verdict).join(', '),
      detail: readings
        .map((reading) =>
          reading.event !== null && reading.interpretation.kind === 'quarantine'
            ? reading.interpretation.reason.detail
            : '',
        )
        .join(' '),
    };
  });
  console.table(table);
  return table;
}

const verdictsByFile = (table: ReturnType<typeof tableOf>): Record<string, string> =>
  Object.fromEntries(table.map((row) => [row.file.replace(/^.*\//, '').replace(/__.*$/, ''), row.verdicts]));

describe('every public Chargebee payload is understood, or set aside with a reason', () => {
  const payloads = payloadsOf('chargebee') ?? [];

  it.skipIf(payloads.length === 0)('(skipped when ../shared/payloads is absent)', () => {
    const source = configured(registerSource(chargebee));
    expect(verdictsByFile(tableOf(payloads, () => source))).toEqual({
      customer_created: 'facts:customer.upserted',
      subscription_created: 'facts:subscription.changed',
      // Answers of the API, not events: they carry no event id.
      'api_customer-create': 'unreadable:unsupported_shape',
      'api_customer-update': 'unreadable:unsupported_shape',
      api_customers: 'unreadable:unsupported_shape',
      api_subscriptions: 'unreadable:unsupported_shape',
    });
  });
});

describe('every public Salesforce payload is understood, or set aside with a reason', () => {
  const xml = payloadsOf('salesforce_outbound_message') ?? [];
  const json = [...(payloadsOf('salesforce_cdc') ?? []), ...(payloadsOf('salesforce_ampersand') ?? [])];

  it.skipIf(xml.length === 0)('outbound messages (skipped when ../shared/payloads is absent)', () => {
    const organizationOf = (payload: Payload) =>
      /<OrganizationId>(\w+)</.exec(new TextDecoder().decode(payload.body))?.[1] ?? '00D000000000000';
    const table = tableOf(xml, (payload) =>
      configured(salesforce, { channel: 'outbound-message', organizationId: organizationOf(payload) }),
    );
    expect(verdictsByFile(table)).toEqual({
      DiscountRule: 'quarantined:unknown_type',
      Salesforce: 'no effect, no effect',
      'Salesforce.BadSecret': 'quarantined:unknown_type, quarantined:unknown_type, quarantined:unknown_type',
      OutboundMessage2: '',
      // Answers and service descriptions, which no sender sends.
      FaultResponse: 'unreadable:unsupported_shape',
      NotificationResponse: 'unreadable:unsupported_shape',
      wsdl_DiscountRule: 'unreadable:unsupported_shape',
      wsdl_ObjectToBeRemoved: 'unreadable:unsupported_shape',
    });
  });

  it.skipIf(json.length === 0)('change events and relays (skipped when ../shared/payloads is absent)', () => {
    const source = configured(salesforce, { channel: 'callout', auth: 'standard-webhooks' });
    expect(verdictsByFile(tableOf(json, () => source))).toEqual({
      cometd_cdc: 'no effect',
      cometd_generic: 'quarantined:unsupported_shape',
      'cometd_platform-event': 'quarantined:unknown_type',
      cometd_pushtopic: 'quarantined:unsupported_shape',
      'pubsub_v4-documentation': 'quarantined:unsupported_shape',
      update_contact: 'no effect',
      update_contact_compound_address: 'no effect',
      update_lead_compound_address: 'no effect',
      salesforce: 'unreadable:unsupported_shape',
    });
  });
});
