/** WooCommerce resources of our own making, in the shapes of its REST API version 3. */
import { bytes } from '../../verification/deliveries.ts';

export const headersOf = (topic: string) => ({
  'x-wc-webhook-topic': topic,
  'x-wc-webhook-source': 'https://shop.example/',
  'x-wc-webhook-id': '4',
  'x-wc-webhook-delivery-id': '1e39b411c16382875440af2d87b25755',
});

const tax = (id: number, total: string) => ({ id, total, subtotal: total });

/** 2 × 50.00 − 10.00, 5.00 shipping and a 1.00 fee, each with 20 % on top. */
export const order = (over: object = {}) => ({
  id: 1001,
  number: 'W-1001',
  status: 'processing',
  currency: 'EUR',
  prices_include_tax: false,
  total: '115.20',
  customer_id: 7,
  payment_method: 'stripe',
  transaction_id: 'ch_1',
  date_created_gmt: '2026-11-20T09:58:00',
  date_modified_gmt: '2026-11-20T10:00:05',
  date_paid_gmt: '2026-11-20T10:00:00',
  billing: { first_name: 'Ada', last_name: 'Lovelace', company: '', email: 'ada@example.com' },
  line_items: [
    {
      ...{ id: 11, name: 'Shirt', product_id: 21, variation_id: 0, quantity: 2 },
      ...{ subtotal: '100.00', subtotal_tax: '20.00', total: '90.00', total_tax: '18.00', taxes: [tax(1, '18')] },
    },
  ],
  shipping_lines: [{ id: 12, method_title: 'Parcel', total: '5.00', total_tax: '1.00', taxes: [tax(1, '1')] }],
  fee_lines: [{ id: 13, name: 'Wrapping', total: '1.00', total_tax: '0.20', taxes: [tax(1, '0.2')] }],
  tax_lines: [
    {
      ...{ id: 14, rate_id: 1, rate_code: 'FR-TVA-1', label: 'TVA', rate_percent: 20 },
      ...{ tax_total: '18.20', shipping_tax_total: '1.00' },
    },
  ],
  refunds: [],
  ...over,
});

export const customer = (over: object = {}) => ({
  id: 7,
  ...{ role: 'customer', username: 'ada', is_paying_customer: true, first_name: 'Ada', last_name: 'Lovelace' },
  email: 'ada@example.com',
  date_modified_gmt: '2026-11-20T10:00:00',
  billing: {
    ...{ company: 'Engines Ltd', address_1: '1 Main St', address_2: '', city: 'London', postcode: 'N1' },
    ...{ state: '', country: 'GB', phone: '' },
  },
  ...over,
});

export const product = (over: object = {}) => ({
  ...{ id: 21, name: 'Shirt', type: 'simple', status: 'publish', catalog_visibility: 'visible', price: '50' },
  date_modified_gmt: '2026-11-20T10:00:00',
  ...over,
});

export const body = (object: object) => bytes(JSON.stringify(object));
