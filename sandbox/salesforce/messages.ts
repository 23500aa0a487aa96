/**
 * What Salesforce sends, made to measure: outbound message envelopes and signed callouts, for tests and the demo.
 * Pure but for the signature's HMAC; ids and instants are passed in.
 */

/** Field values as SOAP writes them; null becomes `xsi:nil`. */
export type RecordFields = Readonly<Record<string, string | null>>;

export interface OutboundNotification {
  /** `04l…`, 18 characters; the same id is the same notification, however often it is sent. */
  readonly id: string;
  readonly type: string;
  readonly fields: RecordFields;
}

export interface OutboundEnvelope {
  readonly organizationId: string;
  /** `04k…` */
  readonly actionId: string;
  readonly notifications: readonly OutboundNotification[];
  /** A live token, as orgs that were not told otherwise send it; absent: `xsi:nil`. */
  readonly sessionId?: string;
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const element = (name: string, value: string | null): string =>
  value === null ? `<${name} xsi:nil="true"/>` : `<${name}>${escapeXml(value)}</${name}>`;

/** The envelope Salesforce would POST with content type `text/xml; charset=UTF-8`. */
export function outboundMessage(envelope: OutboundEnvelope): string {
  const notifications = envelope.notifications.map(({ id, type, fields }) => {
    const values = Object.entries(fields).map(([name, value]) => element(`sf:${name}`, value));
    const record = `<sObject xsi:type="sf:${type}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">${values.join('')}</sObject>`;
    return `<Notification>${element('Id', id)}${record}</Notification>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
    '<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">',
    element('OrganizationId', envelope.organizationId),
    element('ActionId', envelope.actionId),
    element('SessionId', envelope.sessionId ?? null),
    element('EnterpriseUrl', `https://example.my.salesforce.com/services/Soap/c/62.0/${envelope.organizationId}`),
    element('PartnerUrl', `https://example.my.salesforce.com/services/Soap/u/62.0/${envelope.organizationId}`),
    ...notifications,
    '</notifications></soapenv:Body></soapenv:Envelope>',
  ].join('');
}

interface Stamped {
  readonly notificationId: string;
  readonly recordId: string;
  /** `2026-11-22T10:00:00.000Z` */
  readonly modifiedAt: string;
}

const stamped = (at: Stamped, fields: RecordFields): RecordFields => ({
  Id: at.recordId,
  ...fields,
  LastModifiedDate: at.modifiedAt,
  SystemModstamp: at.modifiedAt,
});

export const accountNotification = (
  at: Stamped,
  account: { readonly name: string; readonly phone?: string; readonly country?: string },
): OutboundNotification => ({
  id: at.notificationId,
  type: 'Account',
  fields: stamped(at, {
    Name: account.name,
    Phone: account.phone ?? null,
    BillingCountryCode: account.country ?? null,
  }),
});

/** `amount` as Salesforce writes doubles: `12500.0`. */
export const opportunityNotification = (
  at: Stamped,
  deal: {
    readonly accountId: string;
    readonly name: string;
    readonly stage: string;
    readonly amount: string | null;
    readonly currency?: string;
  },
): OutboundNotification => ({
  id: at.notificationId,
  type: 'Opportunity',
  fields: stamped(at, {
    AccountId: deal.accountId,
    Name: deal.name,
    StageName: deal.stage,
    IsWon: String(deal.stage === 'Closed Won'),
    Amount: deal.amount,
    ...(deal.currency === undefined ? {} : { CurrencyIsoCode: deal.currency }),
  }),
});

export const contractNotification = (
  at: Stamped,
  contract: { readonly accountId: string; readonly number: string; readonly status: string },
): OutboundNotification => ({
  id: at.notificationId,
  type: 'Contract',
  fields: stamped(at, { AccountId: contract.accountId, ContractNumber: contract.number, Status: contract.status }),
});

export interface Callout {
  readonly id: string;
  readonly type: string;
  readonly occurredAt: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly deleted?: boolean;
}

/** The callout's body and the Standard Webhooks headers Apex would set. `secret` is `whsec_…`, `sentAt` seconds. */
export async function signedCallout(
  callout: Callout,
  secret: string,
  sentAt: number,
): Promise<{ readonly body: string; readonly headers: Readonly<Record<string, string>> }> {
  const body = JSON.stringify(callout);
  const raw = Uint8Array.from(atob(secret.replace(/^whsec_/, '')), (character) => character.charCodeAt(0));
  const hmac = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const signed = new TextEncoder().encode(`${callout.id}.${sentAt}.${body}`);
  const signature = new Uint8Array(await crypto.subtle.sign('HMAC', hmac, signed));
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': callout.id,
      'webhook-timestamp': String(sentAt),
      'webhook-signature': `v1,${btoa(String.fromCharCode(...signature))}`,
    },
  };
}
