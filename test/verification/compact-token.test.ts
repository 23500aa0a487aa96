import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hasOneSpelling } from '../../src/verification/compact-token.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('a compact token', () => {
  it.each([32, 64, 96, 256, 384, 512])('has one spelling of a signature of %i bytes', (size) => {
    const signature = randomBytes(size);
    const stem = signature.toString('base64url').slice(0, -1);
    const same = [...alphabet].filter((last) => Buffer.from(stem + last, 'base64url').equals(signature));
    expect(same.filter((last) => hasOneSpelling(`e30.e30.${stem}${last}`))).toHaveLength(1);
  });

  it('is none when no bytes are spelled so', () => {
    expect(hasOneSpelling('e30.e30.AAAAA')).toBe(false);
  });
});
