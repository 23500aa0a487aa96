/** What Shopify's interpreters share. */
import type { EpochMs, ObjectKey } from '../../canonical/ids.ts';
import { keysOf } from '../source.ts';
import type { ShopifySettings } from './settings.ts';

export const key = keysOf('shopify');

export interface Context {
  readonly topic: string;
  readonly occurredAt: EpochMs;
  readonly settings: ShopifySettings;
}

/** `gid://shopify/Customer/706405506930370084` → its digits; else the number, which some senders have rounded. */
export const digitsOf = (object: { readonly id: string; readonly admin_graphql_api_id?: string | null | undefined }) =>
  /\/(\d{1,20})$/.exec(object.admin_graphql_api_id ?? '')?.[1] ?? object.id;

/** A guest's order stands for the guest: nothing else names them. */
export const customerOfOrder = (order: {
  readonly id: string;
  readonly customer?: { readonly id: string } | null | undefined;
}): ObjectKey =>
  order.customer === undefined || order.customer === null
    ? key('customer', `guest-${order.id}`)
    : key('customer', order.customer.id);

/** A transaction, refund or dispute names its order; they share a lane. */
export const orderLane = (orderId: string): string => `order-${orderId}`;
