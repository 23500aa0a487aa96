/** Maxio's forms, written from nested objects. */
const pairs = (value: unknown, name: string): string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, each]) => pairs(each, name === '' ? key : `${name}[${key}]`))
    : [`${name}=${encodeURIComponent(String(value ?? ''))}`];

export const form = (event: string, payload: object, id = '141765008'): string =>
  pairs({ id, event, payload: { site: { id: 1, subdomain: 'acme' }, ...payload, event_id: 9 } }, '').join('&');

export const customer = {
  id: '14585695',
  first_name: 'Ada',
  last_name: 'L',
  organization: '',
  email: 'ada@example.com',
  reference: 'crm-1',
  updated_at: '2026-11-04 17:06:45 -0400',
};

export const subscription = {
  id: '15100141',
  state: 'active',
  updated_at: '2026-11-08 16:22:22 -0500',
  customer,
  product: { id: '3792003', name: 'Basic' },
};

export const transaction = (over: object = {}) => ({
  id: '161537369',
  type: 'Payment',
  kind: '',
  success: 'true',
  amount_in_cents: '6400',
  memo: 'Renewal payment',
  created_at: '2026-11-08 16:22:20 -0500',
  customer_id: '14585695',
  statement_id: '80168049',
  gateway_used: 'bogus',
  invoice_id: '',
  product_id: '3792003',
  ...over,
});

export const statement = (over: object = {}) => ({
  id: '80168049',
  closed_at: '2026-11-08 16:22:20 -0500',
  starting_balance_in_cents: '0',
  total_in_cents: '6400',
  transactions: {
    0: transaction({ id: '1', type: 'Charge', kind: 'baseline', amount_in_cents: '6000', memo: 'Basic' }),
    1: transaction({ id: '2', type: 'Adjustment', kind: 'coupon', amount_in_cents: '-600', memo: 'Coupon' }),
    2: transaction({ id: '3', type: 'Charge', kind: 'tax', amount_in_cents: '1000', memo: 'Tax' }),
    3: transaction(),
  },
  ...over,
});

export const invoice = (over: object = {}) => ({
  uid: 'inv_8htcd29wcq7q2',
  number: '125',
  status: 'open',
  customer_id: '14585695',
  issue_date: '2026-11-09',
  due_date: '2026-12-09',
  currency: 'USD',
  total_amount: '108.50',
  customer: { chargify_id: '14585695', organization: 'ACME', email: 'ap@acme.example' },
  line_items: {
    0: {
      uid: 'li_1',
      title: 'Basic',
      quantity: '1.0',
      subtotal_amount: '100.0',
      discount_amount: '10.0',
      tax_amount: '9.00',
      product_id: '3792003',
      period_range_start: '2026-11-09',
      period_range_end: '2026-12-09',
    },
    1: {
      uid: 'li_2',
      title: 'Seats',
      quantity: '18',
      subtotal_amount: '9.0',
      discount_amount: '0.0',
      tax_amount: '0.50',
      product_id: '',
    },
  },
  taxes: {
    0: { uid: 't1', title: 'State', percentage: '8', tax_amount: '8.00' },
    1: { uid: 't2', title: 'City', percentage: '1.5', tax_amount: '1.50' },
  },
  ...over,
});
