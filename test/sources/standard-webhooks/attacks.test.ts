import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { registerSource } from '../../../src/sources/registered.ts';
import { standardWebhooks } from '../../../src/sources/standard-webhooks/index.ts';
import { configured } from '../../conformance/interpreting.ts';
import { believesNoAlteration, listedOnce } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const body = '{"type":"a","data":{"id":1}}';
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const pair = generateKeyPairSync('ed25519');
const publicKey = `whpk_${Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')}`;
const seconds = String(NOW / 1000);
const headersWith = (signature: string) => ({
  'webhook-id': 'msg_1',
  'webhook-timestamp': seconds,
  'webhook-signature': signature,
});
const v1 = headersWith(new Webhook(secret).sign('msg_1', new Date(NOW), body));
const asymmetric = sign(
  null,
  bytes(`msg_1.${seconds}.${body}`),
  createPrivateKey(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })),
);
const v1a = headersWith(`v1a,${asymmetric.toString('base64')}`);

const source = configured(registerSource(standardWebhooks), {
  secrets: ['secret://x'],
  system: 'x',
  types: { a: { facts: null } },
});
const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];

describe('Standard Webhooks', () => {
  believesNoAlteration('v1', {
    valid: delivery(body, v1, NOW),
    headers: names,
    spelling: listedOnce,
    toleranceSeconds: 300,
    verify: (altered) => source.verify(altered, always(secret)),
  });

  believesNoAlteration('v1a', {
    valid: delivery(body, v1a, NOW),
    headers: names,
    spelling: listedOnce,
    toleranceSeconds: 300,
    verify: (altered) => source.verify(altered, always(publicKey)),
  });

  it('does not take one scheme’s key for the other’s', async () => {
    expect((await source.verify(delivery(body, v1a, NOW), always(secret))).ok).toBe(false);
    expect((await source.verify(delivery(body, v1, NOW), always(publicKey))).ok).toBe(false);
    expect((await source.verify(delivery(body, v1, NOW), always(publicKey, secret))).ok).toBe(true);
  });

  it('takes the event id from what was signed', async () => {
    const verified = await source.verify(delivery(body, { ...v1, 'svix-id': 'other' }, NOW), always(secret));
    if (!verified.ok) throw new Error(verified.error);
    const parsed = source.parse(verified.value);
    expect(parsed.ok && parsed.value[0]?.eventId).toBe('msg_1');
  });
});
