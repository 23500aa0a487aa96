/** Alerts of our own making, with the fields of Paddle Classic's reference. */
export const FORM = 'application/x-www-form-urlencoded';

const alert = (name: string, fields: Readonly<Record<string, string>>) => ({
  alert_id: '1000000001',
  alert_name: name,
  event_time: '2026-11-20 10:00:00',
  ...fields,
});

/** 120.00 with 20.00 of tax; in euros 110.00 with 18.33, of which Paddle keeps 5.50. */
const collected = {
  order_id: '3001',
  checkout_id: '3001-chre0001',
  currency: 'USD',
  sale_gross: '120.00',
  payment_tax: '20.00',
  quantity: '2',
  balance_currency: 'EUR',
  balance_gross: '110.00',
  balance_tax: '18.33',
  balance_fee: '5.5',
  balance_earnings: '86.17',
  email: 'ada@example.com',
  customer_name: 'Ada Löve',
};

export const payment = (over: Readonly<Record<string, string>> = {}) =>
  alert('payment_succeeded', { ...collected, product_id: '11', product_name: 'Licence', ...over });

export const subscriptionPayment = (over: Readonly<Record<string, string>> = {}) =>
  alert('subscription_payment_succeeded', {
    ...collected,
    user_id: '77',
    subscription_id: '501',
    subscription_plan_id: '12',
    subscription_payment_id: '9001',
    plan_name: 'Monthly',
    next_bill_date: '2026-12-20',
    ...over,
  });

export const refund = (name: string, over: Readonly<Record<string, string>> = {}) =>
  alert(name, {
    order_id: '3001',
    currency: 'USD',
    amount: '60.00',
    gross_refund: '60.00',
    tax_refund: '10.00',
    balance_currency: 'EUR',
    balance_gross_refund: '55.00',
    balance_tax_refund: '9.17',
    balance_fee_refund: '2.75',
    balance_earnings_decrease: '43.08',
    refund_type: 'partial',
    ...over,
  });

export const dispute = (name: string, over: Readonly<Record<string, string>> = {}) =>
  alert(name, {
    order_id: '3001',
    currency: 'USD',
    amount: '115.00',
    fee_usd: '15.00',
    balance_currency: 'EUR',
    balance_amount: '91.67',
    balance_fee: '13.75',
    email: 'ada@example.com',
    ...over,
  });

export const subscription = (name: string, over: Readonly<Record<string, string>> = {}) =>
  alert(name, {
    subscription_id: '501',
    subscription_plan_id: '12',
    user_id: '77',
    status: 'active',
    quantity: '3',
    marketing_consent: '',
    ...over,
  });

export const failed = alert('subscription_payment_failed', {
  user_id: '77',
  amount: '120.00',
  currency: 'USD',
  subscription_id: '501',
  next_retry_date: '',
});

export const transfer = (name: string, status: string) =>
  alert(name, { payout_id: '5', amount: '497.14', currency: 'EUR', status });
