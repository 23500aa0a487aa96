/** What Salesforce says about a customer: the account, a deal that is won, its contract. Two of them in one envelope. */
import {
  accountNotification,
  contractNotification,
  type OutboundNotification,
  opportunityNotification,
  outboundMessage,
} from '../../sandbox/salesforce/messages.ts';
import { at, iso } from './calendar.ts';
import { again, type DemoDelivery, delivery } from './delivery.ts';
import { type DemoCustomer, organizationId, salesforceId } from './people.ts';

const envelope = (customer: DemoCustomer, notifications: readonly OutboundNotification[]): DemoDelivery =>
  delivery(
    'salesforce',
    `salesforce-${customer.number}`,
    notifications.map((notification) => notification.id),
    outboundMessage({ organizationId, actionId: salesforceId('04k', 1), notifications }),
    { lane: `salesforce:${customer.salesforceId}` },
  );

/** Three deliveries, and a fourth where the envelope is sent twice. */
export function salesforceStory(customer: DemoCustomer): readonly DemoDelivery[] {
  const accountId = customer.salesforceId;
  const notification = (step: number) => ({
    notificationId: salesforceId('04l', customer.number * 10 + step + 1),
    modifiedAt: iso(at(customer.number, 0, step)),
  });
  const account = envelope(customer, [
    accountNotification(
      { ...notification(0), recordId: accountId },
      { name: customer.name, phone: '+33 1 23 45 67 89', country: customer.country },
    ),
  ]);
  const deal = envelope(customer, [
    opportunityNotification(
      { ...notification(1), recordId: salesforceId('006', customer.number + 1) },
      { accountId, name: `${customer.name}: yearly plan`, stage: 'Closed Won', amount: '12000.0', currency: 'EUR' },
    ),
    contractNotification(
      { ...notification(2), recordId: salesforceId('800', customer.number + 1) },
      { accountId, number: String(customer.number + 1).padStart(8, '0'), status: 'Activated' },
    ),
  ]);
  return customer.number % 4 === 0 ? [account, deal, again(deal)] : [account, deal];
}
