import { afterEach, describe, expect, it, vi } from 'vitest';
import * as make from '../../sandbox/stripe/events.ts';
import { MAX_SHARING } from '../../src/ledger/customer-marks.ts';
import { at, Gateway, HOUR } from '../support/gateway.ts';

afterEach(() => void vi.useRealTimers());

const customer = (id: string, email: string, hours = 0) =>
  make.customer({ id, name: `Name of ${id}`, email, created: at(hours) });

/** Open questions about a shared address; that two linked ones have a partner each is another matter. */
const open = async (gateway: Gateway) =>
  (await gateway.exceptions()).map(({ id }) => id).filter((id) => id.startsWith('duplicate_customer/email/'));

const PAIR = 'duplicate_customer/email/stripe:cus_1/stripe:cus_2';

/** The two come at once or one after the other: the books see both. */
async function twins(together: boolean): Promise<Gateway> {
  const gateway = await Gateway.open();
  await gateway.stripe('customer.created', customer('cus_1', 'Ada@example.com'));
  if (!together) await gateway.pass(HOUR);
  await gateway.stripe('customer.created', customer('cus_2', ' ada@EXAMPLE.com'));
  await gateway.pass(HOUR);
  return gateway;
}

describe('two customers with one e-mail address', () => {
  it.each([
    ['at the same moment', true],
    ['an hour apart', false],
  ])('that come %s are both booked, and shown to a person with a proposed match', async (_when, together) => {
    const gateway = await twins(together);
    const [shown, ...more] = await gateway.exceptions();
    expect(more).toEqual([]);
    expect(shown).toMatchObject({ id: PAIR, cause: 'duplicate_customer', status: 'open' });
    expect(shown?.message).toMatch(/^stripe:cus_[12] and stripe:cus_[12] have the same e-mail address/);
    expect(shown?.remedy).toMatch(/POST \/identities \{"lane":"stripe:cus_[12]","sameAs":"stripe:cus_[12]"\}/);
    expect(`${shown?.message}${shown?.remedy}`).not.toContain('example.com');
    const booked = gateway.ledger.rows("SELECT 1 FROM events WHERE outcome = 'booked'");
    expect(booked).toHaveLength(2);
  });

  it('are no question any more once they are linked', async () => {
    const gateway = await twins(false);
    const link = { lane: 'stripe:cus_2', sameAs: 'stripe:cus_1', reason: 'One person' };
    await gateway.call('POST', '/identities', link);
    expect(await open(gateway)).toEqual([]);
    await gateway.stripe('customer.updated', customer('cus_2', 'ada@example.com', 3));
    await gateway.pass(HOUR);
    expect(await open(gateway)).toEqual([]);
  });

  it('are none any more when either changes it, and are again when it changes it back', async () => {
    const gateway = await twins(false);
    await gateway.stripe('customer.updated', customer('cus_1', 'ada@other.example', 3));
    await gateway.pass(HOUR);
    expect(await open(gateway)).toEqual([]);
    await gateway.stripe('customer.updated', customer('cus_1', 'ada@example.com', 4));
    await gateway.pass(HOUR);
    expect(await open(gateway)).toEqual([PAIR]);
  });

  it('stay what a person said they are: a later snapshot asks no second time', async () => {
    const gateway = await twins(false);
    await gateway.call('POST', `/exceptions/${encodeURIComponent(PAIR)}/resolve`, {
      resolution: 'Two people, one mailbox',
    });
    await gateway.stripe('customer.updated', customer('cus_2', 'ada@example.com', 3));
    await gateway.pass(HOUR);
    expect(await open(gateway)).toEqual([]);
  });

  it('are nobody’s business where the policy says so', async () => {
    const gateway = await Gateway.open({ policies: { duplicateCustomers: { email: 'ignore' } } });
    await gateway.stripe('customer.created', customer('cus_1', 'ada@example.com'));
    await gateway.stripe('customer.created', customer('cus_2', 'ada@example.com'));
    await gateway.pass(HOUR);
    expect(await open(gateway)).toEqual([]);
    expect(gateway.ledger.rows('SELECT 1 FROM customer_marks')).toEqual([]);
  });

  it('are a mailbox when many share it: no more are kept, or shown, than a person can look at', async () => {
    const gateway = await Gateway.open();
    for (let number = 0; number < 2 * MAX_SHARING; number++) {
      await gateway.stripe('customer.created', customer(`cus_${number}`, 'billing@example.com'));
    }
    await gateway.pass(HOUR);
    expect(gateway.ledger.rows('SELECT 1 FROM customer_marks')).toHaveLength(MAX_SHARING);
    expect(await open(gateway)).toHaveLength(MAX_SHARING - 1);
  });

  it('never stand in the books as text a second time', async () => {
    const gateway = await twins(false);
    const marks = gateway.ledger.rows<{ hash: string }>('SELECT hash FROM customer_marks');
    expect(marks.map(({ hash }) => hash)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), marks[0]?.hash]);
  });
});

describe('a customer that two providers know, with one e-mail address', () => {
  it('is no duplicate of itself when its first snapshot names it', async () => {
    const gateway = await Gateway.open({ identity: { stripe: { customerKey: 'metadata.salesforce_account_id' } } });
    const named = {
      ...customer('cus_1', 'ada@example.com'),
      metadata: { salesforce_account_id: '0010000000000AAAAY' },
    };
    await gateway.stripe('customer.created', named);
    await gateway.stripe('customer.created', customer('cus_2', 'bob@example.com'));
    await gateway.stripe('customer.updated', { ...named, name: 'Ada Lovelace' }, { created: at(1) });
    await gateway.pass(HOUR);
    expect(await open(gateway)).toEqual([]);
  });
});
