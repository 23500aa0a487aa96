import { afterEach, describe, expect, it, vi } from 'vitest';
import { contractNotification, opportunityNotification } from '../../sandbox/salesforce/messages.ts';
import { Gateway } from '../support/gateway.ts';
import { expectSquare, expectStory } from './billing.ts';

afterEach(() => void vi.useRealTimers());

const accountId = '001000000000001AAA';
const modifiedAt = '2026-01-05T08:00:00.000Z';

describe('a Salesforce deal that is won', () => {
  it('is acknowledged once for the whole message, remembered, and books nothing', async () => {
    const gateway = await Gateway.open();
    const notifications = [
      opportunityNotification(
        { notificationId: '04l000000000001AAA', recordId: '006000000000001AAA', modifiedAt },
        { accountId, name: 'Yearly plan', stage: 'Closed Won', amount: '12500.0', currency: 'EUR' },
      ),
      contractNotification(
        { notificationId: '04l000000000002AAA', recordId: '800000000000001AAA', modifiedAt },
        { accountId, number: '00000001', status: 'Activated' },
      ),
    ];
    const ack = await gateway.salesforce({ notifications });
    expect(ack.match(/<Ack>true<\/Ack>/g)).toHaveLength(1);
    await gateway.run();
    await expectSquare(gateway, {});
    await expectStory(gateway, '04l000000000001AAA', [
      'only knowledge of the secret address vouches for the sender',
      'It says: deal.won',
    ]);
    expect((await gateway.timeline('04l000000000001AAA')).facts).toMatchObject([{ kind: 'deal.won' }]);
    expect(await gateway.salesforce({ notifications })).toBe(ack);
    await gateway.run();
    await expectSquare(gateway, {});
  });
});
