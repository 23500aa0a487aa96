import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import * as make from '../../sandbox/stripe/events.ts';
import { at, Gateway, HOUR } from '../support/gateway.ts';
import { CUSTOMER, charged, expectSquare, invoice } from './billing.ts';

afterEach(() => void vi.useRealTimers());

const ACCOUNT = '0010000000000AAAAY';
const STRIPE_LANE = `stripe:${CUSTOMER}`;
const ACCOUNT_LANE = `salesforce:${ACCOUNT}`;
const identities = z.object({
  items: z.array(z.object({ lane: z.string(), primary: z.string(), learntFrom: z.string() })),
});

const account = (name: string, modified: string, id: string) => ({
  notifications: [
    { id, type: 'Account', fields: { Id: ACCOUNT, Name: name, LastModifiedDate: modified, SystemModstamp: modified } },
  ],
});

const stripeCustomer = (name: string, named: string | null) => ({
  ...make.customer({ id: CUSTOMER, name, email: 'ada@example.com', created: at(0) }),
  metadata: named === null ? {} : { salesforce_account_id: named },
});

/** Where events were applied, each lane in its order, Stripe's first: `<lane> <event>`. */
function applied(gateway: Gateway): string[] {
  return gateway.ledger
    .rows<{ lane: string; eventId: string }>(
      'SELECT lane, event_id AS eventId FROM events WHERE position IS NOT NULL ORDER BY lane DESC, position',
    )
    .map(({ lane, eventId }) => `${lane} ${eventId}`);
}

async function linksOf(gateway: Gateway) {
  return identities.parse(await gateway.call('GET', '/identities')).items;
}

describe('a customer that two providers know', () => {
  it('has its history over both in one lane, in order, also when the link is learnt late', async () => {
    const gateway = await Gateway.open({ identity: { stripe: { customerKey: 'metadata.salesforce_account_id' } } });
    await gateway.salesforce(account('Ada Ltd', '2026-01-05T09:00:00.000Z', '04l000000000001AAA'));
    await gateway.stripe('customer.created', stripeCustomer('Ada', null), { id: 'evt_1' });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_2' });
    await gateway.run();
    expect(await linksOf(gateway)).toEqual([]);

    await gateway.pass(HOUR);
    await gateway.stripe('customer.updated', stripeCustomer('Ada', ACCOUNT), { id: 'evt_3' });
    await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_4' });
    await gateway.salesforce(account('Ada Lovelace Ltd', '2026-01-05T10:00:00.000Z', '04l000000000002AAA'));
    await gateway.pass(HOUR);
    await gateway.stripe('customer.updated', stripeCustomer('Ada Lovelace', ACCOUNT), { id: 'evt_5' });
    await gateway.pass(HOUR);

    expect(await linksOf(gateway)).toEqual([{ lane: STRIPE_LANE, primary: ACCOUNT_LANE, learntFrom: 'stripe/evt_3' }]);
    const order = applied(gateway);
    expect(order.filter((place) => place.startsWith(STRIPE_LANE))).toEqual(
      ['evt_1', 'evt_2', 'evt_3'].map((id) => `${STRIPE_LANE} ${id}`),
    );
    expect(order.filter((place) => place.includes('evt_')).slice(3)).toEqual(
      ['evt_4', 'evt_5'].map((id) => `${ACCOUNT_LANE} ${id}`),
    );
    expect(order).toHaveLength(7);
    // Each had a partner before anybody knew: they are one customer, and only a person may make them one partner.
    expect((await gateway.exceptions()).map(({ id }) => id)).toEqual([
      `duplicate_customer/partners/${STRIPE_LANE}/${ACCOUNT_LANE}`,
    ]);
    await expectSquare(
      gateway,
      { '101510': 11_795, '251020': -2_000, '400000': -10_000, '627000': 205 },
      { exceptions: ['duplicate_customer'] },
    );
  });

  it('is linked by a person, once, with a reason on the audit trail', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('customer.created', stripeCustomer('Ada', null), { id: 'evt_1' });
    await gateway.run();
    const body = { lane: STRIPE_LANE, sameAs: ACCOUNT_LANE, reason: 'Confirmed by the account manager' };
    await gateway.call('POST', '/identities', body);
    await gateway.pass(HOUR);
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_2' });
    await gateway.run();
    expect(applied(gateway)).toEqual([`${STRIPE_LANE} evt_1`, `${ACCOUNT_LANE} evt_2`]);
    await expect(gateway.call('POST', '/identities', { ...body, sameAs: 'salesforce:001B' })).rejects.toThrow(
      /409.*the first link stands/,
    );
    await expect(
      gateway.call('POST', '/identities', { ...body, lane: ACCOUNT_LANE, sameAs: 'chargebee:c1' }),
    ).rejects.toThrow(/409.*other lanes are linked/);
    const audit = z.object({ items: z.array(z.looseObject({ action: z.string() })) });
    const actions = audit.parse(await gateway.call('GET', '/audit')).items.map(({ action }) => action);
    expect(actions.filter((action) => action === 'identity.link')).toHaveLength(1);
  });

  it('that names another account later keeps its first, and a person is asked with a proposed match', async () => {
    const gateway = await Gateway.open({ identity: { stripe: { customerKey: 'metadata.salesforce_account_id' } } });
    await gateway.stripe('customer.created', stripeCustomer('Ada', ACCOUNT), { id: 'evt_1' });
    await gateway.pass(HOUR);
    await gateway.stripe('customer.updated', stripeCustomer('Ada', '0010000000000BBBAQ'), { id: 'evt_2' });
    await gateway.pass(HOUR);
    expect((await linksOf(gateway)).map(({ primary }) => primary)).toEqual([ACCOUNT_LANE]);
    const [open] = await gateway.exceptions();
    expect(open).toMatchObject({ cause: 'conflicting_facts' });
    expect(open?.remedy).toContain('Proposed match');
  });
});

const IDENTITY = { identity: { stripe: { customerKey: 'metadata.salesforce_account_id' } } };
const ACCOUNT_PARTNER = `partner/salesforce:customer:${ACCOUNT}`;
const STRIPE_PARTNER = `partner/stripe:customer:${CUSTOMER}`;

/** The gateway's partners in Odoo, by reference. */
const partnersOf = (gateway: Gateway): Record<string, unknown> =>
  Object.fromEntries(
    [...gateway.odoo.books().table('res.partner').all()]
      .filter((row) => String(row.values.ref).startsWith('partner/'))
      .map((row) => [String(row.values.ref), row.values.name]),
  );

/** Whom the documents of an event name. */
function partnersNamed(gateway: Gateway, eventId: string): string[] {
  const [row] = gateway.ledger
    .rows<{ eventId: string; documents: string }>('SELECT event_id AS eventId, documents FROM events')
    .filter((each) => each.eventId === eventId);
  return [...new Set((row?.documents ?? '').match(/partner\/[a-z]+:customer:\w+/g) ?? [])];
}

describe('a customer that names its primary before it has a partner', () => {
  it('has the primary’s partner at the target, in every document', async () => {
    const gateway = await Gateway.open(IDENTITY);
    await gateway.salesforce(account('Ada Ltd', '2026-01-05T09:00:00.000Z', '04l000000000001AAA'));
    await gateway.run();
    await gateway.stripe('customer.created', stripeCustomer('Ada', ACCOUNT), { id: 'evt_1' });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_2' });
    await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_3' });
    await gateway.pass(HOUR);
    await gateway.stripe('customer.updated', stripeCustomer('Ada Byron', ACCOUNT), { id: 'evt_4' });
    await gateway.pass(HOUR);
    expect(partnersOf(gateway)).toEqual({ [ACCOUNT_PARTNER]: 'Ada Ltd' });
    expect(['evt_1', 'evt_2', 'evt_3', 'evt_4'].map((id) => partnersNamed(gateway, id))).toEqual([
      [],
      [ACCOUNT_PARTNER],
      [ACCOUNT_PARTNER],
      [],
    ]);
    expect(applied(gateway).filter((place) => place.includes('evt_'))).toEqual(
      ['evt_1', 'evt_2', 'evt_3', 'evt_4'].map((id) => `${ACCOUNT_LANE} ${id}`),
    );
    expect(await gateway.exceptions()).toEqual([]);
    await expectSquare(gateway, { '101510': 11_795, '251020': -2_000, '400000': -10_000, '627000': 205 });
  });

  it('gives the primary’s partner its name until the primary speaks itself', async () => {
    const gateway = await Gateway.open(IDENTITY);
    await gateway.stripe('customer.created', stripeCustomer('Ada', ACCOUNT), { id: 'evt_1' });
    await gateway.pass(HOUR);
    expect(partnersOf(gateway)).toEqual({ [ACCOUNT_PARTNER]: 'Ada' });
    await gateway.stripe('customer.updated', stripeCustomer('Ada Byron', ACCOUNT), { id: 'evt_2' });
    await gateway.pass(HOUR);
    expect(partnersOf(gateway)).toEqual({ [ACCOUNT_PARTNER]: 'Ada Byron' });
    await gateway.salesforce(account('Ada Ltd', '2026-01-05T09:00:00.000Z', '04l000000000001AAA'));
    await gateway.pass(HOUR);
    await gateway.stripe('customer.updated', stripeCustomer('Ada Lovelace', ACCOUNT), { id: 'evt_3' });
    await gateway.pass(HOUR);
    expect(partnersOf(gateway)).toEqual({ [ACCOUNT_PARTNER]: 'Ada Ltd' });
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('that was named by a bill alone before, keeps the partner the bill named', async () => {
    const gateway = await Gateway.open(IDENTITY);
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_1' });
    await gateway.pass(HOUR);
    await gateway.stripe('customer.created', stripeCustomer('Ada', ACCOUNT), { id: 'evt_2' });
    await gateway.pass(HOUR);
    await gateway.salesforce(account('Ada Ltd', '2026-01-05T09:00:00.000Z', '04l000000000001AAA'));
    await gateway.pass(HOUR);
    expect(partnersOf(gateway)).toEqual({ [STRIPE_PARTNER]: 'Ada', [ACCOUNT_PARTNER]: 'Ada Ltd' });
    const [told, ...more] = await gateway.exceptions();
    expect(more).toEqual([]);
    expect(told).toMatchObject({ cause: 'duplicate_customer', object: `stripe:customer:${CUSTOMER}` });
    expect(told?.message).toContain(`salesforce:customer:${ACCOUNT}`);
  });

  it('is shown when a person links two that have partners', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('customer.created', stripeCustomer('Ada', null), { id: 'evt_1' });
    await gateway.salesforce(account('Ada Ltd', '2026-01-05T09:00:00.000Z', '04l000000000001AAA'));
    await gateway.pass(HOUR);
    await gateway.call('POST', '/identities', { lane: STRIPE_LANE, sameAs: ACCOUNT_LANE, reason: 'Confirmed' });
    expect((await gateway.exceptions()).map(({ id }) => id)).toEqual([
      `duplicate_customer/partners/${STRIPE_LANE}/${ACCOUNT_LANE}`,
    ]);
  });
});
