/** A sender nobody wrote code for is added to tenant `demo` by the snippet of its manual, and reaches the books. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BEGIN, Gateway } from '../support/gateway.ts';

const manuals = path.resolve(import.meta.dirname, '../../docs/sources');
const liveConfig = z.object({ document: z.looseObject({ sources: z.record(z.string(), z.unknown()) }) });
const acmeSecret = 'shared with the billing system';
const netsuiteSecret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

/** The first JSON of a manual: the source as it stands in a config. */
function snippetOf(manual: string): unknown {
  const block = /```json\n(.*?)```/s.exec(readFileSync(path.join(manuals, manual), 'utf8'))?.[1];
  if (block === undefined) throw new Error(`${manual} has no JSON`);
  return JSON.parse(block);
}

const invoiceSent = {
  id: 'evt-1',
  type: 'invoice.sent',
  created_at: new Date(BEGIN).toISOString(),
  data: {
    number: 'AC-2026-1',
    currency: 'EUR',
    due_on: '2026-02-05',
    customer: { id: 'cust-7', name: 'Seven Ltd' },
    lines: [{ id: 'l1', text: 'Licence', net: '100.00', taxes: [{ code: 'FR-20', amount: '20.00' }] }],
  },
};
const paymentReceived = {
  id: 'evt-2',
  type: 'payment.received',
  created_at: new Date(BEGIN).toISOString(),
  data: { reference: 'pay-1', invoice: 'AC-2026-1', currency: 'EUR', amount: 120, customer: { id: 'cust-7' } },
};

let gateway: Gateway;

async function addSource(name: string, settings: unknown): Promise<void> {
  const { document } = liveConfig.parse(await gateway.call('GET', '/config'));
  await gateway.call('POST', '/tenants/demo/config', {
    ...document,
    sources: { ...document.sources, [name]: settings },
  });
}

async function acme(event: object): Promise<unknown> {
  const body = JSON.stringify(event);
  const seconds = Math.floor(gateway.now / 1000);
  const signature = createHmac('sha256', acmeSecret).update(`${seconds}.${body}`).digest('hex');
  const answer = await gateway.deliver('acmebill', body, {
    'content-type': 'application/json',
    'x-acme-signature': `t=${seconds},v1=${signature}`,
  });
  return answer.ok ? answer.json() : answer.status;
}

beforeEach(async () => {
  gateway = await Gateway.open();
  await gateway.call('PUT', '/tenants/demo/secrets/acmebill', { value: acmeSecret });
  await gateway.call('PUT', '/tenants/demo/secrets/netsuite', { value: netsuiteSecret });
});

describe('a sender described by the tenant’s config alone', () => {
  it('has its invoice and payment booked and posted, once', async () => {
    await addSource('acmebill', snippetOf('custom.md'));
    expect(await acme(paymentReceived)).toMatchObject({ status: 'accepted', events: [{ lane: 'x-acmebill:cust-7' }] });
    expect(await acme(invoiceSent)).toMatchObject({ status: 'accepted' });
    expect(await acme(invoiceSent)).toMatchObject({ status: 'duplicate' });
    await gateway.run();

    expect(await gateway.exceptions()).toEqual([]);
    const invoice = await gateway.timeline('evt-1');
    expect(invoice.steps.length).toBeGreaterThan(2);
    const lines = (timeline: typeof invoice) =>
      timeline.entries.flatMap((entry) => entry.lines.map(({ amount }) => amount.amount));
    expect(lines(invoice)).toEqual(expect.arrayContaining([12000, -10000, -2000]));
    expect(lines(await gateway.timeline('evt-2'))).toEqual(expect.arrayContaining([12000, -12000]));
  });

  it('is refused with another secret, and its unknown types stand on the quarantine list', async () => {
    await addSource('acmebill', snippetOf('custom.md'));
    await gateway.call('PUT', '/tenants/demo/secrets/acmebill', { value: 'another secret' });
    expect(await acme(invoiceSent)).toBe(401);
    await gateway.call('PUT', '/tenants/demo/secrets/acmebill', { value: acmeSecret });
    expect(await acme({ ...invoiceSent, type: 'invoice.imagined' })).toMatchObject({ status: 'quarantined' });
    expect(await acme({ ...paymentReceived, type: 'reminder.sent' })).toMatchObject({ status: 'accepted' });
  });

  it('is told what is wrong with its settings before they are live, by their paths', async () => {
    const settings = { ...z.record(z.string(), z.unknown()).parse(snippetOf('custom.md')), event: { id: 'id' } };
    await expect(addSource('acmebill', settings)).rejects.toThrow(/sources\.acmebill\.event\.id/);
  });

  it('can be tried on a pasted payload, which stores nothing', async () => {
    const source = snippetOf('custom.md');
    const draft = await gateway.call('POST', '/config/sources/acmebill/try', {
      body: JSON.stringify(invoiceSent),
      source,
    });
    expect(draft).toMatchObject({
      proof: 'not_checked',
      unreadable: null,
      events: [
        {
          id: 'evt-1',
          lane: 'x-acmebill:cust-7',
          quarantine: null,
          facts: [{ kind: 'invoice.issued', total: 12000 }],
          decision: { outcome: 'booked', entries: [{ date: '2026-01-05' }] },
        },
      ],
    });
    await addSource('acmebill', source);
    const headers = { 'x-acme-signature': `t=${Math.floor(BEGIN / 1000)},v1=${'0'.repeat(64)}` };
    const waits = await gateway.call('POST', '/config/sources/acmebill/try', {
      body: JSON.stringify(paymentReceived),
      headers,
    });
    expect(waits).toMatchObject({
      proof: 'refused',
      failure: 'signature_mismatch',
      events: [{ decision: { outcome: 'wait' } }],
    });
    expect(gateway.lanes.size).toBe(0);
  });

  it('reads what the NetSuite script of its manual sends', async () => {
    await addSource('netsuite', snippetOf('netsuite.md'));
    const posted = {
      type: 'invoice.posted',
      data: {
        ...{ id: '501', number: 'INV501', customer: '77', currency: 'EUR', dueOn: '2026-02-05' },
        lines: [{ id: '1', text: 'Support', net: '50.00', taxCode: 'FR-20', tax: '10.00' }],
      },
      timestamp: new Date(BEGIN).toISOString(),
    };
    const body = JSON.stringify(posted);
    const answer = await gateway.deliver('netsuite', body, {
      'content-type': 'application/json',
      'webhook-id': 'invoice-posted-501',
      'webhook-timestamp': String(Math.floor(gateway.now / 1000)),
      'webhook-signature': new Webhook(netsuiteSecret).sign('invoice-posted-501', new Date(gateway.now), body),
    });
    expect(await answer.json()).toMatchObject({ status: 'accepted', events: [{ lane: 'x-netsuite:77' }] });
    await gateway.run();
    const { entries } = await gateway.timeline('invoice-posted-501');
    expect(entries.flatMap((entry) => entry.lines.map(({ amount }) => amount.amount))).toEqual(
      expect.arrayContaining([6000, -5000, -1000]),
    );
  });
});
