/** Every public payload of the shops and payment providers has a verdict here: what it becomes, or why it does not. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { err } from '../../src/canonical/result.ts';
import { adyen } from '../../src/sources/adyen/index.ts';
import { checkoutCom } from '../../src/sources/checkout-com/index.ts';
import { gocardless } from '../../src/sources/gocardless/index.ts';
import { paypalSource } from '../../src/sources/paypal/index.ts';
import { type ConfiguredSource, registerSource } from '../../src/sources/registered.ts';
import { shopify } from '../../src/sources/shopify/index.ts';
import type { Enrichment } from '../../src/sources/source.ts';
import { square } from '../../src/sources/square/index.ts';
import { woocommerce } from '../../src/sources/woocommerce/index.ts';
import { PaypalCertificates } from '../../src/verification/paypal-signature.ts';
import { configured, read, verdict } from './interpreting.ts';
import { type Payload, payloadsOf } from './payloads.ts';

interface Reading {
  readonly source: ConfiguredSource;
  readonly enrichment?: Enrichment;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `capture-true`: the file without its folder and origin. */
const nameOf = (payload: Payload): string => payload.file.replace(/^.*\//, '').replace(/\.json$/, '');

/** All verdicts by file, but for those that are understood and move nothing: these are counted. */
function verdictsOf(payloads: readonly Payload[], reading: (payload: Payload) => Reading) {
  const effects: Record<string, string> = {};
  let noEffect = 0;
  for (const payload of payloads) {
    const { source, enrichment, headers } = reading(payload);
    const words = read(source, payload.body, undefined, enrichment, headers).map(verdict).join(', ');
    if (/^no effect(, no effect)*$/.test(words)) noEffect += 1;
    else effects[nameOf(payload)] = words;
  }
  return { effects, noEffect };
}

describe('every public payload of shops and payment providers', () => {
  const squarePayloads = payloadsOf('square') ?? [];
  it.skipIf(squarePayloads.length === 0)('Square (skipped when ../shared/payloads is absent)', () => {
    const source = configured(registerSource(square));
    const money = (amount: number) => ({ amount, currency: 'USD' });
    /** What the API would say of the order behind the published invoice. */
    const order = {
      id: 'CAISENgvlJ6jLWAzERDzjyHVybY',
      total_money: money(10_000),
      line_items: [
        { quantity: '1', total_money: money(10_000), total_tax_money: money(0), total_discount_money: money(0) },
      ],
    };
    expect(
      verdictsOf(squarePayloads, () => ({
        source,
        enrichment: new Map([['order:CAISENgvlJ6jLWAzERDzjyHVybY', order]]),
      })),
    ).toEqual({
      effects: {
        'customer.deleted__connect-api-specification': 'facts:customer.upserted',
        'dispute.created__connect-api-specification': 'facts:dispute.opened+dispute.withdrawn',
        'dispute.state.changed__connect-api-specification': 'facts:dispute.opened+dispute.withdrawn+dispute.won',
        'dispute.state.updated__connect-api-specification': 'facts:dispute.opened+dispute.withdrawn+dispute.won',
        'invoice.canceled__connect-api-specification': 'facts:invoice.voided',
        'invoice.published__connect-api-specification': 'facts:invoice.issued',
        'payment.updated__connect-api-specification': 'facts:payment.captured',
        'payout.paid__connect-api-specification': 'facts:payout.sent',
        'payout.sent__connect-api-specification': 'facts:payout.sent',
        'refund.updated__connect-api-specification': 'facts:refund.paid',
        'dispute.state.updated__connect-api-specification__2': 'facts:dispute.opened+dispute.withdrawn+dispute.won',
        'subscription.updated__connect-api-specification': 'facts:subscription.changed',
      },
      noEffect: 92,
    });
  });

  const adyenPayloads = payloadsOf('adyen') ?? [];
  it.skipIf(adyenPayloads.length === 0)('Adyen (skipped when ../shared/payloads is absent)', () => {
    const standard = configured(registerSource(adyen), { webhook: 'standard', capture: 'manual' });
    /** The accounts of the samples that move a balance, as if they were the tenant's own. */
    const account = z.object({ data: z.object({ balanceAccount: z.object({ id: z.string() }) }) });
    const platformFor = (payload: Payload) => {
      const parsed = account.safeParse(JSON.parse(new TextDecoder().decode(payload.body)));
      return configured(registerSource(adyen), {
        webhook: 'platform',
        balanceAccounts: parsed.success ? [parsed.data.data.balanceAccount.id] : [],
      });
    };
    const isStandard = (payload: Payload) => new TextDecoder().decode(payload.body).includes('notificationItems');
    expect(
      verdictsOf(adyenPayloads, (payload) => ({ source: isStandard(payload) ? standard : platformFor(payload) })),
    ).toEqual({
      effects: {
        'captureFalse__adyen-node-api-library': 'facts:payment.failed',
        'captureTrue__adyen-node-api-library': 'facts:payment.captured',
        'hmac-validation-webhook__adyen-java-api-library': 'unreadable:unsupported_shape',
        'capture-false__adyen-java-api-library': 'facts:payment.failed',
        'refund-true__adyen-java-api-library': 'facts:refund.paid',
        'openapi_DISPUTE_DEFENSE_PERIOD_ENDED-dispute_defense_period_ended__adyen-openapi': 'facts:dispute.lost',
        'openapi_PAIDOUT_REVERSED-paidout_reversed__adyen-openapi': 'facts:balance.adjusted',
        'openapi_PAYOUT_THIRDPARTY-payout_thirdparty__adyen-openapi': 'facts:balance.adjusted',
        'openapi_REFUND_WITH_DATA-refund_with_data__adyen-openapi': 'facts:balance.adjusted',
        'openapi_balancePlatform.transfer.updated-04.internal-booked__adyen-openapi': 'facts:balance.adjusted',
        'openapi_balancePlatform.transfer.updated-05.directDebit-booked__adyen-openapi': 'facts:balance.adjusted',
        'openapi_balancePlatform.transfer.updated-08.internalDirectDebit-incoming-booked__adyen-openapi':
          'facts:balance.adjusted',
        'openapi_balancePlatform.transfer.updated-09.internalDirectDebit-outgoing-booked__adyen-openapi':
          'facts:balance.adjusted',
        'openapi_balancePlatform.transfer.updated-balancePlatform-transfer-updated-captured-on-demand-top-up__adyen-openapi':
          'facts:balance.adjusted',
        'openapi_balancePlatform.transfer.updated-balancePlatform-transfer-updated-captured-scheduled-top-up__adyen-openapi':
          'facts:balance.adjusted',
        'openapi_balancePlatform.incomingTransfer.updated-balancePlatform-incomingTransfer-updated__adyen-openapi':
          'facts:balance.adjusted',
        'openapi_balancePlatform.outgoingTransfer.created-balancePlatform-outgoingTransfer-created__adyen-openapi':
          'facts:balance.adjusted',
        'openapi_balancePlatform.outgoingTransfer.updated-balancePlatform-outgoingTransfer-updated__adyen-openapi':
          'facts:balance.adjusted',
        'transfer-updated-with-uk-fps-tracing__adyen-java-api-library': 'facts:payout.sent',
      },
      noEffect: 68,
    });
  });

  const gocardlessPayloads = payloadsOf('gocardless') ?? [];
  it.skipIf(gocardlessPayloads.length === 0)('GoCardless (skipped when ../shared/payloads is absent)', () => {
    const source = configured(registerSource(gocardless));
    expect(verdictsOf(gocardlessPayloads, () => ({ source }))).toEqual({ effects: {}, noEffect: 1 });
  });

  const paypalPayloads = payloadsOf('paypal') ?? [];
  it.skipIf(paypalPayloads.length === 0)('PayPal (skipped when ../shared/payloads is absent)', () => {
    const certificates = new PaypalCertificates(async () => err('unavailable'), []);
    const source = configured(registerSource(paypalSource(certificates)));
    expect(verdictsOf(paypalPayloads, () => ({ source }))).toEqual({
      effects: {
        'BILLING.PLAN.ACTIVATED__webhook-samples': 'facts:product.upserted',
        'BILLING.PLAN.UPDATED__webhook-samples': 'facts:product.upserted',
        'BILLING.SUBSCRIPTION.ACTIVATED__webhook-samples': 'facts:subscription.changed',
        'BILLING.SUBSCRIPTION.CANCELLED__webhook-samples': 'facts:subscription.changed',
        'BILLING.SUBSCRIPTION.CREATED__webhook-samples': 'facts:subscription.changed',
        'BILLING.SUBSCRIPTION.EXPIRED__webhook-samples': 'facts:subscription.changed',
        'BILLING.SUBSCRIPTION.RE-ACTIVATED__webhook-samples': 'facts:subscription.changed',
        'BILLING.SUBSCRIPTION.SUSPENDED__webhook-samples': 'facts:subscription.changed',
        'CATALOG.PRODUCT.CREATED__webhook-samples': 'facts:product.upserted',
        'CATALOG.PRODUCT.UPDATED__webhook-samples': 'facts:product.upserted',
        'CUSTOMER.DISPUTE.CREATED__webhook-samples': 'facts:dispute.opened',
      },
      noEffect: 10,
    });
  });

  const shopifyPayloads = payloadsOf('shopify') ?? [];
  it.skipIf(shopifyPayloads.length === 0)('Shopify (skipped when ../shared/payloads is absent)', () => {
    const source = configured(registerSource(shopify), { testOrders: 'book' });
    // The three orders are made up: their lines, shipping and taxes make 224.80 of a total of 409.94.
    const topicOf = ({ eventType }: Payload): string =>
      (eventType ?? '').replace('customers/*', 'customers/update').replace('orders/*', 'orders/create');
    const headersOf = (payload: Payload) => ({
      'x-shopify-topic': topicOf(payload),
      'x-shopify-webhook-id': nameOf(payload).replace(/[^\w-]/g, '-'),
      'x-shopify-shop-domain': 'acme.myshopify.com',
    });
    expect(verdictsOf(shopifyPayloads, (payload) => ({ source, headers: headersOf(payload) }))).toEqual({
      effects: {
        customer_body__webhookdb: 'facts:customer.upserted',
        customer_old_body__webhookdb: 'facts:customer.upserted',
        customer_new_body__webhookdb: 'facts:customer.upserted',
        order_body__webhookdb: 'quarantined:unsupported_shape',
        order_new_body__webhookdb: 'quarantined:unsupported_shape',
        order_blk__webhookdb: 'quarantined:unsupported_shape',
        'customers.create__webhook-samples': 'facts:customer.upserted',
        'customers.delete__webhook-samples': 'facts:customer.upserted',
        'disputes.create__webhook-samples': 'facts:dispute.opened+dispute.withdrawn',
        'orders.edited__webhook-samples': 'quarantined:unsupported_shape',
      },
      noEffect: 14,
    });
  });

  const woocommercePayloads = payloadsOf('woocommerce') ?? [];
  it.skipIf(woocommercePayloads.length === 0)('WooCommerce (skipped when ../shared/payloads is absent)', () => {
    const source = configured(registerSource(woocommerce), { payments: 'book' });
    const reading = ({ eventType }: Payload) => ({ source, headers: { 'x-wc-webhook-topic': eventType ?? '' } });
    expect(verdictsOf(woocommercePayloads, reading)).toEqual({
      effects: { 'product.updated__webhook-samples': 'facts:product.upserted' },
      noEffect: 2,
    });
  });

  const checkoutPayloads = payloadsOf('checkout_com') ?? [];
  it.skipIf(checkoutPayloads.length === 0)('Checkout.com (skipped when ../shared/payloads is absent)', () => {
    const source = configured(registerSource(checkoutCom));
    expect(verdictsOf(checkoutPayloads, () => ({ source }))).toEqual({
      effects: { 'payment_captured__webhook-samples': 'facts:payment.captured' },
      noEffect: 2,
    });
  });
});
