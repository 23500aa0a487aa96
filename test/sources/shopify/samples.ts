/** Shopify resources of our own making, in the shapes of its REST API. Ids beyond 2^53 are written into the text. */
import { bytes } from '../../verification/deliveries.ts';

export const headersOf = (topic: string, id = 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043') => ({
  'x-shopify-topic': topic,
  'x-shopify-shop-domain': 'acme.myshopify.com',
  'x-shopify-webhook-id': id,
  'x-shopify-triggered-at': '2026-11-20T10:00:01.123456789Z',
  'x-shopify-api-version': '2026-10',
});

const tax = (price: string) => ({ title: 'VAT', price, rate: 0.2 });

/** 2 × 50.00 − 10.00 + 5.00 shipping, each with 20 % on top. */
export const order = {
  id: 1001,
  name: '#1001',
  currency: 'EUR',
  financial_status: 'paid',
  taxes_included: false,
  total_price: '114.00',
  test: false,
  processed_at: '2026-11-20T11:00:00+01:00',
  email: 'ada@example.com',
  customer: { id: 7, first_name: 'Ada', last_name: 'Lovelace' },
  line_items: [
    {
      id: 11,
      name: 'Shirt',
      price: '50.00',
      quantity: 2,
      product_id: 21,
      discount_allocations: [{ amount: '10.00' }],
      tax_lines: [tax('18.00')],
    },
  ],
  shipping_lines: [{ id: 12, title: 'Parcel', price: '5.00', tax_lines: [tax('1.00')] }],
};

export const transaction = {
  id: 5001,
  order_id: 1001,
  kind: 'sale',
  status: 'success',
  amount: '114.00',
  currency: 'EUR',
  gateway: 'shopify_payments',
  test: false,
  processed_at: '2026-11-20T11:00:02+01:00',
};

export const refund = {
  id: 6001,
  order_id: 1001,
  created_at: '2026-11-21T11:00:00+01:00',
  refund_line_items: [{ id: 1 }],
  transactions: [{ ...transaction, id: 5002, parent_id: 5001, kind: 'refund', amount: '54.00' }],
};

export const dispute = (status: string, type = 'chargeback') => ({
  id: 7001,
  order_id: 1001,
  type,
  status,
  amount: '114.00',
  currency: 'EUR',
  initiated_at: '2026-11-22T11:00:00+01:00',
});

export const customer = {
  id: 7,
  first_name: 'Ada',
  last_name: 'Lovelace',
  email: 'ada@example.com',
  updated_at: '2026-11-20T11:00:00+01:00',
  default_address: { address1: '1 Main St', city: 'London', country_code: 'GB' },
};

export const product = { id: 21, title: 'Shirt', status: 'active', updated_at: '2026-11-20T11:00:00+01:00' };

export const body = (object: object) => bytes(JSON.stringify(object));
