import { afterEach, describe, expect, it, vi } from 'vitest';
import { DAY, Gateway } from '../support/gateway.ts';
import { charged, closings, customer, invoice, line } from './billing.ts';

afterEach(() => void vi.useRealTimers());

const france = { currency: 'EUR', timeZone: 'Europe/Paris' };
const byMetadata = {
  entityRules: [{ when: { path: 'data.object.metadata.entity', equals: 'fr' }, entity: 'demo-fr' }],
};
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
});
