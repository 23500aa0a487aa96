import { describe, expect, it } from 'vitest';
import { mercury } from '../../../src/sources/mercury/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, read, verdict } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';

const source = registerSource(mercury);
const KEY = Buffer.alloc(32, 5);
const SECRET = KEY.toString('base64');
const NOW = Date.UTC(2026, 10, 22, 12);
const event = (resourceType: string) => ({
  id: 'ev_1',
  resourceType,
  resourceId: 'tx_1',
  operationType: 'update',
  resourceVersion: 3,
  occurredAt: '2026-11-20T10:00:00.000000Z',
  changedPaths: ['status'],
  mergePatch: { status: 'sent', amount: -12.5 },
});
const json = (value: unknown) => bytes(JSON.stringify(value));
const sign = (body: Uint8Array, at: number, key: string | Uint8Array = KEY) => {
  const seconds = Math.floor(at / 1000);
  return { 'mercury-signature': `t=${seconds},v1=${hmac(key, [`${seconds}.`, body])}` };
};

sourceContract('Mercury', source, {
  config: {},
  secrets: [SECRET],
  wrongSecrets: [Buffer.alloc(32, 6).toString('base64'), 'text'],
  contentType: 'application/json',
  headers: async (body, at) => sign(body, at),
  proof: ['mercury-signature'],
  bindsBody: true,
  bindsTime: true,
  bodies: [json(event('transaction')), json(event('checkingAccount'))],
});

describe('Mercury', () => {
  const setUp = configured(source, {});

  it("takes the secret's bytes and its text for the key, and any live secret of a rotation", async () => {
    const body = json(event('transaction'));
    for (const key of [KEY, SECRET]) {
      const answer = await setUp.verify(delivery(body, sign(body, NOW, key), NOW), always('old secret', SECRET));
      expect(answer.ok).toBe(true);
    }
  });

  it('books no bank line by itself, and shows a person what it does not know', () => {
    expect(read(setUp, json(event('transaction'))).map(verdict)).toEqual(['no effect']);
    expect(read(setUp, json(event('spaceship'))).map(verdict)).toEqual(['quarantined:unknown_type']);
    expect(read(setUp, bytes('{}')).map(verdict)).toEqual(['unreadable:unsupported_shape']);
  });

  const body = bytes('{}');
  believesNoAlteration('Mercury', {
    valid: delivery(body, sign(body, NOW), NOW),
    verify: (sent) => setUp.verify(sent, always(SECRET)),
    headers: ['mercury-signature'],
    toleranceSeconds: 300,
  });
});
