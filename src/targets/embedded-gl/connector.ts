/**
 * The embedded general ledger: the books in D1, which every event reaches before any target. A route to it is a
 * statement that the ledger is where these facts are kept; there is nothing to post.
 */
import type { TargetConnector } from '../connector.ts';

export function embeddedGlConnector(): TargetConnector {
  return {
    kind: 'embedded-gl',
    idempotency: 'native',
    accepts: () => false,
    async post(postings) {
      return postings.map(() => ({
        outcome: 'rejected',
        class: 'contract',
        code: 'nothing_to_post',
        message: 'the embedded ledger takes no documents: the entry itself is the posting',
      }));
    },
    async match(postings) {
      return postings.map(() => ({ found: 'no' }));
    },
    async lookup() {
      return { found: 'no' };
    },
    async probe() {
      return { ok: true, version: 'embedded' };
    },
  };
}
