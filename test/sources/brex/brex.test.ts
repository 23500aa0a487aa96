import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { brex } from '../../../src/sources/brex/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, read, verdict } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration, listedOnce } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';

const source = registerSource(brex);
const SECRET = Buffer.alloc(32, 3).toString('base64');
const NOW = Date.UTC(2026, 10, 22, 12);
const event = (type: string) => ({ event_type: type, company_id: 'cuacc_1', transfer_id: 'tr_1' });
const json = (value: unknown) => bytes(JSON.stringify(value));
const sign = (body: Uint8Array, at: number) => ({
  'webhook-id': 'msg_1',
  'webhook-timestamp': String(Math.floor(at / 1000)),
  'webhook-signature': new Webhook(SECRET).sign('msg_1', new Date(at), new TextDecoder().decode(body)),
});

sourceContract('Brex', source, {
  config: { companyId: 'cuacc_1' },
  secrets: [SECRET],
  wrongSecrets: [Buffer.alloc(32, 4).toString('base64')],
  contentType: 'application/json',
  headers: async (body, at) => sign(body, at),
  proof: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
  bindsBody: true,
  bindsTime: true,
  bodies: [json(event('TRANSFER_PROCESSED')), json(event('EXPENSE_PAYMENT_UPDATED'))],
});

describe('Brex', () => {
  const setUp = configured(source, { companyId: 'cuacc_1' });

  it("is known by the signed header's id, the same at every try, under any live secret", async () => {
    const body = json(event('TRANSFER_PROCESSED'));
    const ids = await Promise.all(
      [NOW, NOW + 60_000].map(async (at) => {
        const other = Buffer.alloc(32, 4).toString('base64');
        const verified = await setUp.verify(delivery(body, sign(body, at), at), always(other, SECRET));
        if (!verified.ok) throw new Error(verified.error);
        const parsed = setUp.parse(verified.value);
        return parsed.ok ? parsed.value[0]?.eventId : null;
      }),
    );
    expect(ids).toEqual(['msg_1', 'msg_1']);
  });

  it('books no bank movement by itself, and gives the rest a reason', () => {
    const verdicts = (value: unknown) => read(setUp, json(value)).map(verdict);
    expect(verdicts(event('TRANSFER_FAILED'))).toEqual(['no effect']);
    expect(verdicts(event('SPACESHIP_LAUNCHED'))).toEqual(['quarantined:unknown_type']);
    expect(verdicts({ ...event('TRANSFER_FAILED'), company_id: 'other' })).toEqual(['quarantined:wrong_account']);
  });

  const body = bytes('{}');
  believesNoAlteration('Brex', {
    valid: delivery(body, sign(body, NOW), NOW),
    verify: (sent) => setUp.verify(sent, always(SECRET)),
    headers: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
    toleranceSeconds: 300,
    spelling: listedOnce,
  });
});
