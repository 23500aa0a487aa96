import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { gatePolicy } from '../../src/durable-objects/target-gate/policy.ts';
import type { TargetGate } from '../../src/durable-objects/target-gate/target-gate.ts';

const GATES: DurableObjectNamespace<TargetGate> = env.TARGET_GATES;
const gateOf = (target: string) => GATES.get(GATES.idFromName(`acme/${target}`));
const limits = { concurrency: 2, perSecond: 100 };
const now = Date.now() + 10_000;

async function call(target: string, outcome: 'ok' | 'failed' | 'config', at = now) {
  const answer = await gateOf(target).acquire({ wanted: 1, limits, now: at });
  if (answer.code !== 'granted') throw new Error(`no permit: ${answer.reason}`);
  await gateOf(target).release({ permitId: answer.permitId, outcome, retryAfterMs: null, now: at });
}

describe('TargetGate', () => {
  it('writes nothing while the target is well', async () => {
    for (let i = 0; i < 20; i++) await call('well', i % 3 === 0 ? 'failed' : 'ok');
    expect(await gateOf('well').status()).toMatchObject({ rowsWritten: 0, underWay: 0, paused: null });
  });

  it('holds concurrency across callers', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => gateOf('busy').acquire({ wanted: 1, limits, now })),
    );
    expect(answers.filter((answer) => answer.code === 'granted')).toHaveLength(2);
  });

  it('remembers an open breaker when it is evicted, at the cost of one row', async () => {
    for (let i = 0; i < gatePolicy.failuresToOpen; i++) await call('down', 'failed');
    const before = await gateOf('down').status();
    expect(before).toMatchObject({ breaker: { state: 'open' }, rowsWritten: 1 });
    await evictDurableObject(gateOf('down'));
    expect(await gateOf('down').status()).toMatchObject({ breaker: before.breaker, rowsWritten: 0 });
    expect(await gateOf('down').acquire({ wanted: 1, limits, now })).toMatchObject({ code: 'wait', reason: 'open' });
  });

  it('lets a new probe through when it was evicted during one', async () => {
    for (let i = 0; i < gatePolicy.failuresToOpen; i++) await call('probed', 'failed');
    const later = now + gatePolicy.coolDownMs;
    expect(await gateOf('probed').acquire({ wanted: 1, limits, now: later })).toMatchObject({ code: 'granted' });
    expect(await gateOf('probed').acquire({ wanted: 1, limits, now: later })).toMatchObject({ reason: 'open' });
    await evictDurableObject(gateOf('probed'));
    await call('probed', 'ok', later);
    expect(await gateOf('probed').status()).toMatchObject({ breaker: { state: 'closed' } });
  });

  it('stays paused when it is evicted, until a person resumes', async () => {
    await gateOf('paused').pause('year-end close', now);
    await evictDurableObject(gateOf('paused'));
    const answer = await gateOf('paused').acquire({ wanted: 1, limits, now: now + 10 ** 9 });
    expect(answer).toMatchObject({ code: 'wait', reason: 'paused' });
    await gateOf('paused').resume();
    await call('paused', 'ok');
  });

  it('remembers whose documents it holds while it is paused, a row each, and nobody’s when it is not', async () => {
    const gate = () => gateOf('held');
    expect(await gate().holdBack(['stripe:cus_1'])).toBe(false);
    await gate().pause('year-end close', now);
    expect(await gate().holdBack(['stripe:cus_1', 'stripe:cus_2'])).toBe(true);
    const { rowsWritten } = await gate().status();
    expect(await gate().holdBack(['stripe:cus_1', 'stripe:cus_2'])).toBe(true);
    expect((await gate().status()).rowsWritten).toBe(rowsWritten);
    await evictDurableObject(gate());
    await gate().resume();
    expect(await gate().waiting(1)).toEqual(['stripe:cus_1']);
    await gate().forget(['stripe:cus_1']);
    expect(await gate().waiting(10)).toEqual(['stripe:cus_2']);
  });

  it('keeps one row, whatever happens', async () => {
    await gateOf('row').pause('one', now);
    await gateOf('row').resume();
    await gateOf('row').pause('two', now);
    const rows = await runInDurableObject(gateOf('row'), (_: TargetGate, state) =>
      state.storage.sql.exec('SELECT count(*) AS rows FROM gate').one(),
    );
    expect(rows).toEqual({ rows: 1 });
  });
});
