/** Paddle events with the members the books need, amounts that add up. */
export const AT = '2026-11-20T10:00:00.123456Z';

export const event = (type: string, data: object, id = 'evt_1') => ({
  event_id: id,
  event_type: type,
  occurred_at: AT,
  notification_id: 'ntf_1',
  data,
});

export const transaction = (over: object = {}, details: object = {}) => ({
  id: 'txn_1',
  status: 'completed',
  customer_id: 'ctm_1',
  currency_code: 'EUR',
  collection_mode: 'automatic',
  invoice_number: '325-1',
  billed_at: '2026-11-20T09:59:00Z',
  billing_period: { starts_at: '2026-11-20T00:00:00Z', ends_at: '2026-12-20T00:00:00Z' },
  items: [
    { price: { id: 'pri_month', billing_cycle: { interval: 'month', frequency: 1 } }, quantity: 2 },
    { price: { id: 'pri_once', billing_cycle: null }, quantity: 1 },
  ],
  payments: [
    {
      payment_attempt_id: 'pa_2',
      amount: '12000',
      status: 'captured',
      error_code: null,
      created_at: '2026-11-20T09:58:00Z',
      captured_at: '2026-11-20T09:59:30.5Z',
    },
    {
      payment_attempt_id: 'pa_1',
      amount: '12000',
      status: 'error',
      error_code: 'declined',
      created_at: '2026-11-20T09:57:00Z',
      captured_at: null,
    },
  ],
  details: {
    totals: {
      subtotal: '11000',
      discount: '1000',
      tax: '2000',
      total: '12000',
      credit: '0',
      credit_to_balance: '0',
      balance: '0',
    },
    payout_totals: {
      total: '12000',
      tax: '2000',
      fee: '600',
      earnings: '9400',
      currency_code: 'EUR',
      exchange_rate: '1',
    },
    line_items: [
      {
        id: 'txnitm_1',
        price_id: 'pri_month',
        quantity: 2,
        product: { id: 'pro_1', name: 'Pro' },
        totals: { subtotal: '10000', discount: '1000', tax: '1800', total: '10800' },
      },
      {
        id: 'txnitm_2',
        price_id: 'pri_once',
        quantity: 1,
        product: { id: 'pro_2', name: 'Setup' },
        totals: { subtotal: '1000', discount: '0', tax: '200', total: '1200' },
      },
    ],
    ...details,
  },
  ...over,
});

export const adjustment = (over: object = {}) => ({
  id: 'adj_1',
  action: 'refund',
  status: 'approved',
  transaction_id: 'txn_1',
  customer_id: 'ctm_1',
  currency_code: 'EUR',
  credit_applied_to_balance: null,
  items: [{ id: 'adjitm_1', item_id: 'txnitm_2', totals: { subtotal: '1000', tax: '200', total: '1200' } }],
  totals: { subtotal: '1000', tax: '200', total: '1200' },
  payout_totals: { subtotal: '1000', tax: '200', total: '1200', fee: '50', earnings: '950', currency_code: 'EUR' },
  updated_at: '2026-11-21T10:00:00Z',
  ...over,
});
