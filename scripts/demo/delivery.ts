/** One webhook of the demo as its provider would send it, and what the gateway should make of it. */

export type DemoSource = 'stripe' | 'salesforce' | 'chargebee';

export interface DemoDelivery {
  readonly source: DemoSource;
  /** Deliveries of one stream are sent one after the other; streams run beside each other. */
  readonly stream: string;
  /** The provider's event ids in it. */
  readonly eventIds: readonly string[];
  /** Where its events go, for acknowledgements that do not say it. */
  readonly lane?: string;
  /** Byte-identical each time the demo is sent; only signatures are fresh. */
  readonly body: string;
  readonly expect: 'accepted' | 'duplicate' | 'quarantined' | 'rejected';
  /** Sent with a proof that cannot hold. */
  readonly forged: boolean;
}

export const delivery = (
  source: DemoSource,
  stream: string,
  eventIds: readonly string[],
  body: string,
  more: Partial<Pick<DemoDelivery, 'expect' | 'forged' | 'lane'>> = {},
): DemoDelivery => ({ source, stream, eventIds, body, expect: 'accepted', forged: false, ...more });

/** The same bytes once more, as a provider that missed our answer would. */
export const again = (first: DemoDelivery): DemoDelivery => ({ ...first, expect: 'duplicate' });
