import { afterEach, describe, expect, it, vi } from 'vitest';
import * as make from '../../sandbox/stripe/events.ts';
import { signStripe } from '../../sandbox/stripe/sign.ts';
import { at, BEGIN, DAY, Gateway, HOUR } from '../support/gateway.ts';

afterEach(() => void vi.useRealTimers());

const iso = (ms: number) => new Date(ms).toISOString();
const seconds = (gateway: Gateway) => Math.floor(gateway.now / 1000);

async function send(gateway: Gateway, id: string, secret: string): Promise<Response> {
  const customer = make.customer({ id: 'cus_ada', name: 'Ada', email: 'ada@example.com', created: at(0) });
  const body = JSON.stringify(make.event('customer.updated', customer, { id, created: seconds(gateway) }));
  return gateway.deliver('stripe', body, await signStripe(body, secret, seconds(gateway)));
}

describe('rotating a secret under traffic', () => {
  it('loses no webhook: both are live while the sender changes over, and the old one ends', async () => {
    const gateway = await Gateway.open();
    await gateway.call('PUT', '/tenants/demo/secrets/stripe-next', { value: 'whsec_next' });
    const secrets = [
      { ref: 'secret://stripe-signing', notAfter: iso(BEGIN + 2 * DAY) },
      { ref: 'secret://stripe-next', notBefore: iso(BEGIN + DAY) },
    ];
    await gateway.publish({ stripe: { secrets } });
    const statuses: number[] = [];
    for (let hour = 0; hour < 72; hour += 6) {
      const secret = hour < 36 ? 'whsec_stories' : 'whsec_next';
      statuses.push((await send(gateway, `evt_${hour}`, secret)).status);
      await gateway.pass(6 * HOUR);
    }
    expect(statuses).toEqual(statuses.map(() => 200));
    expect((await send(gateway, 'evt_late', 'whsec_stories')).status).toBe(401);
  });

  it('takes the next secret no earlier than it says', async () => {
    const gateway = await Gateway.open();
    await gateway.call('PUT', '/tenants/demo/secrets/stripe-next', { value: 'whsec_next' });
    const secrets = ['secret://stripe-signing', { ref: 'secret://stripe-next', notBefore: iso(BEGIN + DAY) }];
    await gateway.publish({ stripe: { secrets } });
    expect((await send(gateway, 'evt_1', 'whsec_next')).status).toBe(401);
  });
});

describe('a refused delivery', () => {
  it('is answered the same whichever check failed', async () => {
    const gateway = await Gateway.open();
    const body = '{"id":"evt_1"}';
    const signed = await signStripe(body, 'whsec_stories', seconds(gateway));
    const refusals = [
      { 'content-type': 'application/json' },
      { ...signed, 'stripe-signature': 'nonsense' },
      await signStripe(body, 'whsec_other', seconds(gateway)),
      await signStripe(body, 'whsec_stories', seconds(gateway) - 86_400),
      await signStripe(`${body} `, 'whsec_stories', seconds(gateway)),
    ];
    const answers = await Promise.all(
      refusals.map(async (headers) => {
        const answer = await gateway.deliver('stripe', body, headers);
        return [answer.status, await answer.text()];
      }),
    );
    expect(answers[0]?.[0]).toBe(401);
    expect(answers).toEqual(answers.map(() => answers[0]));
  });
});
