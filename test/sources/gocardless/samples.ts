/** GoCardless events and the resources they name, of our own making. */

let count = 0;
export const event = (type: string, links: Readonly<Record<string, string>>, change: object = {}) => {
  const [resource_type, action] = type.split('.');
  count += 1;
  return {
    id: `EV${String(count).padStart(6, '0')}`,
    created_at: '2026-11-20T10:00:00.000Z',
    resource_type,
    action,
    links: { organisation: 'OR000001', ...links },
    details: { origin: 'gocardless', cause: 'insufficient_funds', description: 'x' },
    metadata: {},
    ...change,
  };
};

export const webhook = (...events: readonly object[]) => ({ events, meta: { webhook_id: 'WB000001' } });

export const payment = { id: 'PM1', amount: 2500, currency: 'GBP', status: 'confirmed', metadata: { crm: 'CU-7' } };
export const refund = { id: 'RF1', amount: 500, currency: 'GBP', links: { payment: 'PM1' } };
export const payout = {
  id: 'PO1',
  amount: 2450,
  deducted_fees: 50,
  currency: 'GBP',
  payout_type: 'merchant',
  arrival_date: '2026-11-23',
};
export const customer = {
  id: 'CU1',
  given_name: 'Ada',
  family_name: 'Lovelace',
  company_name: null,
  country_code: 'GB',
};

/** As the API answers: each in its wrapper. */
export const api = new Map<string, unknown>([
  ['payment:PM1', { payments: payment }],
  ['refund:RF1', { refunds: refund }],
  ['payout:PO1', { payouts: payout }],
  ['customer:CU1', { customers: customer }],
]);
