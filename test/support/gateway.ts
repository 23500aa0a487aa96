/**
 * A whole gateway in one process, for stories: the real ingress and operator API, real lanes on Node's SQLite, the real
 * ledger SQL, the real stages, the real sources and the real Odoo connector over the sandbox Odoo's engine. Faked are the
 * clock, the network and the platform's bindings, which are in the story's hands.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Hono } from 'hono';
import { vi } from 'vitest';
import { z } from 'zod';
import type { ChargebeeEventBody } from '../../sandbox/chargebee/events.ts';
import { createOdooEngine, type OdooEngine } from '../../sandbox/odoo/engine.ts';
import { seedOf } from '../../sandbox/odoo/seed.ts';
import { memoryStorage } from '../../sandbox/odoo/store/storage.ts';
import { type OutboundEnvelope, outboundMessage } from '../../sandbox/salesforce/messages.ts';
import { type EventOptions, event, type StripeObject } from '../../sandbox/stripe/events.ts';
import { signStripe } from '../../sandbox/stripe/sign.ts';
import type { Bindings } from '../../src/bindings.ts';
import { laneKey, tenantId } from '../../src/canonical/ids.ts';
import { Lane } from '../../src/durable-objects/customer-lane/lane.ts';
import type { AcceptEvent, Doorbell, Settlement } from '../../src/durable-objects/customer-lane/protocol.ts';
import { timelineView } from '../../src/ledger/timeline.ts';
import { exceptionView } from '../../src/ledger/views.ts';
import { directoryOf } from '../../src/operations/directory.ts';
import { expireApprovals } from '../../src/operations/expire-approvals.ts';
import { tellDueRecognitions } from '../../src/operations/recognition-run.ts';
import { resumeAllParked } from '../../src/operations/resume-parked.ts';
import { dayToSeal, sealTenant } from '../../src/operations/sealing.ts';
import { closeDueWindows } from '../../src/operations/windows.ts';
import { enrichWith, type Pauses } from '../../src/queues/enrich.ts';
import { answerOwn } from '../../src/queues/enrich-own.ts';
import type { StagePorts, StageReport } from '../../src/queues/ports.ts';
import { runLanes } from '../../src/queues/run-lanes.ts';
import { createApi, systemPorts } from '../../src/routes/api/index.ts';
import { ingress } from '../../src/routes/ingress.ts';
import { defaultBudget, type EnrichmentHttp, noCache } from '../../src/sources/enrichment/port.ts';
import { fetchStripeEnrichment } from '../../src/sources/enrichment/stripe.ts';
import { OWN_SOURCE } from '../../src/sources/ledgergate/index.ts';
import { enrichmentKey } from '../../src/sources/source.ts';
import type { TargetConnector, TargetHttp } from '../../src/targets/connector.ts';
import { connectorFor } from '../../src/targets/registry.ts';
import { type LedgerFault, NodeLedger } from '../simulation/node-ledger.ts';
import { engineHttp } from '../targets/odoo/sandbox.ts';
import { MemoryGate } from './memory-gate.ts';
import { MemoryStripe } from './memory-stripe.ts';
import { nodeD1 } from './node-d1.ts';
import { NodeLaneStorage } from './node-lane-storage.ts';

const root = path.resolve(import.meta.dirname, '../..');
const readJson = (name: string) => JSON.parse(readFileSync(path.join(root, 'tenants', name), 'utf8'));

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** When stories begin: 5 January 2026, 10:00 in Paris. */
export const BEGIN = Date.UTC(2026, 0, 5, 9);
/** Seconds since the epoch, `hours` after the beginning: how Stripe and Chargebee write time. */
export const at = (hours: number): number => (BEGIN + hours * HOUR) / 1000;

const secrets = {
  'stripe-signing': 'whsec_stories',
  'stripe-api': 'rk_test_stories',
  'salesforce-path': 'a-secret-path-for-stories',
  'chargebee-basic': 'chargebee:stories-password',
  odoo: 'odoo-stories-key',
} as const;
const ROOT_TOKEN = 'lg_root_stories';

/** What a story changes of tenants/demo.json. */
export interface StoryConfig {
  /** Of Odoo: 19.0 speaks JSON-2, older ones JSON-RPC. Only when the gateway is opened. */
  readonly series?: '19.0' | '18.0';
  readonly closedUntil?: string;
  readonly policies?: Readonly<Record<string, unknown>>;
  readonly stripe?: Readonly<Record<string, unknown>>;
  /** Sources beside the demo's own. */
  readonly sources?: Readonly<Record<string, unknown>>;
  readonly accounts?: Readonly<Record<string, unknown>>;
  readonly identity?: Readonly<Record<string, unknown>>;
  /** Changes to the demo's Odoo target. */
  readonly odoo?: Readonly<Record<string, unknown>>;
  /** Legal entities beside the demo's own. */
  readonly entities?: Readonly<Record<string, unknown>>;
  /** Targets beside the demo's own. */
  readonly targets?: Readonly<Record<string, unknown>>;
  /** Instead of the demo's own. */
  readonly routes?: readonly Readonly<Record<string, unknown>>[];
  readonly approvals?: readonly Readonly<Record<string, unknown>>[];
  /** Of the target `odoo`. */
  readonly limits?: Readonly<Record<string, unknown>>;
  readonly currencies?: readonly string[];
}

const acknowledgement = z.object({
  status: z.string(),
  events: z.array(z.object({ id: z.string(), lane: z.string(), seq: z.int() })),
});
const exceptionPage = z.object({ items: z.array(exceptionView) });
export type Timeline = z.infer<typeof timelineView>;
export type OpenException = z.infer<typeof exceptionView>;

interface KeptLane {
  readonly storage: NodeLaneStorage;
  lane: Lane;
}

/** More passes at one moment than these would be a loop without an end; and more alarms, in stories of weeks. */
const MAX_PASSES = 200;
const MAX_ALARMS = 5_000;

export class Gateway {
  readonly ledger = new NodeLedger();
  readonly stripeApi = new MemoryStripe();
  readonly odoo: OdooEngine;
  readonly archive = new Map<string, string>();
  readonly reports: StageReport[] = [];
  readonly doorbells = new Map<string, Doorbell>();
  readonly lanes = new Map<string, KeptLane>();
  /** What becomes of the books' next calls; reset it when the fault is over. */
  ledgerFault: (kind: 'read' | 'write') => LedgerFault = () => 'none';
  /** True: no connection to Odoo is made. */
  odooDown = false;
  /** The APIs of other providers than Stripe; null: nothing is to be had there. */
  outside: EnrichmentHttp | null = null;
  /** True: no lane takes an event, or a command about its outbox. */
  lanesDown = false;
  /** Doorbells get lost: lanes must ring themselves. */
  doorbellsLost = false;
  private readonly gates = new Map<string, MemoryGate>();
  private readonly pauses: Pauses = new Map();
  private readonly connectors = new Map<string, TargetConnector>();
  private readonly env: Bindings;
  private readonly app = new Hono<{ Bindings: Bindings }>()
    .route('/in', ingress)
    .route(
      '/api/v1',
      createApi({ ...systemPorts, connectors: () => (tenant, target) => this.ports().connector(tenant, target) }),
    );
  private readonly later: Promise<unknown>[] = [];
  private counter = 0;
  private config: StoryConfig = {};

  private constructor(series: string) {
    this.odoo = createOdooEngine(memoryStorage(), () => Date.now(), {
      database: 'demo',
      apiKey: secrets.odoo,
      series,
      seed: seedOf(readJson('demo-odoo.json')),
    });
    const bindings = {
      ENVIRONMENT: 'dev',
      ROOT_TOKEN,
      SECRETS_KEY: randomBytes(32).toString('base64'),
      LEDGER_0: nodeD1(this.ledger),
      LANES: { getByName: (name: string) => this.laneStub(name) },
      TARGET_GATES: { getByName: (name: string) => this.gateOf(name) },
      DOORBELLS: { sendBatch: async (messages: readonly { body: Doorbell }[]) => this.ring(messages) },
      ARCHIVE: this.bucket(),
    };
    // The stand-ins offer what the Worker uses of its bindings, and no more.
    this.env = bindings as unknown as Bindings;
  }

  /** A gateway with tenant `demo`, secrets and config published through the operator API, at `BEGIN`. */
  static async open(config: StoryConfig = {}): Promise<Gateway> {
    vi.useFakeTimers({ toFake: ['Date'], now: BEGIN });
    const gateway = new Gateway(config.series ?? '19.0');
    for (const [name, value] of Object.entries(secrets)) {
      await gateway.call('PUT', `/tenants/demo/secrets/${name}`, { value });
    }
    await gateway.publish(config);
    return gateway;
  }

  get now(): number {
    return Date.now();
  }

  /** Publishes the demo config with these changes over the earlier ones; live at once. */
  async publish(changes: StoryConfig): Promise<void> {
    this.config = { ...this.config, ...changes };
    const { closedUntil, policies, stripe, sources, accounts, identity, routes, currencies } = this.config;
    const { entities, targets, odoo, approvals, limits } = this.config;
    const demo = readJson('demo.json');
    const document = {
      ...demo,
      entities: {
        'demo-eu': {
          ...demo.entities['demo-eu'],
          rates: [{ from: 'USD', to: 'EUR', date: '2026-01-05', rate: '0.92', source: 'story' }],
          closedUntil: closedUntil ?? null,
          ...(currencies === undefined ? {} : { currencies }),
        },
        ...entities,
      },
      sources: {
        ...demo.sources,
        stripe: { ...demo.sources.stripe, apiUrl: this.stripeApi.apiUrl, ...stripe },
        ...sources,
      },
      targets: {
        ...demo.targets,
        odoo: {
          ...demo.targets.odoo,
          ...{ url: 'https://odoo.test', login: 'ledgergate' },
          limits: { ...demo.targets.odoo.limits, ...limits },
          ...odoo,
        },
        ...targets,
      },
      accounts: { ...demo.accounts, ...accounts },
      ...(identity === undefined ? {} : { identity }),
      ...(routes === undefined ? {} : { routes }),
      ...(approvals === undefined ? {} : { approvals }),
      policies: { ...demo.policies, ...policies },
    };
    await this.call('POST', '/tenants/demo/config', document);
    directoryOf(this.env).forget('demo');
  }

  // ---- what senders do ------------------------------------------------------

  /** One delivery, as the sender's HTTP client would make it. */
  async deliver(source: string, body: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const request = new Request(`https://gateway.test/in/demo/${source}`, { method: 'POST', body, headers });
    const answer = await this.app.fetch(request, this.env, this.context());
    await this.allLater();
    return answer;
  }

  /** A validly signed Stripe event; answers the acknowledgement's status. @throws when it is not 2xx. */
  async stripe(type: string, object: StripeObject, options: Partial<EventOptions> = {}): Promise<string> {
    const { id = `evt_auto_${++this.counter}`, created = Math.floor(this.now / 1000), ...more } = options;
    return this.stripeBytes(JSON.stringify(event(type, object, { id, created, ...more })));
  }

  async stripeBytes(body: string): Promise<string> {
    const headers = await signStripe(body, secrets['stripe-signing'], Math.floor(this.now / 1000));
    return statusOf(await this.deliver('stripe', body, headers));
  }

  async chargebee(body: ChargebeeEventBody): Promise<string> {
    return this.chargebeeBytes(JSON.stringify(body));
  }

  async chargebeeBytes(body: string): Promise<string> {
    const authorization = `Basic ${btoa(secrets['chargebee-basic'])}`;
    const headers = { 'content-type': 'application/json', authorization };
    return statusOf(await this.deliver('chargebee', body, headers));
  }

  /** Answers the Ack's text. */
  async salesforce(envelope: Omit<OutboundEnvelope, 'organizationId' | 'actionId'>): Promise<string> {
    const ids = { organizationId: '00d000000000001AAA', actionId: '04k000000000001AAA' };
    return this.salesforceBytes(outboundMessage({ ...ids, ...envelope }));
  }

  async salesforceBytes(body: string): Promise<string> {
    const headers = { 'content-type': 'text/xml; charset=UTF-8' };
    const answer = await this.deliver(`salesforce/${secrets['salesforce-path']}`, body, headers);
    if (!answer.ok) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
    return answer.text();
  }

  /** Bytes of any of the sources, proven as that source proves itself. */
  async send(source: 'stripe' | 'chargebee' | 'salesforce', body: string): Promise<string> {
    if (source === 'stripe') return this.stripeBytes(body);
    return source === 'chargebee' ? this.chargebeeBytes(body) : this.salesforceBytes(body);
  }

  // ---- what time does -------------------------------------------------------

  /** Answers doorbells until none is left. */
  async run(): Promise<void> {
    for (let pass = 0; this.doorbells.size > 0; pass++) {
      if (pass > MAX_PASSES) throw new Error('the lanes ring without end');
      const names = [...this.doorbells.values()];
      this.doorbells.clear();
      await runLanes(names, this.ports());
      await this.allLater();
    }
  }

  /** The cron's minute, as far as it looks for months that are over; what is told is not answered yet. */
  async tick(): Promise<void> {
    await tellDueRecognitions(this.env, this.now);
  }

  /** Lets time go by: alarms go off when they are due, and what they ring for is done. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await this.run();
    for (let alarms = 0; ; alarms++) {
      if (alarms > MAX_ALARMS) throw new Error('alarms go off without end');
      const next = Math.min(...[...this.lanes.values()].map(({ storage }) => storage.armedAt() ?? Infinity));
      if (next > end) break;
      vi.setSystemTime(Math.max(next, this.now));
      for (const [name, { storage, lane }] of this.lanes) {
        const armed = storage.armedAt();
        if (armed === null || armed > this.now) continue;
        storage.disarm();
        if (lane.onAlarm(this.now).ring) this.doorbells.set(name, doorbellOf(name));
      }
      await this.run();
    }
    vi.setSystemTime(end);
  }

  /** Every lane's Durable Object is thrown out of memory; what they stored stays. */
  evict(): void {
    for (const kept of this.lanes.values()) kept.lane = new Lane(kept.storage);
    this.connectors.clear();
  }

  // ---- what people see ------------------------------------------------------

  /** The operator API, with the root token or another. @throws when it does not answer 2xx. */
  async call(method: string, route: string, body?: unknown, token = ROOT_TOKEN): Promise<unknown> {
    const { status, json } = await this.ask(method, route, body, token);
    if (status >= 300) throw new Error(`${method} ${route} was answered ${status}: ${JSON.stringify(json)}`);
    return json;
  }

  /** The same, whatever the answer. */
  async ask(
    method: string,
    route: string,
    body?: unknown,
    token = ROOT_TOKEN,
  ): Promise<{ readonly status: number; readonly json: unknown }> {
    const { status, text } = await this.answered(method, route, body, token);
    return { status, json: text === '' ? null : JSON.parse(text) };
  }

  /** What the operator API answers as text. @throws when it does not answer 2xx. */
  async text(route: string): Promise<string> {
    const { status, text } = await this.answered('GET', route, undefined, ROOT_TOKEN);
    if (status >= 300) throw new Error(`GET ${route} was answered ${status}: ${text}`);
    return text;
  }

  private async answered(method: string, route: string, body: unknown, token: string) {
    const request = new Request(`https://gateway.test/api/v1${route}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await this.app.fetch(request, this.env, this.context());
    await this.allLater();
    const text = await answer.text();
    return { status: answer.status, text };
  }

  /** A person with a key of their own. */
  async person(label: string): Promise<string> {
    const made = await this.call('POST', '/api-keys', { label, tenant: 'demo', role: 'operate' });
    return z.object({ key: z.string() }).parse(made).key;
  }

  /** What the cron trigger does each minute for parked events, approvals and windows. */
  async clock(): Promise<void> {
    await resumeAllParked(this.env);
    await expireApprovals(this.env, this.now);
    await closeDueWindows(this.env, this.now);
  }

  async timeline(eventId: string): Promise<Timeline> {
    return timelineView.parse(await this.call('GET', `/events/${encodeURIComponent(eventId)}`));
  }

  /** The timeline's sentences, in order. */
  async story(eventId: string): Promise<readonly string[]> {
    return (await this.timeline(eventId)).steps.map((step) => step.sentence);
  }

  async exceptions(status: 'open' | 'resolved' | 'all' = 'open'): Promise<readonly OpenException[]> {
    return exceptionPage.parse(await this.call('GET', `/exceptions?status=${status}`)).items;
  }

  /** What the clock does after midnight, until the day before is sealed. */
  async seal(): Promise<void> {
    const day = dayToSeal(this.now);
    for (let run = 0; run < 100; run += 1) {
      const at = { tenant: 'demo', day, parts: 8 };
      if ((await sealTenant(this.env.ARCHIVE, this.ledger, at, this.now)).outcome === 'sealed') return;
    }
    throw new Error(`${day} is never sealed`);
  }

  // ---- bindings -------------------------------------------------------------

  private context(): ExecutionContext {
    const waitUntil = (promise: Promise<unknown>): void => void this.later.push(promise);
    return { waitUntil, passThroughOnException: () => {}, props: {} } as unknown as ExecutionContext;
  }

  private async allLater(): Promise<void> {
    while (this.later.length > 0) await this.later.shift();
  }

  /** As far as archive and seals use R2: an etag is the body's length and beginning, enough to tell versions apart. */
  private bucket() {
    const etagOf = (body: string): string => `${body.length}-${body.slice(-64)}`;
    return {
      put: async (key: string, body: string, options?: R2PutOptions) => {
        const only = options?.onlyIf;
        const now = this.archive.get(key);
        const conditions = only === undefined || only instanceof Headers ? {} : only;
        if (conditions.etagDoesNotMatch === '*' && now !== undefined) return null;
        if (conditions.etagMatches !== undefined && (now === undefined || etagOf(now) !== conditions.etagMatches))
          return null;
        this.archive.set(key, body);
        return { key, etag: etagOf(body) };
      },
      get: async (key: string) => {
        const body = this.archive.get(key);
        return body === undefined
          ? null
          : { key, etag: etagOf(body), text: async () => body, body: new Response(body).body };
      },
    };
  }

  private ring(messages: readonly { readonly body: Doorbell }[]): void {
    if (this.doorbellsLost) return;
    for (const { body } of messages) this.doorbells.set(`${body.tenant}/${body.lane}`, body);
  }

  private kept(name: string): KeptLane {
    let known = this.lanes.get(name);
    if (known === undefined) {
      const storage = new NodeLaneStorage();
      known = { storage, lane: new Lane(storage) };
      this.lanes.set(name, known);
    }
    return known;
  }

  /** Commands of the Durable Object, over a copying border as RPC is. */
  private laneStub(name: string) {
    const lane = () => this.kept(name).lane;
    return {
      accept: async (identity: Doorbell, events: readonly AcceptEvent[]) => {
        if (this.lanesDown) throw Object.assign(new Error('overloaded'), { overloaded: true });
        return lane().accept(identity, structuredClone(events), this.now);
      },
      lease: async () => structuredClone(lane().lease(this.now)),
      settle: async (epoch: number, settlement: Settlement) =>
        lane().settle(epoch, structuredClone(settlement), this.now),
      unarchived: async (from: number) => lane().unarchived(from),
      status: async (limit: number) => lane().status(limit, this.now),
      events: async (from: number, limit: number) => lane().events(from, limit),
      body: async (seq: number) => lane().body(seq),
      skip: async (seq: number, reason: string, position: number | null) =>
        lane().skip(seq, reason, this.now, position),
      unblock: async (seqs: readonly number[], by: string | null) => lane().unblock(seqs, this.now, by),
      redrive: async (seqs: readonly number[], by: string | null) => lane().redrive(seqs, this.now, by),
      releaseDocuments: async (target: string, seq: number, from: number) =>
        lane().releaseDocuments(target, seq, from, this.now),
      hasten: async (target: string | null) => {
        if (this.lanesDown) throw Object.assign(new Error('overloaded'), { overloaded: true });
        return lane().hasten(target, this.now);
      },
    };
  }

  private ports(): StagePorts {
    const ledger = this.ledger.seenBy(
      async () => {},
      (kind) => this.ledgerFault(kind),
      null,
    );
    return {
      lane: ({ tenant, lane }) => this.laneStub(`${tenant}/${lane}`),
      tenant: (tenant) => directoryOf(this.env).find(tenant, this.now),
      ledger: async () => ledger,
      archive: { put: async (key, body) => void this.archive.set(key, body) },
      forward: async ({ tenant }, from, to, forwarded) => {
        const identity = { tenant, lane: to };
        const answer = this.kept(`${tenant}/${to}`).lane.accept(
          identity,
          [{ ...structuredClone(forwarded), quarantine: null, forwardedFrom: from }],
          this.now,
        );
        if ('code' in answer) throw new Error(`lane ${to} refused a forwarded event: ${answer.reason}`);
        if (answer.ring) this.ring([{ body: identity }]);
      },
      enrich: async (tenant, source, needs, now) => {
        if (source.source.provider === OWN_SOURCE) return answerOwn(ledger, tenant.tenant, needs, () => {});
        if (this.outside !== null && source.source.provider !== 'stripe') {
          const tokens = (of: string, reference: string) => directoryOf(this.env).tokens(of, reference);
          return enrichWith(this.outside, tokens, this.pauses)(tenant, source, needs, now);
        }
        if (source.source.provider !== 'stripe') return new Map(needs.map((need) => [enrichmentKey(need), null]));
        const { apiKey } = source;
        const { apiUrl, http } = this.stripeApi;
        const access = { apiUrl, apiKey, http, cache: noCache, budget: defaultBudget };
        return (await fetchStripeEnrichment(needs, access)).enrichment;
      },
      connector: async (tenant, target) => {
        const config = tenant.config.targets[target];
        if (config === undefined) return null;
        const key = `${tenant.version}/${target}`;
        const secret = (reference: string) => directoryOf(this.env).secret(tenant.tenant, reference);
        const known = this.connectors.get(key) ?? (await connectorFor(config, secret, this.odooHttp()));
        this.connectors.set(key, known);
        return known;
      },
      gate: ({ tenant }, target) => this.gateOf(`${tenant}/${target}`),
      ring: async (names) => this.ring(names.map((body) => ({ body }))),
      now: () => this.now,
      sleep: async (ms) => void vi.setSystemTime(this.now + ms),
      newSuffix: () => String(++this.counter).padStart(8, '0'),
      report: (report) => this.reports.push(report),
    };
  }

  private gateOf(name: string): MemoryGate {
    const gate = this.gates.get(name) ?? new MemoryGate(() => this.now, { concurrency: 4, perSecond: 1000 });
    this.gates.set(name, gate);
    return gate;
  }

  private odooHttp(): TargetHttp {
    const engine = engineHttp(this.odoo);
    return {
      send: async (request) =>
        this.odooDown ? { kind: 'refused', message: 'no connection: ECONNREFUSED' } : engine.send(request),
    };
  }
}

function doorbellOf(name: string): Doorbell {
  const slash = name.indexOf('/');
  return { tenant: tenantId(name.slice(0, slash)), lane: laneKey(name.slice(slash + 1)) };
}

async function statusOf(answer: Response): Promise<string> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`answered ${answer.status}: ${text}`);
  return acknowledgement.parse(JSON.parse(text)).status;
}
