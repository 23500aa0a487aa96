/** Square events of our own making, in the shapes of its API specification. */
import { bytes } from '../../verification/deliveries.ts';

export const squareEvent = (type: string, member: string, object: object, eventId = 'a1b2c3d4-0001') => ({
  merchant_id: 'ML0000000001',
  type,
  event_id: eventId,
  created_at: '2026-11-20T10:00:00.123456789Z',
  data: { type: member, id: 'object', object: { [member]: object } },
});

export const body = (event: object) => bytes(JSON.stringify(event));

export const usd = (amount: number) => ({ amount, currency: 'USD' });

export const payment = {
  id: 'PAY1',
  status: 'COMPLETED',
  amount_money: usd(1000),
  tip_money: usd(200),
  total_money: usd(1200),
  processing_fee: [{ amount_money: usd(65), type: 'INITIAL' }],
  source_type: 'CARD',
  customer_id: 'CUST1',
  order_id: 'ORD1',
};

export const refund = {
  id: 'PAY1_REF1',
  status: 'COMPLETED',
  amount_money: usd(500),
  processing_fee: [{ amount_money: usd(-20), type: 'INITIAL' }],
  payment_id: 'PAY1',
};

export const dispute = (state: string) => ({
  id: 'DIS1',
  state,
  amount_money: usd(1200),
  disputed_payment: { payment_id: 'PAY1' },
});

export const payout = (status: string) => ({
  id: 'po_1',
  status,
  amount_money: usd(1135),
  arrival_date: '2026-11-22',
  payout_fee: [],
});

export const customer = {
  id: 'CUST1',
  version: 3,
  given_name: 'Ada',
  family_name: 'Lovelace',
  email_address: 'ada@example.com',
  address: { address_line_1: '1 Main St', locality: 'London', country: 'GB' },
};

export const invoice = {
  id: 'inv:1',
  order_id: 'ORD1',
  invoice_number: '0001',
  status: 'UNPAID',
  primary_recipient: { customer_id: 'CUST1', given_name: 'Ada', family_name: 'Lovelace' },
  payment_requests: [{ due_date: '2026-12-01', computed_amount_money: usd(1200) }],
};

export const order = {
  id: 'ORD1',
  total_money: usd(1200),
  line_items: [
    {
      uid: 'l1',
      name: 'Planning',
      quantity: '1',
      catalog_object_id: 'CAT1',
      total_money: usd(1200),
      total_tax_money: usd(200),
      total_discount_money: usd(100),
      applied_taxes: [{ tax_uid: 't1', applied_money: usd(200) }],
    },
  ],
  taxes: [{ uid: 't1', name: 'VAT', percentage: '20', type: 'ADDITIVE' }],
  tenders: [{ payment_id: 'PAY1', amount_money: usd(1200) }],
};
