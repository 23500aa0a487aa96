import { describe, expect, it } from 'vitest';
import type { RateLimiter } from '../../src/bindings.ts';
import { shield } from '../../src/routes/shield.ts';

const request = (headers: Readonly<Record<string, string>> = {}) =>
  new Request('https://gateway.test/in/acme/stripe', { method: 'POST', headers, body: '{}' });

const counting = (limit: number) => {
  const keys: string[] = [];
  const limiter: RateLimiter = {
    limit: async ({ key }) => ({ success: keys.push(key) <= limit }),
  };
  return { keys, limiter };
};

describe('the abuse shield', () => {
  it('counts per source and client address, and asks who is over it to come again', async () => {
    const { keys, limiter } = counting(1);
    const from = { 'cf-connecting-ip': '192.0.2.1' };
    expect(await shield(request(from), 'acme/stripe', limiter)).toBeNull();
    const refused = await shield(request(from), 'acme/stripe', limiter);
    expect(refused?.status).toBe(503);
    expect(refused?.headers.get('retry-after')).toBe('60');
    expect(keys).toEqual(['acme/stripe/192.0.2.1', 'acme/stripe/192.0.2.1']);
  });

  it('is off where the platform has no limiter, and lets through when that does not answer', async () => {
    expect(await shield(request(), 'acme/stripe', undefined)).toBeNull();
    const broken: RateLimiter = { limit: () => Promise.reject(new Error('no answer')) };
    expect(await shield(request(), 'acme/stripe', broken)).toBeNull();
  });

  it.each([
    ['many', Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`x-${n}`, '1']))],
    ['long', { 'x-long': 'a'.repeat(33_000) }],
  ])('refuses too %s headers before it counts', async (_, headers) => {
    const { keys, limiter } = counting(9);
    expect((await shield(request(headers), 'acme/stripe', limiter))?.status).toBe(413);
    expect(keys).toEqual([]);
  });
});
