/**
 * Every public payload of the three providers, signed by its scheme and sent to the built gateway over HTTP: each is
 * accepted, set aside in quarantine with a reason, or refused; none is an error of ours. Prints the table.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { signStripe } from '../../sandbox/stripe/sign.ts';
import { readWebhookSecret, verifyStandardWebhook } from '../../src/verification/standard-webhooks.ts';
import { verifyStripeSignature } from '../../src/verification/stripe-signature.ts';
import { always, delivery } from '../verification/deliveries.ts';
import { type Vector, vectorsOf } from '../verification/vectors.ts';
import { type Payload, payloadsOf } from './payloads.ts';
import { type RunningGateway, readTenant, runGateway } from './running-gateway.ts';

const CALLOUT_SECRET = `whsec_${btoa('ledgergate-conformance-callouts!')}`;
const NO_ORGANIZATION = '00D000000000000';

const organizationOf = (payload: Payload): string =>
  /<OrganizationId>(\w+)</.exec(new TextDecoder().decode(payload.body))?.[1] ?? NO_ORGANIZATION;

const acknowledgement = z.object({ status: z.enum(['accepted', 'duplicate', 'quarantined']) });
const quarantined = z.object({
  items: z.array(z.object({ id: z.string(), source: z.string(), note: z.string().nullable() })),
  next: z.string().nullable(),
});

interface Sent {
  readonly provider: string;
  readonly type: string;
  readonly kind: string;
  readonly status: number;
  readonly outcome: string;
}

describe.skipIf(payloadsOf('stripe') === null)(
  'every public payload over HTTP (skipped when ../shared/payloads is absent)',
  () => {
    let gateway: RunningGateway;
    const sources = ['stripe', 'chargebee', 'salesforce_outbound_message', 'salesforce_cdc', 'salesforce_ampersand'];
    const payloads = new Map(sources.map((provider) => [provider, payloadsOf(provider) ?? []]));
    const organizations = [...new Set((payloads.get('salesforce_outbound_message') ?? []).map(organizationOf))];

    beforeAll(async () => {
      gateway = await runGateway();
      const demo = readTenant('demo.json');
      const salesforce = demo.sources.salesforce;
      const { channel: _, organizationId: __, ...common } = salesforce;
      const document = {
        ...demo,
        sources: {
          ...demo.sources,
          // Without a key nothing is asked of Stripe: what arrives is all there is.
          stripe: { provider: 'stripe', secrets: demo.sources.stripe.secrets, entity: 'demo-eu' },
          'salesforce-callout': {
            ...common,
            channel: 'callout',
            auth: 'standard-webhooks',
            secrets: ['secret://callout'],
          },
          ...Object.fromEntries(
            organizations.map((organizationId, n) => [`salesforce-org-${n}`, { ...salesforce, organizationId }]),
          ),
        },
        // Nothing is to be posted here.
        targets: { gl: demo.targets.gl },
        routes: [{ when: { event: '*' }, to: 'gl' }],
      };
      const { stripeSigningSecret, stripeApiKey, salesforcePath, chargebeePassword, odooApiKey } = gateway.secrets;
      const values = {
        ...{ 'stripe-signing': stripeSigningSecret, 'stripe-api': stripeApiKey, 'salesforce-path': salesforcePath },
        ...{ 'chargebee-basic': `chargebee:${chargebeePassword}`, odoo: odooApiKey, callout: CALLOUT_SECRET },
      };
      for (const [name, value] of Object.entries(values)) {
        await gateway.call('PUT', `/tenants/demo/secrets/${name}`, { value });
      }
      await gateway.call('POST', '/tenants/demo/config', document);
    }, 45_000);

    afterAll(() => gateway?.stop());

    /** Where a payload of that provider goes, and how its sender proves itself. */
    async function request(provider: string, payload: Payload, n: number): Promise<[string, Record<string, string>]> {
      const now = Math.floor(Date.now() / 1000);
      switch (provider) {
        case 'stripe':
          return ['stripe', await signStripe(payload.body, gateway.secrets.stripeSigningSecret, now)];
        case 'chargebee': {
          const authorization = `Basic ${btoa(`chargebee:${gateway.secrets.chargebeePassword}`)}`;
          return ['chargebee', { 'content-type': 'application/json', authorization }];
        }
        case 'salesforce_outbound_message': {
          const source = `salesforce-org-${organizations.indexOf(organizationOf(payload))}`;
          return [`${source}/${gateway.secrets.salesforcePath}`, { 'content-type': 'text/xml; charset=UTF-8' }];
        }
        default: {
          const id = `msg_${n}`;
          const signature = await signCallout(id, now, payload.body);
          const headers = { 'webhook-id': id, 'webhook-timestamp': String(now), 'webhook-signature': signature };
          return ['salesforce-callout', { 'content-type': 'application/json', ...headers }];
        }
      }
    }

    async function send(provider: string, published: Payload, n: number): Promise<Sent> {
      const payload = provider === 'stripe' ? withOwnId(published, n) : published;
      const [source, headers] = await request(provider, payload, n);
      const answer = await fetch(`${gateway.url}/in/demo/${source}`, { method: 'POST', headers, body: payload.body });
      const text = await answer.text();
      const type = payload.eventType ?? payload.kind;
      const { kind } = payload;
      if (!answer.ok) return { provider, type, kind, status: answer.status, outcome: `refused ${answer.status}` };
      const xml = text.includes('<Ack>true</Ack>');
      const outcome = xml ? 'accepted (Ack)' : acknowledgement.parse(JSON.parse(text)).status;
      return { provider, type, kind, status: answer.status, outcome };
    }

    it('is accepted or quarantined with a reason, and never an error of ours', async () => {
      const sent: Sent[] = [];
      for (const [provider, all] of payloads) {
        for (const [n, payload] of all.entries()) sent.push(await send(provider, payload, n));
      }
      expect(sent.length).toBeGreaterThan(200);
      expect(sent.filter(({ status }) => status >= 500)).toEqual([]);
      // What is no event (answers, service descriptions) may lack what proves its sender; events may not be refused.
      const refused = sent.filter(({ status }) => status < 200 || status >= 300);
      expect(refused.filter(({ kind, status }) => kind === 'event' || status !== 401)).toEqual([]);

      const held = await settledQuarantine(gateway, sent.filter(({ outcome }) => outcome === 'quarantined').length);
      for (const { note } of held) expect(note).toMatch(/^[a-z_]+: ./);
      const reasons = Map.groupBy(held, (each) => `${each.source}: ${each.note?.split(':')[0]}`);
      console.table(
        [...Map.groupBy(sent, (each) => `${each.provider} ${each.kind}`)].map(([what, group]) => ({
          what,
          sent: group.length,
          ...Object.fromEntries(
            [...Map.groupBy(group, (each) => each.outcome)].map(([key, some]) => [key, some.length]),
          ),
        })),
      );
      console.table(
        [...Map.groupBy(sent, (each) => `${each.provider} ${each.type} ${each.outcome}`).values()].map((group) => ({
          ...{ provider: group[0]?.provider, type: group[0]?.type, outcome: group[0]?.outcome, sent: group.length },
        })),
      );
      console.table([...reasons].map(([reason, group]) => ({ reason, events: group.length })));
    }, 50_000);
  },
);

/** Published examples share event ids, and a shared id would be a duplicate: each gets one of its own, nothing else changes. */
function withOwnId(payload: Payload, n: number): Payload {
  const text = new TextDecoder().decode(payload.body);
  const head = z.object({ object: z.literal('event'), id: z.string() }).safeParse(JSON.parse(text));
  if (!head.success) return payload;
  const body = text.replaceAll(`"${head.data.id}"`, `"${head.data.id}_${n}"`);
  return { ...payload, body: new Uint8Array(new TextEncoder().encode(body)) };
}

async function signCallout(id: string, now: number, body: Uint8Array): Promise<string> {
  const raw = Uint8Array.from(atob(CALLOUT_SECRET.slice('whsec_'.length)), (character) => character.charCodeAt(0));
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const prefix = new TextEncoder().encode(`${id}.${now}.`);
  const message = new Uint8Array([...prefix, ...body]);
  return `v1,${Buffer.from(await crypto.subtle.sign('HMAC', key, message)).toString('base64')}`;
}

/** The quarantine once the ledger has put at least as many on its list as senders were told of. At most 20 s. */
async function settledQuarantine(gateway: RunningGateway, atLeast: number) {
  const giveUp = Date.now() + 20_000;
  for (;;) {
    const items: z.infer<typeof quarantined>['items'] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = quarantined.parse(await gateway.call('GET', `/quarantine?limit=100${query}`));
      items.push(...page.items);
      cursor = page.next;
    } while (cursor !== null);
    if (items.length >= atLeast || Date.now() > giveUp) {
      expect(items.length).toBeGreaterThanOrEqual(atLeast);
      return items;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

const verdicts = async (vector: Vector, provider: string): Promise<{ expected: boolean; found: boolean } | null> => {
  if (vector.kind === 'primitive') return null;
  if (vector.kind === 'secret_format') return { expected: true, found: readWebhookSecret(vector.secret) !== null };
  const verify = provider === 'stripe' ? verifyStripeSignature : verifyStandardWebhook;
  const received = delivery(vector.payload, vector.headers, vector.now_unix * 1000);
  const { ok } = await verify(received, always(vector.secret), vector.tolerance_s);
  return { expected: vector.expect === 'ok', found: ok };
};

describe.each(['stripe', 'standard_webhooks'])('every published vector of %s', (provider) => {
  const vectors = vectorsOf(provider);
  it.skipIf(vectors === null)('gets its expected verdict (skipped when ../shared/vectors is absent)', async () => {
    const judged = await Promise.all(
      (vectors ?? []).map(async (vector) => ({ vector, verdict: await verdicts(vector, provider) })),
    );
    expect(judged.length).toBeGreaterThan(5);
    for (const { vector, verdict } of judged) {
      if (verdict === null) continue;
      const expected = vector.kind === 'secret_format' ? false : verdict.expected;
      expect({ name: vector.name, ok: verdict.found }).toEqual({ name: vector.name, ok: expected });
    }
  });
});
