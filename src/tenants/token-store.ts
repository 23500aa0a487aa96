/**
 * Rotating tokens at rest: a row of `secrets` for each value the credential had, sealed in the same way. One row for all
 * would let an isolate that still has the old value begin anew over the new one's tokens, and lose them. The nonce of the
 * sealing is new each time, so it is the row's version: a compare-and-set on it lets one writer through.
 */
import type { LedgerDatabase } from '../ledger/database.ts';
import type { TokenStore } from '../sources/enrichment/grant.ts';
import { grantState } from '../sources/enrichment/grant.ts';
import { openSecret, sealSecret } from './secrets.ts';

/** No secret a person names has a slash in it, so theirs and these never meet. */
const rowName = (secret: string, credential: string): string => `${secret}/tokens/${credential.slice(0, 32)}`;

/** @param secret name of the credential's secret. @throws (on reading) when the row was altered or sealed under another key. */
export function tokenStore(
  db: LedgerDatabase,
  key: () => Promise<CryptoKey>,
  tenant: string,
  secret: string,
  now: () => number,
): TokenStore {
  const row = async (name: string) => {
    const { results } = await db
      .prepare('SELECT iv, ciphertext FROM secrets WHERE tenant = ?1 AND name = ?2')
      .bind(tenant, name)
      .all<{ iv: string; ciphertext: string }>();
    return results[0] ?? null;
  };
  return {
    async read(credential) {
      const name = rowName(secret, credential);
      const found = await row(name);
      if (found === null) return null;
      const opened = await openSecret(await key(), tenant, name, found);
      return { stamp: found.iv, state: grantState.parse(JSON.parse(opened)) };
    },
    async write(seen, state) {
      const name = rowName(secret, state.credential);
      const { iv, ciphertext } = await sealSecret(await key(), tenant, name, JSON.stringify(state));
      const statement =
        seen === null
          ? db
              .prepare(
                'INSERT INTO secrets (tenant, name, iv, ciphertext, updated_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (tenant, name) DO NOTHING RETURNING iv',
              )
              .bind(tenant, name, iv, ciphertext, now())
          : db
              .prepare(
                'UPDATE secrets SET iv = ?3, ciphertext = ?4, updated_at = ?5 WHERE tenant = ?1 AND name = ?2 AND iv = ?6 RETURNING iv',
              )
              .bind(tenant, name, iv, ciphertext, now(), seen);
      try {
        const { results } = await statement.all<{ iv: string }>();
        return results.length === 1 ? iv : null;
      } catch (error) {
        // It may have landed: nobody else makes this nonce.
        if ((await row(name))?.iv === iv) return iv;
        throw error;
      }
    },
  };
}
