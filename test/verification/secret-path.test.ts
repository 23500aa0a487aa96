import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifySecretPath } from '../../src/verification/secret-path.ts';
import { always, delivery } from './deliveries.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const SECRET = 'k3yQ-Zp0_9aLmN7t';
const at = (path: string, secrets = always(SECRET)) =>
  verifySecretPath({ ...delivery('', {}, NOW), url: new URL(`https://gateway.test${path}`) }, secrets);

describe('the secret address', () => {
  it('is the weakest trust, and leaves the secret out of the evidence', async () => {
    const verified = await at(`/in/acme/salesforce/${SECRET}`);
    expect(verified.ok && verified.value.trust).toBe('addressed');
    expect(JSON.stringify(verified.ok && verified.value.evidence)).not.toContain(SECRET);
  });

  it('accepts both secrets while one replaces the other', async () => {
    const both = always('first-secret-000001', 'second-secret-00002');
    expect((await at('/in/acme/salesforce/first-secret-000001', both)).ok).toBe(true);
    expect((await at('/in/acme/salesforce/second-secret-00002', both)).ok).toBe(true);
  });

  it.each([
    ['/in/acme/salesforce', 'header_missing'],
    ['/in/acme/salesforce/', 'header_missing'],
    [`/in/acme/salesforce?secret=${SECRET}`, 'header_missing'],
    [`/in/acme/salesforce/${SECRET}/`, 'header_malformed'],
    [`/in/acme/salesforce/x/${SECRET}`, 'header_malformed'],
    [`/out/acme/salesforce/${SECRET}`, 'header_malformed'],
    ['/in/acme/salesforce/short', 'header_malformed'],
    [`/in/acme/salesforce/${SECRET.toLowerCase()}`, 'credentials_wrong'],
    [`/in/acme/salesforce/${SECRET}0`, 'credentials_wrong'],
  ])('refuses %s as %s', async (path, error) => {
    expect(await at(path)).toEqual({ ok: false, error });
  });

  it('never takes a short secret or a Basic credential for an address', async () => {
    expect(await at('/in/acme/salesforce/short', always('short', 'user:password-0123456789'))).toEqual({
      ok: false,
      error: 'no_live_secret',
    });
  });

  it('refuses every other segment', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[A-Za-z0-9_~-]{16,40}$/), async (guess) => {
        fc.pre(guess !== SECRET);
        expect((await at(`/in/acme/salesforce/${guess}`)).ok).toBe(false);
      }),
      { numRuns: 10_000 },
    );
  });
});
