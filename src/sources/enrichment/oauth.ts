/**
 * Access tokens of a grant that rotates its refresh token. Promises: a new refresh token is stored before anything is asked
 * with it; no two callers refresh at once, in whatever isolate; a grant that was refused for good is not asked again, and
 * says so. Does not promise that a token is had now: somebody else may be at it.
 */
import { z } from 'zod';
import type { EpochMs } from '../../canonical/ids.ts';
import { unreachable } from '../../canonical/result.ts';
import { parseJsonText, textMember } from '../json.ts';
import {
  beginGrant,
  ended,
  type GrantState,
  granted,
  type KeptGrant,
  nextStep,
  type OAuthCredential,
  oauthCredential,
  released,
  type TokenStore,
} from './grant.ts';
import type { EnrichmentAccess } from './port.ts';
import type { Answer } from './run.ts';

export interface OAuthProvider {
  /** For messages. */
  readonly name: string;
  readonly tokenUrl: string;
}

export type TokenAnswer =
  | { readonly answer: 'token'; readonly token: string }
  | Extract<Answer, { answer: 'retry' | 'disconnected' }>;

type Access = EnrichmentAccess & { readonly apiKey: string };

const tokenResponse = z.object({
  access_token: z.string().min(1).max(8192),
  expires_in: z.int().min(1).max(86_400),
  refresh_token: z.string().min(1).max(4096).nullish(),
});

/** What a failed write is tried in all: a new refresh token in hand is worth more than one try. */
const WRITE_TRIES = 3;

/** One call's view of a grant: its workers share one token, and one refresh. */
export class OAuthSession {
  private current: Promise<TokenAnswer> | null = null;
  private readonly provider: OAuthProvider;
  private readonly access: Access;

  constructor(provider: OAuthProvider, access: Access) {
    this.provider = provider;
    this.access = access;
  }

  /** @param rejected a token of this session that the API did not take: it is renewed, once for all workers. */
  async token(rejected: string | null = null): Promise<TokenAnswer> {
    const known = this.current ?? this.obtain(null);
    this.current ??= known;
    const answer = await known;
    if (rejected === null || answer.answer !== 'token' || answer.token !== rejected) return answer;
    // Whoever of the workers is first renews it; the others find that under way.
    if (this.current === known) this.current = this.obtain(rejected);
    return this.current ?? known;
  }

  private async obtain(rejected: string | null): Promise<TokenAnswer> {
    const { tokens, apiKey, now } = this.access;
    const json = parseJsonText(apiKey);
    const credential = oauthCredential.safeParse(json.ok ? json.value : null);
    if (!credential.success) return this.retry('the secret is not JSON with clientId, clientSecret and refreshToken');
    if (tokens === undefined || now === undefined) return this.retry('there is nowhere to keep its tokens');
    const fingerprint = await sha256(apiKey);
    try {
      return await this.step(tokens, credential.data, fingerprint, rejected, now());
    } catch {
      // Said without the error's words: they may hold what was to be written.
      return this.retry('its tokens could not be read or stored');
    }
  }

  private async step(
    tokens: TokenStore,
    credential: OAuthCredential,
    fingerprint: string,
    rejected: string | null,
    now: EpochMs,
  ): Promise<TokenAnswer> {
    const kept = await tokens.read(fingerprint);
    const state = kept?.state ?? beginGrant(fingerprint, credential.refreshToken);
    const next = nextStep(state, rejected, now);
    switch (next.step) {
      case 'use':
        return { answer: 'token', token: next.accessToken };
      case 'wait':
        return this.retry('another pass is renewing its token');
      case 'stop':
        return this.disconnected(next.refused);
      case 'refresh': {
        const stamp = await tokens.write(kept?.stamp ?? null, next.claim);
        return stamp === null
          ? this.retry('another pass is renewing its token')
          : this.refresh(tokens, credential, { stamp, state: next.claim }, now);
      }
      default:
        return unreachable(next);
    }
  }

  /**
   * Asks for new tokens under a claim. Where the answer is lost, the claim runs out by itself and the same refresh token is
   * tried again: both providers take it for a while after it was replaced.
   */
  private async refresh(
    tokens: TokenStore,
    credential: OAuthCredential,
    claim: KeptGrant,
    now: EpochMs,
  ): Promise<TokenAnswer> {
    const answer = await this.access.http.send({
      method: 'POST',
      url: credential.tokenUrl ?? this.provider.tokenUrl,
      headers: {
        authorization: `Basic ${basic(credential.clientId, credential.clientSecret)}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: claim.state.refreshToken }).toString(),
      timeoutMs: this.access.budget.timeoutMs,
    });
    if (answer.kind !== 'answer') {
      // Never sent: the token is as it was. Broken off: it may have been replaced, and the claim is left to run out.
      if (answer.kind === 'refused') await tokens.write(claim.stamp, released(claim.state));
      return this.retry(`no answer to a refresh: ${answer.message}`);
    }
    const json = parseJsonText(answer.body);
    const value = json.ok ? json.value : null;
    if (answer.status !== 200) {
      const word = errorWord(value);
      if (answer.status === 400 && word === 'invalid_grant') {
        const over = ended(claim.state, word);
        await tokens.write(claim.stamp, over);
        return this.disconnected(over.refused ?? word);
      }
      // A server that fails may have changed the token first; one that says no has not.
      if (answer.status < 500) await tokens.write(claim.stamp, released(claim.state));
      return this.retry(
        `the token endpoint answered ${answer.status}${word === '' ? '' : ` ${word}`}`,
        answer.retryAfterMs,
      );
    }
    const parsed = tokenResponse.safeParse(value);
    if (!parsed.success) return this.retry('a token in an unknown shape');
    const { access_token: accessToken, expires_in: expiresIn, refresh_token: refreshToken } = parsed.data;
    const renewed = granted(claim.state, { accessToken, expiresIn, refreshToken: refreshToken ?? null }, now);
    return this.store(tokens, claim.stamp, renewed, accessToken);
  }

  /** Nothing is asked with tokens that are not stored: the next pass would not know of them. */
  private async store(
    tokens: TokenStore,
    stamp: string,
    renewed: GrantState,
    accessToken: string,
  ): Promise<TokenAnswer> {
    for (let tries = 1; ; tries++) {
      try {
        const written = await tokens.write(stamp, renewed);
        // The claim had run out and somebody else took it: theirs is what is kept.
        return written === null
          ? this.retry('another pass is renewing its token')
          : { answer: 'token', token: accessToken };
      } catch (error) {
        if (tries >= WRITE_TRIES) throw error;
      }
    }
  }

  private retry(message: string, retryAfterMs: number | null = null): Extract<Answer, { answer: 'retry' }> {
    return { answer: 'retry', retryAfterMs, message: `${this.provider.name} API: ${message}` };
  }

  private disconnected(word: string): Extract<Answer, { answer: 'disconnected' }> {
    return {
      answer: 'disconnected',
      message: `${this.provider.name} does not take the refresh token any more: ${word}`,
    };
  }
}

/** RFC 6749 5.2: the error's code alone; its description may quote what was sent. */
function errorWord(value: unknown): string {
  const word = textMember(value, 'error') ?? '';
  return /^[a-z_]{1,40}$/.test(word) ? word : '';
}

const basic = (user: string, password: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${password}`)));

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
