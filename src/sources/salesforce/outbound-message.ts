/**
 * Outbound Messages: SOAP envelopes of up to a hundred notifications, each one record as it is when the message leaves
 * (not as it was when the rule fired). They are not signed. Field list: Salesforce SOAP API guide, "Outbound
 * Messaging: notifications".
 *
 * An envelope may carry `SessionId`, a live token of the org's API. It is taken out before the delivery counts as
 * verified, so nothing downstream can store or log it; what is kept, and hashed, is each notification as JSON
 * (`notificationBytes`), without it.
 */
import { err, ok, type Result } from '../../canonical/result.ts';
import type { QuarantineReason } from '../source.ts';
import { sameId } from './ids.ts';
import { parseXml, type XmlElement, type XmlFailure } from './xml.ts';

/** A field's value as the envelope has it: text, absent by `xsi:nil`, or a compound (an address) of fields. */
export type FieldValue = string | null | { readonly [field: string]: FieldValue };

export interface Notification {
  readonly organizationId: string;
  readonly actionId: string;
  readonly notificationId: string;
  /** The sObject's API name, prefix removed. */
  readonly type: string;
  readonly fields: { readonly [field: string]: FieldValue };
}

/** Salesforce sends at most this many in one envelope. */
const maxNotifications = 100;
const maxFields = 1000;
const namePattern = /^[A-Za-z][A-Za-z0-9_]{0,79}$/;
const identifierPattern = /^[A-Za-z0-9]{15,18}$/;

/** UTF-8 text of an envelope, or null: other encodings are refused, since what we cannot read we cannot redact. */
export function envelopeText(body: Uint8Array<ArrayBuffer>): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

const sessionElement = /(<(?:[\w.-]{1,64}:)?SessionId(?:\s[^<>]{0,512})?>)(?:<!\[CDATA\[[\s\S]*?(?:\]\]>|$)|[^<])*/g;
/** What a session id looks like wherever it stands: the org's id, an exclamation mark, the token. */
const sessionToken = /\b00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?!\S{16,}?(?=[<\s"'&]|$)/g;

/** The envelope with every session id's value removed. Unchanged text when there is none. */
export const withoutSession = (text: string): string =>
  text.replace(sessionElement, '$1').replace(sessionToken, 'REDACTED');

/**
 * The organization an envelope says it is from, by its text alone: enough to refuse another org's before anything is
 * parsed (`readNotifications` compares again on the parsed document). `empty` is an envelope without notifications,
 * which some tools send as a test and which holds nothing to trust.
 */
export function claimedOrganization(text: string): string | 'empty' | null {
  const claimed = /<(?:[\w.-]{1,64}:)?OrganizationId>\s{0,64}([A-Za-z0-9]{15,18})\s{0,64}</.exec(text)?.[1];
  if (claimed !== undefined) return claimed;
  const isEnvelope = /<(?:[\w.-]{1,64}:)?notifications[\s/>]/.test(text);
  return isEnvelope && !/<(?:[\w.-]{1,64}:)?Notification[\s/>]/.test(text) ? 'empty' : null;
}

/** All notifications in the sender's order. Errors name what was expected, never what was there. */
export function readNotifications(
  text: string,
  organizationId: string,
): Result<readonly Notification[], QuarantineReason> {
  const document = parseXml(text);
  if (!document.ok) return err({ code: 'not_xml', detail: xmlFailures[document.error] });
  const body = document.value.name === 'Envelope' ? child(document.value, 'Body') : null;
  const envelope = body === null ? null : child(body, 'notifications');
  if (envelope === null) return unsupported('expected Envelope/Body/notifications');
  const elements = envelope.children.filter((element) => element.name === 'Notification');
  if (elements.length === 0) return ok([]);
  if (elements.length > maxNotifications) return unsupported(`more than ${maxNotifications} notifications`);
  const organization = textOf(envelope, 'OrganizationId');
  const actionId = textOf(envelope, 'ActionId');
  if (organization === null || !identifierPattern.test(organization))
    return unsupported('notifications/OrganizationId');
  if (!sameId(organization, organizationId)) {
    return err({ code: 'wrong_account', detail: 'notifications/OrganizationId: another organization' });
  }
  if (actionId === null || !identifierPattern.test(actionId)) return unsupported('notifications/ActionId');
  const notifications: Notification[] = [];
  for (const [index, element] of elements.entries()) {
    const read = readNotification(element, index);
    if (!read.ok) return read;
    notifications.push({ organizationId: organization, actionId, ...read.value });
  }
  return ok(notifications);
}

const xmlFailures: Readonly<Record<XmlFailure, string>> = {
  forbidden_markup: 'a document type or entity declaration',
  malformed: 'not well-formed',
  too_deep: 'nested too deeply',
  too_many_elements: 'too many elements or attributes',
  unknown_entity: 'an entity XML does not predefine',
};

const unsupported = (detail: string): Result<never, QuarantineReason> => err({ code: 'unsupported_shape', detail });

const child = (element: XmlElement, name: string): XmlElement | null =>
  element.children.find((candidate) => candidate.name === name) ?? null;

const isNil = (element: XmlElement): boolean => ['true', '1'].includes(element.attributes.get('nil')?.trim() ?? '');

function textOf(parent: XmlElement, name: string): string | null {
  const element = child(parent, name);
  return element === null || isNil(element) ? null : element.text.trim();
}

function readNotification(
  element: XmlElement,
  index: number,
): Result<Pick<Notification, 'notificationId' | 'type' | 'fields'>, QuarantineReason> {
  const path = `Notification[${index}]`;
  const notificationId = textOf(element, 'Id');
  if (notificationId === null || !identifierPattern.test(notificationId)) return unsupported(`${path}/Id`);
  const record = child(element, 'sObject');
  if (record === null) return unsupported(`${path}/sObject`);
  const type = record.attributes.get('type')?.trim().replace(/^.*:/s, '') ?? '';
  if (!namePattern.test(type)) return unsupported(`${path}/sObject/@type`);
  const fields = readFields(record, `${path}/sObject`);
  return fields.ok ? ok({ notificationId, type, fields: fields.value }) : fields;
}

/** The XML reader has bounded the depth, so this recursion is bounded too. */
function readFields(
  record: XmlElement,
  path: string,
): Result<{ readonly [field: string]: FieldValue }, QuarantineReason> {
  if (record.children.length > maxFields) return unsupported(`${path}: more than ${maxFields} fields`);
  const fields = new Map<string, FieldValue>();
  for (const [index, element] of record.children.entries()) {
    if (!namePattern.test(element.name)) return unsupported(`${path}/*[${index}]: not a field name`);
    const value = readValue(element, `${path}/${element.name}`);
    if (!value.ok) return value;
    const known = fields.get(element.name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(value.value)) {
      return unsupported(`${path}/${element.name}: given twice`);
    }
    fields.set(element.name, value.value);
  }
  return ok(Object.fromEntries(fields));
}

function readValue(element: XmlElement, path: string): Result<FieldValue, QuarantineReason> {
  if (isNil(element)) return ok(null);
  return element.children.length > 0 ? readFields(element, path) : ok(element.text);
}

/** The notification as it is kept and hashed: one JSON object, fields in the sender's order, no session. */
export const notificationBytes = (notification: Notification): Uint8Array<ArrayBuffer> =>
  new Uint8Array(new TextEncoder().encode(JSON.stringify({ kind: 'outbound-message', ...notification })));

/** The Ack of the outbound messaging WSDL, to the byte. One for all notifications of an envelope. */
export const acknowledgement =
  '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>';
