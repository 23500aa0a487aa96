/** Lago webhooks with the members the books need, amounts that add up. */
export const event = (type: string, objectType: string, object: object) => ({
  webhook_type: type,
  object_type: objectType,
  organization_id: 'org_1',
  [objectType]: object,
});

const taxes = (amount: number) => [{ tax_code: 'fr_20', tax_rate: 20, amount_cents: amount }];

export const invoice = (over: object = {}) => ({
  lago_id: 'inv-1',
  number: 'ACM-001',
  issuing_date: '2026-11-20',
  payment_due_date: '2026-12-20',
  invoice_type: 'subscription',
  status: 'finalized',
  payment_status: 'pending',
  currency: 'EUR',
  fees_amount_cents: 10_000,
  coupons_amount_cents: 1000,
  taxes_amount_cents: 1800,
  credit_notes_amount_cents: 300,
  progressive_billing_credit_amount_cents: 0,
  prepaid_credit_amount_cents: 500,
  prepaid_granted_credit_amount_cents: 0,
  sub_total_excluding_taxes_amount_cents: 9000,
  sub_total_including_taxes_amount_cents: 10_800,
  total_amount_cents: 10_000,
  updated_at: '2026-11-20T10:00:00Z',
  voided_at: null,
  customer: { external_id: 'cus-1', name: 'ACME', email: 'ap@acme.example' },
  fees: [
    {
      lago_id: 'fee-1',
      item: { type: 'subscription', code: 'pro', name: 'Pro' },
      amount_cents: 7000,
      taxes_amount_cents: 1260,
      taxes_rate: 20,
      units: '1.0',
      from_date: '2026-11-01T00:00:00Z',
      to_date: '2026-11-30T23:59:59Z',
      applied_taxes: taxes(1260),
    },
    {
      lago_id: 'fee-2',
      item: { type: 'charge', code: 'seats', name: 'Seats' },
      amount_cents: 3000,
      taxes_amount_cents: 540,
      taxes_rate: 20,
      units: '12.6',
      applied_taxes: taxes(540),
    },
  ],
  ...over,
});

export const creditNote = (over: object = {}) => ({
  lago_id: 'cn-1',
  lago_invoice_id: 'inv-1',
  number: 'ACM-001-CN1',
  issuing_date: '2026-11-21',
  currency: 'EUR',
  sub_total_excluding_taxes_amount_cents: 900,
  coupons_adjustment_amount_cents: 100,
  taxes_amount_cents: 180,
  total_amount_cents: 1080,
  credit_amount_cents: 500,
  refund_amount_cents: 400,
  offset_amount_cents: 180,
  customer: { external_id: 'cus-1' },
  items: [
    { lago_id: 'cni-1', amount_cents: 700, fee: { item: { type: 'subscription', code: 'pro', name: 'Pro' } } },
    { lago_id: 'cni-2', amount_cents: 300, fee: { item: { type: 'charge', code: 'seats', name: 'Seats' } } },
  ],
  applied_taxes: taxes(180),
  ...over,
});

export const payment = (over: object = {}) => ({
  lago_id: 'pay-1',
  external_customer_id: 'cus-1',
  invoice_ids: ['inv-1'],
  amount_cents: 10_000,
  amount_currency: 'EUR',
  payment_status: 'succeeded',
  type: 'provider',
  created_at: '2026-11-20T11:00:00Z',
  ...over,
});

export const customer = {
  lago_id: 'lago-cus-1',
  external_id: 'cus-1',
  name: 'Ada',
  legal_name: 'ACME SAS',
  email: 'ap@acme.example',
  country: 'FR',
  updated_at: '2026-11-19T10:00:00Z',
  external_salesforce_id: '001A',
  billing_configuration: { payment_provider: 'stripe', provider_customer_id: 'cus_9' },
};

export const subscription = {
  lago_id: 'sub-1',
  external_customer_id: 'cus-1',
  plan_code: 'pro',
  status: 'active',
  created_at: '2026-11-01T00:00:00Z',
};
