/** The sandbox Stripe's API in this process: what the gateway asks when a webhook does not carry a fee or a link. */

import { stripeSandbox } from '../../sandbox/stripe/app.ts';
import type { StripeObject } from '../../sandbox/stripe/events.ts';
import { ownerOf, type StoredObject, type StripeStore, storedObject } from '../../sandbox/stripe/store.ts';
import type { EnrichmentHttp } from '../../src/sources/enrichment/port.ts';

interface Kept {
  readonly object: StoredObject;
  owner: string | null;
}

class MemoryStripeStore implements StripeStore {
  readonly kept = new Map<string, Kept>();

  async save(): Promise<void> {}
  async arm(): Promise<void> {}
  async meet(): Promise<null> {
    return null;
  }

  async find(id: string): Promise<string | null> {
    const found = this.kept.get(id);
    return found === undefined ? null : JSON.stringify(found.object);
  }

  async listed(kind: string, owner: string, after: string | null, limit: number): Promise<string[]> {
    const all = [...this.kept.values()].filter(
      ({ object, owner: own }) =>
        object.object === kind && (own === owner || (kind === 'invoice_payment' && object.invoice === owner)),
    );
    const start = after === null ? 0 : all.findIndex(({ object }) => object.id === after) + 1;
    return all.slice(start, start + limit).map(({ object }) => JSON.stringify(object));
  }
}

export class MemoryStripe {
  readonly apiKey = 'rk_test_stories';
  readonly apiUrl = 'https://stripe.test';
  /** True: the API does not answer. */
  down = false;
  private readonly store = new MemoryStripeStore();
  private readonly app = stripeSandbox(() => ({ store: this.store, apiKey: this.apiKey }));

  /** From now on the API shows these. */
  show(...objects: readonly StripeObject[]): void {
    for (const each of objects) {
      const object = storedObject.parse(each);
      this.store.kept.set(object.id, { object, owner: ownerOf(object) });
    }
  }

  /** A payout contains these balance transactions, which it does not say itself. */
  contains(payout: string, transactions: readonly string[]): void {
    for (const id of transactions) {
      const kept = this.store.kept.get(id);
      if (kept === undefined) throw new Error(`the sandbox Stripe was never shown ${id}`);
      kept.owner = payout;
    }
  }

  readonly http: EnrichmentHttp = {
    send: async ({ url, headers }) => {
      if (this.down) return { kind: 'broken', message: 'connection lost' };
      const { pathname, search } = new URL(url);
      const answer = await this.app.request(pathname + search, { headers: { ...headers } });
      return { kind: 'answer', status: answer.status, body: await answer.text(), retryAfterMs: null };
    },
  };
}
