/** Recurly's notifications and the objects behind them, amounts that add up. */
export const notification = (objectType: string, eventType: string, id = 'obj1') => ({
  id,
  object_type: objectType,
  site_id: 'qc326l1hl8k9',
  event_type: eventType,
  event_time: '2026-11-20T10:00:00Z',
  account_code: 'acme',
});

export const account = {
  id: 'acc1',
  code: 'acme',
  state: 'active',
  company: 'ACME',
  first_name: 'Ada',
  last_name: 'L',
  email: 'ap@acme.example',
  vat_number: 'FR1',
  updated_at: '2026-11-20T09:59:59Z',
  address: { street1: '1 rue X', city: 'Paris', postal_code: '75001', country: 'FR' },
};

export const invoice = (over: object = {}) => ({
  id: 'inv1',
  type: 'charge',
  state: 'pending',
  account: { code: 'acme' },
  number: '1001',
  currency: 'EUR',
  total: 130.8,
  created_at: '2026-11-20T10:00:00Z',
  due_at: '2026-12-20T10:00:00Z',
  has_more_line_items: false,
  credit_payments: [],
  line_items: [
    {
      id: 'li1',
      description: 'Pro',
      plan_code: 'pro',
      quantity: 2,
      subtotal: 100.0,
      discount: 0.1,
      tax: 19.98,
      tax_info: { type: 'vat', region: 'FR', rate: 0.2 },
      start_date: '2026-11-20T00:00:00Z',
      end_date: '2026-12-20T00:00:00Z',
    },
    { id: 'li2', description: 'Setup', quantity: 1, subtotal: 10.92, discount: 0, tax: 1.82, tax_inclusive: true },
  ],
  ...over,
});

export const transaction = (over: object = {}) => ({
  id: 'tx1',
  type: 'purchase',
  status: 'success',
  account: { code: 'acme' },
  invoice: { id: 'inv1' },
  amount: 130.8,
  currency: 'EUR',
  created_at: '2026-11-20T10:01:00Z',
  collected_at: '2026-11-20T10:02:00Z',
  ...over,
});

export const subscription = {
  id: 'sub1',
  account: { code: 'acme' },
  state: 'active',
  plan: { code: 'pro' },
  quantity: 2,
  updated_at: '2026-11-20T10:00:00Z',
};

const accountXml =
  '<account><account_code>acme</account_code><username nil="true"/><email>ap@acme.example</email><first_name>Ada</first_name><last_name>L</last_name><company_name nil="true"/></account>';

export const xml = (type: string, rest = ''): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${type}_notification>${accountXml}${rest}</${type}_notification>`;

export const xmlInvoice = (total = '12000'): string =>
  `<invoice><uuid>u1</uuid><invoice_number_prefix/><invoice_number type="integer">7</invoice_number><currency>EUR</currency><total_in_cents type="integer">${total}</total_in_cents><tax_in_cents type="integer">2000</tax_in_cents><subtotal_in_cents type="integer">10000</subtotal_in_cents><discount_in_cents type="integer">500</discount_in_cents><created_at type="datetime">2026-11-20T10:00:00Z</created_at><due_on type="dateTime" nil="true"/></invoice>`;

export const xmlTransaction = (over: Readonly<Record<string, string>> = {}): string => {
  const members = {
    id: 't1',
    invoice_id: 'u1',
    action: 'purchase',
    date: '2026-11-20T10:05:00Z',
    amount_in_cents: '12000',
    payment_method: 'credit_card',
    status: 'success',
    test: 'false',
    ...over,
  };
  return `<transaction>${Object.entries(members)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')}</transaction>`;
};
