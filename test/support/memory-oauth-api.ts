/**
 * A provider's token endpoint and record API in memory, with the rules that Xero and Intuit state and the faults they are
 * feared for: refresh tokens that change with every use, the old one good for a while after, access tokens that end.
 */
import type { EnrichmentHttp } from '../../src/sources/enrichment/port.ts';

type Request = Parameters<EnrichmentHttp['send']>[0];
type Answer = Awaited<ReturnType<EnrichmentHttp['send']>>;

export type OAuthFault =
  /** The token endpoint does its work, and its answer never arrives. */
  | 'lost_answer'
  /** The person withdrew the consent. */
  | 'revoked'
  /** The record API asks to come again in a minute. */
  | 'throttled'
  /** The access token ends before its time. */
  | 'session_over'
  /** The token endpoint fails without having done anything. */
  | 'token_down';

export interface OAuthApiOptions {
  readonly tokenUrl: string;
  readonly now: () => number;
  /** How long a refresh token is good after it was replaced, ms: Xero 30 minutes, Intuit a day. */
  readonly graceMs: number;
  /** Seconds. */
  readonly expiresIn: number;
  /** The record at a path, as the API wraps it; null: none. */
  readonly record: (path: string) => string | null;
}

const json = (status: number, body: string, retryAfterMs: number | null = null): Answer => ({
  kind: 'answer',
  status,
  body,
  retryAfterMs,
});

export class MemoryOAuthApi {
  static readonly first = 'refresh-0';
  readonly credential = JSON.stringify({ clientId: 'app', clientSecret: 'hush', refreshToken: MemoryOAuthApi.first });
  /** Addresses asked, and how often tokens were given. */
  readonly asked: { readonly url: string; readonly headers: Readonly<Record<string, string>> }[] = [];
  refreshes = 0;
  private readonly options: OAuthApiOptions;
  /** Refresh tokens with the time until which they are good. */
  private readonly refreshTokens = new Map<string, number>([[MemoryOAuthApi.first, Number.POSITIVE_INFINITY]]);
  private readonly accessTokens = new Map<string, number>();
  private faults: OAuthFault[] = [];

  constructor(options: OAuthApiOptions) {
    this.options = options;
  }

  /** Each fault happens once, at the next request it concerns; `revoked` for good. */
  fault(...faults: readonly OAuthFault[]): void {
    this.faults.push(...faults);
    if (faults.includes('revoked')) this.refreshTokens.clear();
  }

  /** A new consent: the credential a person would store. */
  consentAgain(): string {
    const refreshToken = `refresh-consent-${this.refreshTokens.size}`;
    this.refreshTokens.set(refreshToken, Number.POSITIVE_INFINITY);
    return JSON.stringify({ clientId: 'app', clientSecret: 'hush', refreshToken });
  }

  readonly http: EnrichmentHttp = {
    send: async (request) => {
      this.asked.push({ url: request.url, headers: request.headers });
      return request.url === this.options.tokenUrl ? this.tokens(request) : this.read(request);
    },
  };

  private takes(fault: OAuthFault): boolean {
    const at = this.faults.indexOf(fault);
    if (at >= 0) this.faults.splice(at, 1);
    return at >= 0;
  }

  private tokens(request: Request): Answer {
    if (this.takes('token_down')) return json(503, '');
    if (request.headers.authorization !== `Basic ${btoa('app:hush')}`) return json(401, '{"error":"invalid_client"}');
    const form = new URLSearchParams(request.body ?? '');
    const used = form.get('refresh_token') ?? '';
    const now = this.options.now();
    if (form.get('grant_type') !== 'refresh_token' || (this.refreshTokens.get(used) ?? 0) <= now) {
      return json(400, '{"error":"invalid_grant","error_description":"Incorrect or expired refresh token"}');
    }
    this.refreshes += 1;
    const number = this.refreshes;
    this.refreshTokens.set(used, Math.min(this.refreshTokens.get(used) ?? 0, now + this.options.graceMs));
    this.refreshTokens.set(`refresh-${number}`, Number.POSITIVE_INFINITY);
    this.accessTokens.set(`access-${number}`, now + this.options.expiresIn * 1000);
    if (this.takes('lost_answer')) return { kind: 'broken', message: 'no answer within 10000 ms' };
    const { expiresIn: expires_in } = this.options;
    return json(
      200,
      JSON.stringify({
        access_token: `access-${number}`,
        refresh_token: `refresh-${number}`,
        token_type: 'Bearer',
        expires_in,
        x_refresh_token_expires_in: 8_640_000,
      }),
    );
  }

  private read({ url, headers }: Request): Answer {
    const token = (headers.authorization ?? '').replace(/^Bearer /, '');
    if (this.takes('session_over')) this.accessTokens.delete(token);
    if ((this.accessTokens.get(token) ?? 0) <= this.options.now()) return json(401, '{"Title":"Unauthorized"}');
    if (this.takes('throttled')) return json(429, '', 60_000);
    const { pathname, search } = new URL(url);
    const record = this.options.record(`${pathname}${search}`);
    return record === null ? json(404, '') : json(200, record);
  }
}
