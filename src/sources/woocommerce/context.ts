/** What WooCommerce's interpreters share. */
import type { EpochMs } from '../../canonical/ids.ts';
import { keysOf } from '../source.ts';
import type { WoocommerceSettings } from './settings.ts';

export const key = keysOf('woocommerce');

export interface Context {
  readonly occurredAt: EpochMs;
  readonly settings: WoocommerceSettings;
}
