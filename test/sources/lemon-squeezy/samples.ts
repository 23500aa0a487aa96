/** Lemon Squeezy resources of our own making, in the shapes of its API reference. */
import { bytes } from '../../verification/deliveries.ts';

const event = (name: string, type: string, attributes: object, id: string | number = '1') => ({
  meta: { event_name: name, custom_data: { account: 'a-1' } },
  data: { type, id, attributes: { store_id: 5, test_mode: false, ...attributes } },
});

const times = { created_at: '2026-11-20T10:00:00.000000Z', updated_at: '2026-11-20T10:00:05.000000Z' };

/** 2 × 50.00 + 20.00 set-up − 10.00, and 22.00 of tax on top. */
const priced = {
  customer_id: 7,
  user_name: 'Ada Lovelace',
  user_email: 'ada@example.com',
  currency: 'EUR',
  status: 'paid',
  subtotal: 12_000,
  discount_total: 1000,
  tax: 2200,
  total: 13_200,
  refunded_amount: 0,
  refunded_at: null,
  ...times,
};

export const order = (name: string, over: object = {}, id: string | number = '1') =>
  event(
    name,
    'orders',
    {
      ...priced,
      order_number: 42,
      setup_fee: 2000,
      first_order_item: { product_id: 3, product_name: 'Editor', price: 5000, quantity: 2 },
      ...over,
    },
    id,
  );

export const invoice = (name: string, over: object = {}) =>
  event(name, 'subscription-invoices', { ...priced, subscription_id: 9, billing_reason: 'renewal', ...over });

export const subscription = (name: string, over: object = {}) =>
  event(name, 'subscriptions', {
    ...{ customer_id: 7, product_id: 3, status: 'active', first_subscription_item: { quantity: 5 } },
    ...times,
    ...over,
  });

export const licence = event('license_key_created', 'license-keys', { customer_id: 7, ...times });

export const body = (one: object) => bytes(JSON.stringify(one));
