import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { modernTreasury } from '../../../src/sources/modern-treasury/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, read, verdict } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';
import { vectorFileOf } from '../../verification/vectors.ts';

const source = registerSource(modernTreasury);
const SECRET = 'webhook-key';
const NOW = Date.UTC(2026, 10, 22, 12);
const json = (value: unknown) => bytes(JSON.stringify(value));
const event = (object: string) => ({
  event: 'completed',
  data: { id: 'po_1', object, amount: 1000, updated_at: '2026-11-20T10:00:00Z' },
});
const sign = (body: Uint8Array) => ({
  'x-signature': hmac(SECRET, [body]),
  'x-topic': 'payment_order',
  'x-webhook-id': 'w1',
});

sourceContract('Modern Treasury', source, {
  config: {},
  secrets: [SECRET],
  wrongSecrets: ['another'],
  contentType: 'application/json',
  headers: async (body) => sign(body),
  proof: ['x-signature'],
  bindsBody: true,
  bindsTime: false,
  bodies: [json(event('payment_order')), json(event('transaction'))],
});

describe('Modern Treasury', () => {
  const setUp = configured(source, {});
  const vectors = vectorFileOf(
    'modern_treasury',
    z.object({
      name: z.string(),
      expect: z.enum(['ok', 'fail']),
      payload: z.string(),
      headers: z.record(z.string(), z.string()),
      secret: z.string(),
    }),
  );
  describe.skipIf(vectors === null)('published vectors (skipped when ../shared/vectors is absent)', () => {
    it.each(vectors ?? [])('$name', async ({ payload, headers, secret, ...vector }) => {
      const answer = await setUp.verify(delivery(payload, headers, NOW), always('rotated out', secret));
      expect(answer.ok).toBe(vector.expect === 'ok');
    });
  });

  it('goes by the signed body alone: headers that are not signed change nothing', () => {
    expect(read(setUp, json(event('payment_order')))).toMatchObject([
      { event: { eventId: 'payment_order/po_1/completed/2026-11-20T10:00:00Z', type: 'payment_order.completed' } },
    ]);
  });

  it('books no bank movement by itself, and shows a person what it does not know', () => {
    expect(read(setUp, json(event('payment_order'))).map(verdict)).toEqual(['no effect']);
    expect(read(setUp, json(event('spaceship'))).map(verdict)).toEqual(['quarantined:unknown_type']);
  });

  const body = bytes('{}');
  believesNoAlteration('Modern Treasury', {
    valid: delivery(body, sign(body), NOW),
    verify: (sent) => setUp.verify(sent, always(SECRET)),
    headers: ['x-signature'],
    toleranceSeconds: null,
  });
});
