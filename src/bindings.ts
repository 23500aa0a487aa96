/**
 * What the Worker is bound to: the bindings of wrangler.toml (generated into `Env`) and the values that never stand
 * there, because they are secrets or belong to one installation.
 */

/** Cloudflare's rate-limit binding, as far as it is used. */
export interface RateLimiter {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

export interface Bindings extends Omit<Env, 'INGRESS_LIMIT'> {
  /** Absent in local runs: nothing is counted then. */
  readonly INGRESS_LIMIT?: RateLimiter;
  /** Operator token that reaches every tenant; a Worker secret. Unset: only `api_keys` rows and Access log in. */
  readonly ROOT_TOKEN?: string;
  /** base64 of 32 bytes; seals tenants' secrets (src/tenants/secrets.ts) and console sessions. */
  readonly SECRETS_KEY?: string;
  /** `true` lets targets live on private addresses: the sandbox and development only. */
  readonly ALLOW_PRIVATE_TARGETS?: string;
  /** `acme.cloudflareaccess.com`. With ACCESS_AUD set, Cloudflare Access JWTs log in. */
  readonly ACCESS_TEAM_DOMAIN?: string;
  /** The Access application's audience tag. */
  readonly ACCESS_AUD?: string;
}
