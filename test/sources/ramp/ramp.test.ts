import { describe, expect, it } from 'vitest';
import { ramp } from '../../../src/sources/ramp/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, read, verdict } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';

const source = registerSource(ramp);
const SECRET = 'subscription-secret';
const ADDRESS = 'setup-0123456789abcdef';
const NOW = Date.UTC(2026, 10, 22, 12);
const event = (type: string, rest: object = {}) => ({
  id: 'ev-1',
  type,
  created_at: '2026-11-20T10:00:00Z',
  business_id: 'b-1',
  object: { id: 'o-1' },
  ...rest,
});
const json = (value: unknown) => bytes(JSON.stringify(value));
const sign = (body: Uint8Array, encoding: 'hex' | 'base64' = 'hex', secret = SECRET) => ({
  'x-ramp-signature': hmac(secret, [body], encoding),
});

sourceContract('Ramp', source, {
  config: { businessId: 'b-1' },
  secrets: [SECRET],
  wrongSecrets: ['another', ADDRESS],
  contentType: 'application/json',
  headers: async (body) => sign(body),
  proof: ['x-ramp-signature'],
  bindsBody: true,
  bindsTime: false,
  bodies: [json(event('bills.paid')), json(event('transaction.created'))],
});

describe('Ramp', () => {
  const setUp = configured(source, { businessId: 'b-1' });
  const challenge = json({ type: 'webhooks.verification', challenge: 'ch_1' });
  const at = (address: string, body: Uint8Array<ArrayBuffer>, headers = {}) => ({
    ...delivery(body, headers, NOW),
    url: new URL(`https://gateway.test/in/acme/ramp${address}`),
  });

  it('gives a challenge back that is signed, or came to the set-up address, and to nobody else', async () => {
    for (const sent of [at('', challenge, sign(challenge)), at(`/${ADDRESS}`, challenge)]) {
      const answer = await setUp.verify(sent, always(SECRET, ADDRESS));
      if (!answer.ok) throw new Error(answer.error);
      const parsed = setUp.parse(answer.value);
      expect(parsed.ok ? parsed.value : null).toMatchObject([
        { eventId: `set-up/${NOW}`, quarantine: { code: 'unsupported_shape' } },
      ]);
      const response = setUp.acknowledge({ status: 'quarantined', events: [] }, answer.value);
      expect([response.status, await response.json()]).toEqual([200, { challenge: 'ch_1' }]);
    }
    expect((await setUp.verify(at('', challenge), always(SECRET, ADDRESS))).ok).toBe(false);
    expect((await setUp.verify(at(`/${ADDRESS}`, challenge), always(SECRET))).ok).toBe(false);
    expect((await setUp.verify(at(`/${ADDRESS}`, json(event('bills.paid'))), always(SECRET, ADDRESS))).ok).toBe(false);
  });

  it('gives nothing back that is not a challenge, or is one without bounds', async () => {
    const summary = { status: 'accepted', events: [] } as const;
    for (const body of [
      json(event('bills.paid')),
      json({ type: 'webhooks.verification', challenge: 'x'.repeat(513) }),
      json({ challenge: 'x' }),
      bytes('{'),
    ]) {
      const verified = await setUp.verify(delivery(body, sign(body), NOW), always(SECRET));
      if (!verified.ok) throw new Error(verified.error);
      expect(await setUp.acknowledge(summary, verified.value).json()).toEqual(summary);
    }
  });

  it('reads the digest in hex or base64, and never takes the address for a key', async () => {
    const body = json(event('bills.paid'));
    expect((await setUp.verify(delivery(body, sign(body, 'base64'), NOW), always('old', SECRET))).ok).toBe(true);
    expect((await setUp.verify(delivery(body, sign(body, 'hex', ADDRESS), NOW), always(SECRET, ADDRESS))).ok).toBe(
      false,
    );
  });

  it('understands thin events, and gives the rest a reason', () => {
    const verdicts = (value: unknown) => read(setUp, json(value)).map(verdict);
    expect(verdicts(event('bills.paid'))).toEqual(['no effect']);
    expect(verdicts(event('spaceships.launched'))).toEqual(['quarantined:unknown_type']);
    expect(verdicts(event('bills.paid', { business_id: 'other' }))).toEqual(['quarantined:wrong_account']);
  });

  const body = bytes('{}');
  believesNoAlteration('Ramp', {
    valid: delivery(body, sign(body), NOW),
    verify: (sent) => setUp.verify(sent, always(SECRET)),
    headers: ['x-ramp-signature'],
    toleranceSeconds: null,
  });
});
