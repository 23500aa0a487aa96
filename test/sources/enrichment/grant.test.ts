import { describe, expect, it } from 'vitest';
import { beginGrant, CLAIM_MS, ended, granted, nextStep, released } from '../../../src/sources/enrichment/grant.ts';

const NOW = 1_800_000_000_000;
const fresh = beginGrant('hash', 'refresh-0');
const answer = { accessToken: 'access-1', expiresIn: 1800, refreshToken: 'refresh-1' };
function claimOf(state = fresh, now = NOW) {
  const next = nextStep(state, null, now);
  if (next.step !== 'refresh') throw new Error(`${next.step} instead of refresh`);
  return next.claim;
}
const held = granted(claimOf(), answer, NOW);

describe('a grant whose refresh token rotates', () => {
  it('is refreshed under a claim, which nobody else takes while it lasts', () => {
    expect(nextStep(claimOf(), null, NOW + CLAIM_MS - 1)).toEqual({ step: 'wait' });
    expect(nextStep(claimOf(), null, NOW + CLAIM_MS).step).toBe('refresh');
  });

  it('keeps the new refresh token, and the old one where none came', () => {
    expect(held).toMatchObject({ refreshToken: 'refresh-1', claimedUntil: 0, unanswered: 0 });
    expect(granted(claimOf(), { ...answer, refreshToken: null }, NOW).refreshToken).toBe('refresh-0');
  });

  it('gives its access token until shortly before the end; to the last moments while somebody refreshes', () => {
    const use = { step: 'use', accessToken: 'access-1' };
    expect(nextStep(held, null, NOW + 1_600_000)).toEqual(use);
    expect(nextStep(held, null, NOW + 1_700_000).step).toBe('refresh');
    expect(nextStep(claimOf(held, NOW + 1_700_000), null, NOW + 1_710_000)).toEqual(use);
    expect(nextStep(claimOf(held, NOW + 1_790_000), null, NOW + 1_799_000)).toEqual({ step: 'wait' });
  });

  it('is refreshed when the API did not take its token, unless somebody has done that already', () => {
    expect(nextStep(held, 'access-1', NOW + 1).step).toBe('refresh');
    expect(nextStep(held, 'access-0', NOW + 1)).toEqual({ step: 'use', accessToken: 'access-1' });
  });

  it('ends for good when it is refused, and says whether an answer was lost before', () => {
    expect(nextStep(ended(claimOf(), 'invalid_grant'), null, NOW)).toEqual({ step: 'stop', refused: 'invalid_grant' });
    const again = claimOf(claimOf(), NOW + CLAIM_MS);
    expect(ended(again, 'invalid_grant').refused).toMatch(/earlier answer with a new refresh token was lost/);
  });

  it('counts a refresh that was certainly not done as none', () => {
    expect(released(claimOf())).toEqual(fresh);
  });
});
