/** Plaid's verification keys: asked for by id with the tenant's API credentials, kept a while, bounded. */
import { z } from 'zod';
import type { EpochMs } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { type TokenKey, tokenKey } from '../../verification/body-token.ts';
import { readCapped } from '../../verification/capped-text.ts';
import { parseJsonText } from '../json.ts';

export interface PlaidAccess {
  readonly environment: 'production' | 'sandbox';
  readonly clientId: string;
  readonly secret: string;
}

export type KeyAnswer = Result<TokenKey | null, 'unavailable'>;

/** Asks once, uncached. Null: Plaid has no such key. */
export type FetchPlaidKey = (access: PlaidAccess, keyId: string) => Promise<KeyAnswer>;

const fetchTimeoutMs = 5_000;
const maxAnswerBytes = 16 * 1024;

const answered = z.object({ key: tokenKey });
const refused = z.object({ error_code: z.enum(['INVALID_WEBHOOK_VERIFICATION_KEY_ID', 'INVALID_FIELD']) });

/** `POST /webhook_verification_key/get` with the given `fetch`: fixed hosts, no redirects, a timeout, a size cap. */
export const fetchPlaidKeyWith =
  (fetcher: typeof fetch): FetchPlaidKey =>
  async ({ environment, clientId, secret }, keyId) => {
    try {
      const response = await fetcher(`https://${environment}.plaid.com/webhook_verification_key/get`, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.timeout(fetchTimeoutMs),
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ client_id: clientId, secret, key_id: keyId }),
      });
      const text = response.body === null ? null : await readCapped(response.body, maxAnswerBytes);
      const json = text === null ? null : parseJsonText(text);
      if (json === null || !json.ok) return err('unavailable');
      if (response.status === 400 && refused.safeParse(json.value).success) return ok(null);
      const parsed = answered.safeParse(json.value);
      return response.status === 200 && parsed.success ? ok(parsed.data.key) : err('unavailable');
    } catch {
      // Refused, timed out or cut short: there is no key now. The caller answers 503 and Plaid comes again.
      return err('unavailable');
    }
  };

interface KeptKey {
  readonly key: TokenKey | null;
  readonly askedAt: EpochMs;
}

/**
 * Keys by id. One is asked for again after an hour, in case Plaid has expired it meanwhile; an old answer is used for a
 * day while Plaid cannot be asked. Made-up ids cost at most ten questions a minute and credential; beyond, the answer is
 * `unavailable`, so that a true webhook comes again instead of being lost.
 */
export class PlaidKeys {
  readonly #fetchKey: FetchPlaidKey;
  readonly #kept = new Map<string, KeptKey>();
  /** By credential, in the current minute. Credentials come from configs, so senders cannot make this grow. */
  #questions: { readonly minute: number; readonly asked: Map<string, number> } = { minute: 0, asked: new Map() };

  static readonly freshForMs = 3_600_000;
  static readonly staleForMs = 24 * 3_600_000;
  static readonly absentForMs = 60_000;
  static readonly maxQuestions = 10;
  static readonly maxKept = 128;

  constructor(fetchKey: FetchPlaidKey) {
    this.#fetchKey = fetchKey;
  }

  async find(access: PlaidAccess, keyId: string, now: EpochMs): Promise<KeyAnswer> {
    // One tenant's answers are not another's: who has no right to ask learns nothing from those who have.
    const credential = `${access.environment}/${access.clientId}/${access.secret}`;
    const name = `${credential}/${keyId}`;
    const kept = this.#kept.get(name);
    const age = kept === undefined ? Number.POSITIVE_INFINITY : now - kept.askedAt;
    if (kept !== undefined && age < (kept.key === null ? PlaidKeys.absentForMs : PlaidKeys.freshForMs)) {
      return ok(kept.key);
    }
    const stale: KeyAnswer =
      kept !== undefined && kept.key !== null && age < PlaidKeys.staleForMs ? ok(kept.key) : err('unavailable');
    if (!this.#mayAsk(credential, now)) return stale;
    const answer = await this.#fetchKey(access, keyId);
    if (!answer.ok) return stale;
    this.#remember(name, { key: answer.value, askedAt: now });
    return answer;
  }

  #mayAsk(credential: string, now: EpochMs): boolean {
    const minute = Math.floor(now / 60_000);
    if (minute !== this.#questions.minute) this.#questions = { minute, asked: new Map() };
    const asked = (this.#questions.asked.get(credential) ?? 0) + 1;
    this.#questions.asked.set(credential, asked);
    return asked <= PlaidKeys.maxQuestions;
  }

  /** Absent keys make room first, so that made-up ids cannot push out the true ones. */
  #remember(name: string, key: KeptKey): void {
    this.#kept.delete(name);
    this.#kept.set(name, key);
    if (this.#kept.size <= PlaidKeys.maxKept) return;
    const absent = [...this.#kept].find(([, { key: found }]) => found === null)?.[0];
    const [oldest] = this.#kept.keys();
    const leaving = absent ?? oldest;
    if (leaving !== undefined) this.#kept.delete(leaving);
  }
}
