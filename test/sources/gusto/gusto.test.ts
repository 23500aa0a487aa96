import { describe, expect, it } from 'vitest';
import { gusto } from '../../../src/sources/gusto/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, read, stored, verdict } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';

const source = registerSource(gusto);
const SECRET = 'verification-token';
const ADDRESS = 'setup-0123456789abcdef';
const NOW = Date.UTC(2026, 10, 22, 12);
const COMPANY = '5df911a0-e8e9-412d-8aaf-a46ad193dd96';
const event = (type: string, rest: object = {}) => ({
  uuid: 'ev-1',
  event_type: type,
  resource_type: 'Company',
  resource_uuid: COMPANY,
  entity_type: 'Payroll',
  entity_uuid: 'p-1',
  timestamp: 1671058841,
  ...rest,
});
const json = (value: unknown) => bytes(JSON.stringify(value));
const sign = (body: Uint8Array, secret = SECRET) => ({ 'x-gusto-signature': hmac(secret, [body]) });

sourceContract('Gusto', source, {
  config: { companyUuid: COMPANY },
  secrets: [SECRET],
  wrongSecrets: ['another', ADDRESS],
  contentType: 'application/json',
  headers: async (body) => sign(body),
  proof: ['x-gusto-signature'],
  bindsBody: true,
  bindsTime: false,
  bodies: [json(event('payroll.paid')), json(event('company.provisioned', { uuid: undefined }))],
});

describe('Gusto', () => {
  const setUp = configured(source, { companyUuid: COMPANY });
  const token = json({ verification_token: 'tok_1', webhook_subscription_uuid: 'sub-1' });
  const at = (address: string, body: Uint8Array<ArrayBuffer>, headers = {}) => ({
    ...delivery(body, headers, NOW),
    url: new URL(`https://gateway.test/in/acme/gusto${address}`),
  });
  const verify = (sent: ReturnType<typeof at>, ...secrets: readonly string[]) => setUp.verify(sent, always(...secrets));

  it('takes the set-up token at the set-up address alone, and shows it to a person', async () => {
    const answer = await verify(at(`/${ADDRESS}`, token), ADDRESS);
    if (!answer.ok) throw new Error(answer.error);
    expect(answer.value.trust).toBe('addressed');
    const parsed = setUp.parse(answer.value);
    expect(parsed.ok ? parsed.value : null).toMatchObject([
      { eventId: 'set-up/sub-1', quarantine: { code: 'unsupported_shape' } },
    ]);
    const [first] = parsed.ok ? parsed.value : [];
    if (first === undefined) throw new Error('no event');
    expect(setUp.interpret(stored(first), new Map()).kind).toBe('quarantine');
    expect(first.quarantine?.detail).not.toContain('tok_1');
    expect((await verify(at('', token), ADDRESS)).ok).toBe(false);
    expect((await verify(at('/setup-another-address', token), ADDRESS)).ok).toBe(false);
    // The door is closed when its secret is gone, or was never opened.
    expect((await verify(at(`/${ADDRESS}`, token), SECRET)).ok).toBe(false);
  });

  it('takes nothing but the token unsigned, and never the address for a key', async () => {
    const body = json(event('payroll.paid'));
    expect((await verify(at(`/${ADDRESS}`, body), ADDRESS, SECRET)).ok).toBe(false);
    expect((await verify(at(`/${ADDRESS}`, body, sign(body, ADDRESS)), ADDRESS, SECRET)).ok).toBe(false);
    expect((await verify(at(`/${ADDRESS}`, body, sign(body)), ADDRESS, SECRET)).ok).toBe(true);
    expect((await verify(at(`/${ADDRESS}`, token, sign(token, 'guess')), ADDRESS, SECRET)).ok).toBe(false);
  });

  it('understands thin events, and gives the rest a reason', () => {
    const verdicts = (value: unknown) => read(setUp, json(value)).map(verdict);
    expect(verdicts(event('payroll.paid'))).toEqual(['no effect']);
    expect(verdicts(event('spaceship.launched'))).toEqual(['quarantined:unknown_type']);
    expect(verdicts(event('payroll.paid', { resource_uuid: 'other' }))).toEqual(['quarantined:wrong_account']);
    expect(verdicts({})).toEqual(['unreadable:unsupported_shape']);
  });

  const body = bytes('{}');
  believesNoAlteration('Gusto', {
    valid: delivery(body, sign(body), NOW),
    verify: (sent) => setUp.verify(sent, always('old', SECRET, ADDRESS)),
    headers: ['x-gusto-signature'],
    toleranceSeconds: null,
  });
});
