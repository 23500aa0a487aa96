/**
 * An OAuth 2.0 grant whose refresh token changes as it is used: what is kept of it, and what is to be done next. Pure.
 * docs/decisions/0007-rotating-refresh-tokens.md says why it is so.
 */
import { z } from 'zod';
import type { EpochMs } from '../../canonical/ids.ts';

/** The value of the secret that the source's `apiKey` refers to, as JSON. */
export const oauthCredential = z.strictObject({
  clientId: z.string().min(1).max(512),
  clientSecret: z.string().min(1).max(512),
  /** As the person's consent gave it. What it has become since is kept by the gateway, not here. */
  refreshToken: z.string().min(1).max(4096),
  /** Where tokens are given, when it is not the provider's usual place: a sandbox. */
  tokenUrl: z.url({ protocol: /^https?$/ }).optional(),
});
export type OAuthCredential = z.infer<typeof oauthCredential>;

/** Kept sealed. Every change of it is a compare-and-set: two callers never hold a claim at once. */
export const grantState = z.strictObject({
  /** SHA-256 of the credential it began with: a new consent is another grant, and begins anew. */
  credential: z.string(),
  refreshToken: z.string(),
  accessToken: z.string().nullable(),
  expiresAt: z.int(),
  /** Somebody is refreshing until then; past, or 0: nobody is. */
  claimedUntil: z.int(),
  /** Refreshes since the last answer: each may have changed the refresh token without our learning it. */
  unanswered: z.int(),
  /** The provider's word that refused the grant for good; null while it holds. */
  refused: z.string().nullable(),
});
export type GrantState = z.infer<typeof grantState>;

/** One token request with its answer takes less than that, ms; then a claim is anybody's again. */
export const CLAIM_MS = 30_000;
/** An access token is renewed this long before it ends, ms: calls under way must not outlive it. */
const EARLY_MS = 120_000;
/** With less than this left it is not used, ms. */
const LEAST_MS = 5_000;

export type GrantStep =
  | { readonly step: 'use'; readonly accessToken: string }
  /** Somebody else is refreshing. */
  | { readonly step: 'wait' }
  /** Write `claim` first; refresh only if that was written. */
  | { readonly step: 'refresh'; readonly claim: GrantState }
  /** Only a person's new consent helps. */
  | { readonly step: 'stop'; readonly refused: string };

export const beginGrant = (credential: string, refreshToken: string): GrantState => ({
  credential,
  refreshToken,
  accessToken: null,
  expiresAt: 0,
  claimedUntil: 0,
  unanswered: 0,
  refused: null,
});

/** @param rejected an access token that the API did not take (401) though it should be good; null: none. */
export function nextStep(state: GrantState, rejected: string | null, now: EpochMs): GrantStep {
  if (state.refused !== null) return { step: 'stop', refused: state.refused };
  const { accessToken } = state;
  const left = accessToken === null || accessToken === rejected ? 0 : state.expiresAt - now;
  const claimed = state.claimedUntil > now;
  if (accessToken !== null && left > (claimed ? LEAST_MS : EARLY_MS)) return { step: 'use', accessToken };
  if (claimed) return { step: 'wait' };
  return { step: 'refresh', claim: { ...state, claimedUntil: now + CLAIM_MS, unanswered: state.unanswered + 1 } };
}

/** @param expiresIn seconds. A provider that gives no new refresh token keeps the old one good (RFC 6749, 6). */
export const granted = (
  claim: GrantState,
  answer: { readonly accessToken: string; readonly expiresIn: number; readonly refreshToken: string | null },
  now: EpochMs,
): GrantState => ({
  ...claim,
  refreshToken: answer.refreshToken ?? claim.refreshToken,
  accessToken: answer.accessToken,
  expiresAt: now + answer.expiresIn * 1000,
  claimedUntil: 0,
  unanswered: 0,
});

/** Refused, and the token is as it was. */
export const released = (claim: GrantState): GrantState => ({
  ...claim,
  claimedUntil: 0,
  unanswered: claim.unanswered - 1,
});

/** @param word the provider's error code, `invalid_grant`. */
export const ended = (claim: GrantState, word: string): GrantState => ({
  ...claim,
  accessToken: null,
  claimedUntil: 0,
  refused:
    claim.unanswered > 1
      ? `${word}; an earlier answer with a new refresh token was lost, and the old one is over`
      : word,
});

/** A grant as it is kept, with the stamp of its last change. */
export interface KeptGrant {
  readonly stamp: string;
  readonly state: GrantState;
}

/** Where the grants of one secret are kept, sealed, each credential's apart: who still has the old one disturbs no new one. */
export interface TokenStore {
  /**
   * Of the credential with this hash. Null: nothing is kept yet. Rejects when it cannot be read.
   */
  read(credential: string): Promise<KeptGrant | null>;
  /**
   * Writes the grant of `state.credential`, only where what was seen still stands (null: where nothing is kept). The new stamp, or null when somebody else
   * wrote meanwhile. Rejects when it is not known whether it was written.
   */
  write(seen: string | null, state: GrantState): Promise<string | null>;
}
