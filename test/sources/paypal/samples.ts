/** PayPal events of our own making, in the shapes of its API specifications. */

export const event = (event_type: string, resource: object) => ({
  id: 'WH-58D329510W468432D-8HN650336L201105X',
  create_time: '2026-11-20T10:00:00.000Z',
  event_type,
  resource,
});

const usd = (value: string) => ({ value, currency_code: 'USD' });

export const capture = {
  id: '42311647XV020574X',
  amount: usd('100.00'),
  seller_receivable_breakdown: { gross_amount: usd('100.00'), paypal_fee: usd('3.20'), net_amount: usd('96.80') },
};

export const refund = {
  id: '1JU08902781691411',
  amount: usd('10.00'),
  seller_payable_breakdown: { gross_amount: usd('10.00'), paypal_fee: usd('0.20'), net_amount: usd('9.80') },
  links: [
    { rel: 'self', href: 'https://api.paypal.com/v2/payments/refunds/1JU08902781691411' },
    { rel: 'up', href: 'https://api.paypal.com/v2/payments/captures/42311647XV020574X' },
  ],
};

export const sale = {
  id: '80021663DE681814L',
  amount: { total: '23.00', currency: 'EUR' },
  transaction_fee: { value: '0.97', currency: 'EUR' },
  billing_agreement_id: 'I-BW452GLLEP1G',
};

export const dispute = {
  dispute_id: 'PP-000-042-663-135',
  dispute_amount: usd('3.00'),
  disputed_transactions: [{ seller_transaction_id: '42311647XV020574X' }],
};

export const subscription = {
  id: 'I-BW452GLLEP1G',
  status: 'ACTIVE',
  plan_id: 'P-5ML4271244454362WXNWU5NQ',
  quantity: '2',
  subscriber: { payer_id: 'QYR5Z8XDVJNXQ' },
};

export const payoutItem = {
  payout_item_id: '8AELMXH8UB2P8',
  payout_item: { amount: usd('9.87') },
  payout_item_fee: usd('0.25'),
};
