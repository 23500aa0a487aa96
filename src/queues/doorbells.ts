/** The doorbell queue's consumer: bindings given to the stages, and every message settled by itself. */
import type { Bindings } from '../bindings.ts';
import { type LaneKey, laneKey, tenantId } from '../canonical/ids.ts';
import { type Doorbell, type LeasedEvent, laneName } from '../durable-objects/customer-lane/protocol.ts';
import { shardOf } from '../ledger/shards.ts';
import { ring } from '../operations/accept.ts';
import { directoryOf } from '../operations/directory.ts';
import { logWarning } from '../operations/log.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';
import { connectorsOf } from './connectors.ts';
import { enrichFrom } from './enrich.ts';
import type { GatePort, LaneName, LanePort, StagePorts } from './ports.ts';
import { MAX_LANES_PER_PASS, runLanes } from './run-lanes.ts';
import { Slots } from './slots.ts';

/** Seconds before a lane that could not be worked on is rung again. */
const RETRY_DELAY_S = 15;

/**
 * Answers doorbells. A message is acknowledged when its lane was worked on or somebody else has it; a lane that failed
 * is retried by its message, and by its own alarm should the message be lost.
 */
export async function answerDoorbells(batch: MessageBatch<unknown>, env: Bindings): Promise<void> {
  const ports = stagePorts(env);
  const byLane = new Map<string, { readonly name: LaneName; readonly messages: Message<unknown>[] }>();
  for (const message of batch.messages) {
    const name = doorbellOf(message.body);
    if (name === null) {
      logWarning('doorbell_unreadable', { id: message.id });
      message.ack();
      continue;
    }
    const known = byLane.get(laneName(name));
    if (known === undefined) byLane.set(laneName(name), { name, messages: [message] });
    else known.messages.push(message);
  }
  const lanes = [...byLane.values()];
  for (let start = 0; start < lanes.length; start += MAX_LANES_PER_PASS) {
    const group = lanes.slice(start, start + MAX_LANES_PER_PASS);
    const summary = await runLanes(
      group.map(({ name }) => name),
      ports,
    );
    const failed = new Set(summary.failed.map(laneName));
    for (const { name, messages } of group) {
      for (const message of messages) {
        if (failed.has(laneName(name))) message.retry({ delaySeconds: RETRY_DELAY_S });
        else message.ack();
      }
    }
  }
}

function doorbellOf(body: unknown): Doorbell | null {
  if (typeof body !== 'object' || body === null || !('tenant' in body) || !('lane' in body)) return null;
  const { tenant, lane } = body;
  return typeof tenant === 'string' && typeof lane === 'string'
    ? { tenant: tenantId(tenant), lane: laneKey(lane) }
    : null;
}

/**
 * Dead doorbells: their lanes ring themselves by alarm, so nothing is lost; that they died is what somebody should know.
 */
export function buryDoorbells(batch: MessageBatch<unknown>): void {
  for (const message of batch.messages) {
    const name = doorbellOf(message.body);
    logWarning('doorbell_dead', { ...name, attempts: message.attempts });
    message.ack();
  }
}

function stagePorts(env: Bindings): StagePorts {
  const directory = directoryOf(env);
  const slots = new Map<string, Slots>();
  const slotsOf = (tenant: TenantRuntime, target: string): Slots => {
    const key = `${tenant.tenant}/${target}`;
    const known = slots.get(key) ?? new Slots(tenant.limits(target).concurrency);
    slots.set(key, known);
    return known;
  };
  return {
    lane: (name) => lanePort(env, name),
    tenant: (tenant) => directory.find(tenant, Date.now()),
    ledger: async (tenant) => {
      const runtime = await directory.find(tenant, Date.now());
      return shardOf(env, runtime?.config.shard ?? 'LEDGER_0');
    },
    forward: (tenant, from, to, event) => forward(env, tenant, from, to, event),
    archive: {
      put: async (key, body) => {
        await env.ARCHIVE.put(key, body, { httpMetadata: { contentType: 'application/x-ndjson' } });
      },
    },
    enrich: enrichFrom(env),
    connector: connectorsOf(env),
    gate: (tenant, target) => gatePort(env, tenant, target, slotsOf(tenant, target)),
    ring: (lanes) => ring(env, lanes),
    now: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    newSuffix: () => crypto.randomUUID().slice(0, 8),
    report: ({ what, ...facts }) => logWarning(what, facts),
  };
}

/** A fresh stub per call: one that has thrown is broken for good (platform.md). */
function lanePort(env: Bindings, name: LaneName): LanePort {
  const stub = () => env.LANES.getByName(laneName(name));
  return {
    lease: () => stub().lease(),
    settle: (epoch, settlement) => stub().settle(epoch, settlement),
    unarchived: (from) => stub().unarchived(from),
  };
}

/** The target's gate, with as many callers of this invocation at it as it lets in at once. */
function gatePort(env: Bindings, tenant: TenantRuntime, target: string, slots: Slots): GatePort {
  const gate = () => env.TARGET_GATES.getByName(`${tenant.tenant}/${target}`);
  const limits = tenant.limits(target);
  return {
    acquire: async () => {
      await slots.take();
      let granted = false;
      try {
        const answer = await gate().acquire({ wanted: 1, limits });
        granted = answer.code === 'granted';
        return answer;
      } finally {
        if (!granted) slots.give();
      }
    },
    holdBack: (lanes) => gate().holdBack(lanes),
    release: async (permitId, outcome, retryAfterMs) => {
      slots.give();
      await gate().release({ permitId, outcome, retryAfterMs });
    },
  };
}

/** @throws when the lane could not take it: the event stays due where it is. */
async function forward(
  env: Bindings,
  tenant: TenantRuntime,
  from: LaneKey,
  to: LaneKey,
  event: LeasedEvent,
): Promise<void> {
  const { seq: _seq, held: _held, ...accepted } = event;
  const name = { tenant: tenant.tenant, lane: to };
  const answer = await env.LANES.getByName(laneName(name)).accept(name, [
    { ...accepted, quarantine: null, forwardedFrom: from },
  ]);
  if ('code' in answer) throw new Error(`lane ${to} refused a forwarded event: ${answer.reason}`);
  if (answer.ring) await ring(env, [name]);
}
