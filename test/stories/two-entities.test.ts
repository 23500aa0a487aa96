import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { DAY, Gateway } from '../support/gateway.ts';
import { charged, closings, customer, invoice, line } from './billing.ts';

afterEach(() => void vi.useRealTimers());

const france = { currency: 'EUR', timeZone: 'Europe/Paris' };
const byMetadata = {
  entityRules: [{ when: { path: 'data.object.metadata.entity', equals: 'fr' }, entity: 'demo-fr' }],
};
const period = z.object({ unresolved: z.object({ items: z.array(z.object({ eventId: z.string() })) }) });
const open = () => Gateway.open({ entities: { 'demo-fr': france }, stripe: byMetadata });

const french = {
  ...invoice({ id: 'in_fr', number: 'FR-1', lines: [line({ id: 'il_fr' })] }),
  metadata: { entity: 'fr' },
};

describe('one Stripe account that serves two legal entities', () => {
  it('books each invoice with the entity its rule names, and its payment with the invoice', async () => {
    const gateway = await open();
    await gateway.stripe('customer.created', customer('Ada Ltd', 1_767_600_000));
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.stripe('invoice.finalized', french);
    // The charge says nothing of an entity: it pays the French invoice.
    await gateway.stripe('charge.succeeded', charged(gateway, { invoice: 'in_fr' }));
    await gateway.pass(DAY);
    expect(await gateway.exceptions()).toEqual([]);
    expect(await closings(gateway, 'demo-eu')).toMatchObject({ '121000': 12_000, '400000': -10_000 });
    const inFrance = await closings(gateway, 'demo-fr');
    expect(inFrance).toMatchObject({ '101510': 11_795, '627000': 205, '400000': -10_000 });
    expect(inFrance).not.toHaveProperty('121000');
  });

  it('shows the customer to the targets of both', async () => {
    const gateway = await open();
    await gateway.stripe('customer.created', customer('Ada Ltd', 1_767_600_000));
    await gateway.stripe('invoice.finalized', french);
    await gateway.pass(DAY);
    const postings = await gateway.call('GET', '/postings');
    expect(JSON.stringify(postings)).toContain('invoice/stripe:invoice:in_fr');
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('converts a payment into the currency of the entity whose invoice it pays', async () => {
    const gateway = await Gateway.open({
      entities: { 'demo-us': { currency: 'USD', timeZone: 'America/New_York' } },
      stripe: { entityRules: [{ when: { path: 'data.object.metadata.entity', equals: 'us' }, entity: 'demo-us' }] },
      routes: [{ when: { event: '*', entity: 'demo-eu' }, to: 'odoo' }],
    });
    const rates = [{ from: 'EUR', to: 'USD', date: '2026-01-05', rate: '1.10', source: 'bank' }];
    await gateway.call('POST', '/rates', { rates });
    await gateway.stripe('invoice.finalized', { ...invoice(), metadata: { entity: 'us' } });
    await gateway.run();
    // In euro, and of no entity by the rules: by them alone it would need no rate.
    await gateway.stripe('charge.succeeded', charged(gateway));
    await gateway.pass(DAY);
    expect(await gateway.exceptions()).toEqual([]);
    expect(await closings(gateway, 'demo-us')).toMatchObject({ '101510': 12_974, '627000': 226 });
  });

  it('keeps what it could not book with the entity it was for', async () => {
    const gateway = await Gateway.open({
      entities: { 'demo-fr': { ...france, closedUntil: '2026-01-31' } },
      stripe: byMetadata,
      policies: { latePeriod: 'exception' },
    });
    await gateway.stripe('invoice.finalized', french, { id: 'evt_late' });
    await gateway.run();
    expect(await gateway.exceptions()).toMatchObject([{ cause: 'period_closed', eventId: 'evt_late' }]);
    const unresolved = async (entity: string) =>
      period
        .parse(await gateway.call('GET', `/periods/2026-01?entity=${entity}`))
        .unresolved.items.map(({ eventId }) => eventId);
    expect(await unresolved('demo-fr')).toEqual(['evt_late']);
    expect(await unresolved('demo-eu')).toEqual([]);
    // Books of the other entity being open is no reason to try again.
    await gateway.clock();
    expect([...gateway.doorbells]).toEqual([]);
  });

  it('lists an event about an entity that the config has lost, with what to do', async () => {
    const gateway = await open();
    await gateway.stripe('invoice.finalized', french);
    await gateway.run();
    await gateway.publish({ entities: {}, stripe: { entityRules: [] } });
    await gateway.stripe('charge.succeeded', charged(gateway, { invoice: 'in_fr' }), { id: 'evt_paid' });
    await gateway.run();
    expect(await gateway.exceptions()).toMatchObject([{ cause: 'entity_unclear', eventId: 'evt_paid' }]);
  });
});
