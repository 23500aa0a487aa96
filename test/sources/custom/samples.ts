/** A billing system nobody has heard of, as a tenant would describe it. */
import { createHmac } from 'node:crypto';

export const SECRET = 'a-shared-secret-of-the-billing-system';

/** Source settings: HMAC over time and body, invoices and payments, amounts as decimals in major units. */
export const acmeBilling = {
  provider: 'custom',
  secrets: ['secret://acme-billing'],
  entity: 'demo-eu',
  system: 'acmebill',
  auth: {
    scheme: 'hmac',
    algorithm: 'sha512',
    encoding: 'base64',
    header: 'x-acme-signature',
    value: 't={timestamp},s={signature}',
    content: '{timestamp}.{body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  },
  event: {
    batch: '$.events',
    id: '$.id',
    type: '$.topic',
    time: { path: '$.at', unit: 'iso8601' },
    customer: ['$.invoice.client', '$.payment.client', '$.client.id'],
  },
  types: {
    'client.saved': {
      facts:
        "{'kind': 'customer.upserted', 'customer': event.client.id, 'name': event.client.name, 'email': event.client.?email.orValue(null)}",
    },
    'invoice.sent': {
      schema: {
        type: 'object',
        required: ['invoice'],
        properties: {
          invoice: {
            type: 'object',
            required: ['no', 'client', 'currency', 'rows'],
            properties: { no: { type: 'string', pattern: '^INV-' }, rows: { type: 'array', minItems: 1 } },
          },
        },
      },
      facts: [
        'cel.bind(inv, event.invoice, cel.bind(rows, inv.rows.map(r, {',
        "  'id': r.id, 'description': r.text, 'net': minor(r.net, inv.currency),",
        "  'taxes': [{'code': r.vat_code, 'amount': minor(r.vat, inv.currency)}]",
        '}), {',
        "  'kind': 'invoice.issued', 'invoice': inv.no, 'number': inv.no, 'customer': inv.client,",
        "  'currency': upper(inv.currency), 'lines': rows,",
        "  'total': sum(rows.map(r, r.net + r.taxes[0].amount)),",
        "  'dueAt': instant(inv.due)",
        '}))',
      ],
    },
    'payment.received': {
      facts:
        "{'kind': 'payment.captured', 'payment': event.payment.ref, 'invoice': event.payment.?invoice.orValue(null), 'customer': event.payment.client, 'currency': event.payment.currency, 'amount': event.payment.cents}",
    },
    ping: { facts: null },
  },
} as const;

export const invoiceSent = {
  id: 'e-1',
  topic: 'invoice.sent',
  at: '2026-11-20T10:00:00+01:00',
  invoice: {
    no: 'INV-9007199254740993',
    client: 'C1',
    currency: 'eur',
    due: '2026-12-20',
    rows: [
      { id: 'r1', text: 'Licence', net: '100.00', vat_code: 'FR-20', vat: '20.00' },
      { id: 'r2', text: 'Support', net: '33.34', vat_code: 'FR-20', vat: '6.67' },
    ],
  },
};
export const paymentReceived = {
  id: 'e-2',
  topic: 'payment.received',
  at: '2026-11-21T08:00:00Z',
  payment: { ref: 'P1', client: 'C1', invoice: 'INV-9007199254740993', currency: 'EUR', cents: 16001 },
};
export const clientSaved = {
  id: 'e-0',
  topic: 'client.saved',
  at: '2026-11-19T08:00:00Z',
  client: { id: 'C1', name: 'Client One' },
};

export const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> =>
  new Uint8Array(new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)));

/** Headers as the sender makes them, by Node's own HMAC. `at` in epoch ms. */
export function signAcme(body: Uint8Array, at: number, secret = SECRET): Record<string, string> {
  const seconds = Math.floor(at / 1000);
  const signature = createHmac('sha512', secret).update(`${seconds}.`).update(body).digest('base64');
  return { 'content-type': 'application/json', 'x-acme-signature': `t=${seconds},s=${signature}` };
}

/** The provider's part of a source's config. */
export const settingsOf = ({ provider: _p, secrets: _s, entity: _e, ...rest }: typeof acmeBilling) => rest;
