import { createHmac } from 'node:crypto';
import { registerSource } from '../../../src/sources/registered.ts';
import { shopify } from '../../../src/sources/shopify/index.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import * as samples from './samples.ts';

/** The topic a body is of, told from a member that only such bodies have; altered ones may go anywhere. */
function topicOf(body: Uint8Array<ArrayBuffer>): string {
  const text = new TextDecoder().decode(body);
  const topics: readonly (readonly [string, string])[] = [
    ['"transactions"', 'refunds/create'],
    ['"line_items"', 'orders/create'],
    ['"gateway"', 'order_transactions/create'],
    ['"initiated_at"', 'disputes/update'],
    ['"title"', 'products/update'],
  ];
  return topics.find(([member]) => text.includes(member))?.[1] ?? 'customers/update';
}

sourceContract('Shopify', registerSource(shopify), {
  config: {},
  secrets: ['hush'],
  wrongSecrets: ['another', ''],
  contentType: 'application/json',
  headers: async (body) => ({
    ...samples.headersOf(topicOf(body)),
    'x-shopify-hmac-sha256': createHmac('sha256', 'hush').update(body).digest('base64'),
  }),
  readHeaders: (body) => samples.headersOf(topicOf(body)),
  proof: ['x-shopify-hmac-sha256'],
  bindsBody: true,
  bindsTime: false,
  bodies: [
    samples.order,
    samples.transaction,
    samples.refund,
    samples.dispute('under_review'),
    samples.customer,
    samples.product,
  ].map(samples.body),
});
