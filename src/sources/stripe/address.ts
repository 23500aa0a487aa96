/**
 * Whose event it is: the lane. Told from the object alone, because nothing is looked up before the event is stored.
 * Guests have no customer, so their payment is the reference; disputes and invoice payments name no customer unless
 * the endpoint expands it, and go to the account's own lane.
 */
import type { StripeEvent } from './envelope.ts';

export interface StripeAddress {
  readonly customer: string | null;
  readonly sharedLane: 'account' | 'catalogue';
}

type Json = Readonly<Record<string, unknown>>;

const MAX_REFERENCE = 255;

const asObject = (value: unknown): Json | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;

function idIn(value: unknown): string | null {
  const id = typeof value === 'string' ? value : asObject(value)?.id;
  return typeof id === 'string' && id !== '' && id.length <= MAX_REFERENCE ? id : null;
}

/** Objects that are a customer's through another object of theirs, where that one is expanded. */
const owners = ['charge', 'payment_intent', 'invoice'] as const;

function customerOf(object: Json): string | null {
  const own = idIn(object.customer) ?? idIn(object.customer_account);
  if (own !== null) return own;
  for (const owner of owners) {
    const expanded = asObject(object[owner]);
    const through = expanded === null ? null : (idIn(expanded.customer) ?? idIn(expanded.customer_account));
    if (through !== null) return through;
  }
  return null;
}

/** What stands for the customer in a guest's events: the payment. */
function guestReference(object: Json): string | null {
  switch (object.object) {
    case 'charge':
      return idIn(object.payment_intent) ?? idIn(object.id);
    case 'payment_intent':
      return idIn(object.id);
    case 'refund':
      return idIn(object.payment_intent) ?? idIn(object.charge);
    case 'checkout.session':
      return idIn(object.payment_intent);
    default:
      return null;
  }
}

const catalogue = /^(product|price|plan|coupon|tax_rate|promotion_code|shipping_rate)\./;
const ofCustomerItself = /^customer\.(created|updated|deleted)$/;

export function addressOf(event: StripeEvent): StripeAddress {
  const { object } = event.data;
  if (catalogue.test(event.type)) return { customer: null, sharedLane: 'catalogue' };
  const customer = ofCustomerItself.test(event.type) ? idIn(object.id) : (customerOf(object) ?? guestReference(object));
  return { customer, sharedLane: 'account' };
}
