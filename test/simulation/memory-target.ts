/**
 * A target without any memory of keys: writing twice makes two documents. Only looking up before writing again keeps it
 * clean, which is what the posting stage promises to do.
 */
import type { TargetDocument } from '../../src/canonical/documents.ts';
import type { EpochMs } from '../../src/canonical/ids.ts';
import type { LookupOutcome, Posting, PostingOutcome, Receipt, TargetConnector } from '../../src/targets/connector.ts';

/** What happens to one call. */
export type TargetFate = 'ok' | 'refused' | 'lost_before' | 'lost_after' | 'rejected';

export class MemoryTarget implements TargetConnector {
  readonly kind = 'memory';
  readonly idempotency = 'lookup';
  /** Every document ever written, in order. */
  readonly written: TargetDocument[] = [];
  fate: (document: TargetDocument) => TargetFate = () => 'ok';

  accepts(): boolean {
    return true;
  }

  /**
   * A connector as one pass sees it: each document waits for its turn, and a request that the deadline overtook is
   * aborted before it is sent. `blind` is a planted defect: what is uncertain is written again without a look.
   */
  seenBy(turn: () => Promise<void>, now: () => EpochMs, blind: boolean): TargetConnector {
    return {
      kind: this.kind,
      idempotency: this.idempotency,
      accepts: () => true,
      post: async (postings, _now, deadline) => {
        const outcomes: PostingOutcome[] = [];
        for (const posting of postings) {
          await turn();
          const late = now() > deadline;
          outcomes.push(
            late
              ? { outcome: 'not_sent', message: 'out of time', retryAfterMs: null }
              : await this.postOne(blind ? { ...posting, uncertain: false } : posting),
          );
        }
        return outcomes;
      },
      match: (postings) => this.match(postings),
      lookup: (document) => this.lookup(document),
      probe: () => this.probe(),
    };
  }

  async post(postings: readonly Posting[]): Promise<PostingOutcome[]> {
    return Promise.all(postings.map((posting) => this.postOne(posting)));
  }

  /** Nobody else writes to it: what has our key is ours. */
  async match(postings: readonly Posting[]): Promise<LookupOutcome[]> {
    return Promise.all(postings.map(({ document }) => this.lookup(document)));
  }

  private async postOne({ document, uncertain }: Posting): Promise<PostingOutcome> {
    const fate = this.fate(document);
    if (fate === 'refused') return { outcome: 'not_sent', message: 'connection refused', retryAfterMs: null };
    if (uncertain) {
      if (fate !== 'ok') return { outcome: 'uncertain', message: 'the look-up was not answered', retryAfterMs: null };
      const found = await this.lookup(document);
      if (found.found === 'yes') return { outcome: 'applied', receipt: found.receipt };
    }
    if (fate === 'rejected')
      return { outcome: 'rejected', class: 'business', code: 'validation', message: 'not accepted today' };
    if (fate === 'lost_before') return { outcome: 'uncertain', message: 'timed out', retryAfterMs: null };
    this.written.push(document);
    if (fate === 'lost_after') return { outcome: 'uncertain', message: 'connection reset', retryAfterMs: null };
    return { outcome: 'applied', receipt: this.receipt(this.written.length) };
  }

  async lookup(document: TargetDocument): Promise<LookupOutcome> {
    const index = this.written.findIndex((known) => known.key === document.key);
    return index < 0 ? { found: 'no' } : { found: 'yes', receipt: this.receipt(index + 1) };
  }

  async probe(): Promise<{ ok: true; version: string }> {
    return { ok: true, version: 'memory' };
  }

  private receipt(id: number): Receipt {
    return { remoteId: String(id), remoteName: `DOC/${id}`, remoteDate: null, differences: [] };
  }
}
