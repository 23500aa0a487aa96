import { constants, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ironclad } from '../../../src/sources/ironclad/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const newPair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const pair = newPair();
const pem = (of = pair) => of.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const source = registerSource(ironclad);
const config = { companyId: 'comp-1' };
const event = (name: string, rest: object = {}) => ({
  companyID: 'comp-1',
  payload: { event: name, templateID: 't1', workflowID: 'wf-1' },
  timestamp: '2026-11-20T10:00:00.000Z',
  webhookID: 'hook-1',
  ...rest,
});
const json = (value: unknown) => bytes(JSON.stringify(value));
const sign = (body: Uint8Array, encoding: 'base64' | 'hex' = 'base64', hash = 'sha256', stated: object = {}) => {
  const signature = signWith(hash, Buffer.concat([Buffer.from('event-1'), body, Buffer.from('n0nce')]), {
    key: pair.privateKey,
    padding: constants.RSA_PKCS1_PADDING,
  }).toString(encoding);
  return {
    'x-ironclad-webhook-event-id': 'event-1',
    'x-ironclad-webhook-verification': JSON.stringify({ nonce: 'n0nce', signature, encoding, ...stated }),
  };
};

sourceContract('Ironclad', source, {
  config,
  secrets: [pem()],
  wrongSecrets: [pem(newPair()), 'not a key'],
  contentType: 'application/json',
  headers: async (body) => sign(body),
  proof: ['x-ironclad-webhook-event-id', 'x-ironclad-webhook-verification'],
  bindsBody: true,
  bindsTime: false,
  bodies: [json(event('workflow_completed')), json(event('workflow_launched'))],
});

describe('Ironclad', () => {
  const setUp = configured(source, config);
  const body = json(event('workflow_completed'));
  const verify = (headers: Readonly<Record<string, string>>, of = body) =>
    setUp.verify(delivery(of, headers, NOW), always(pem(newPair()), pem()));

  it('reads both encodings and any live key', async () => {
    expect((await verify(sign(body, 'base64'))).ok).toBe(true);
    expect((await verify(sign(body, 'hex'))).ok).toBe(true);
  });

  it('goes by the pinned algorithm, whatever the message says of its own', async () => {
    expect((await verify(sign(body, 'base64', 'sha1', { signAlgorithm: 'RSA-SHA1' }))).ok).toBe(false);
    expect((await verify(sign(body, 'base64', 'sha512', { signAlgorithm: 'RSA-SHA512' }))).ok).toBe(false);
    const pinned = configured(source, { ...config, algorithm: 'rsa-sha512' });
    expect((await pinned.verify(delivery(body, sign(body, 'base64', 'sha512'), NOW), always(pem()))).ok).toBe(true);
    const publicKeyAsSecret = hmac(pem(), ['event-1', body, 'n0nce'], 'base64');
    const confused = JSON.stringify({
      nonce: 'n0nce',
      signature: publicKeyAsSecret,
      encoding: 'base64',
      signAlgorithm: 'HS256',
    });
    expect(
      (await verify({ 'x-ironclad-webhook-event-id': 'event-1', 'x-ironclad-webhook-verification': confused })).ok,
    ).toBe(false);
  });

  it('does not let bytes move between the id, the body and the nonce', async () => {
    const { 'x-ironclad-webhook-verification': header } = sign(body);
    const text = new TextDecoder().decode(body);
    const moved = {
      'x-ironclad-webhook-event-id': `event-1${text.slice(0, 1)}`,
      'x-ironclad-webhook-verification': header,
    };
    expect((await verify(moved, bytes(text.slice(1)))).ok).toBe(false);
    expect(
      (
        await verify(
          { 'x-ironclad-webhook-event-id': 'event-', 'x-ironclad-webhook-verification': header },
          bytes(`1${text}`),
        )
      ).ok,
    ).toBe(false);
  });

  it('makes a contract of a completed workflow and gives the rest a reason', () => {
    expect(factsOf(setUp, event('workflow_completed'))).toMatchObject([
      { kind: 'contract.activated', contract: 'ironclad:contract:wf-1', customer: null, name: 'wf-1' },
    ]);
    const verdicts = (value: unknown) => read(setUp, json(value)).map(verdict);
    expect(verdicts(event('workflow_launched'))).toEqual(['no effect']);
    expect(verdicts(event('spaceship_launched'))).toEqual(['quarantined:unknown_type']);
    expect(verdicts({ ...event('workflow_completed'), companyID: 'other' })).toEqual(['quarantined:wrong_account']);
    expect(verdicts({ ...event('x'), payload: { event: 'workflow_completed' } })).toEqual([
      'quarantined:schema_mismatch',
    ]);
  });

  const short = bytes('{}');
  believesNoAlteration('Ironclad', {
    valid: delivery(short, sign(short), NOW),
    verify: (sent) => setUp.verify(sent, always(pem())),
    headers: ['x-ironclad-webhook-event-id', 'x-ironclad-webhook-verification'],
    toleranceSeconds: null,
  });
});
