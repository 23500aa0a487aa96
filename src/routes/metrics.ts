/** Prometheus metrics of everything open, for a key that reaches every tenant. */
import { Hono } from 'hono';
import type { Bindings } from '../bindings.ts';
import { allShards } from '../ledger/shards.ts';
import { authenticate } from '../operations/access.ts';
import { metricsText, type OpenWorkCounts, openWork, quarantinedToday } from '../operations/open-work.ts';
import { fetchKeySetWith, KeySets } from '../verification/jwks.ts';
import { ingressCounts } from './ingress-counters.ts';
import { problem } from './problem.ts';

const keySets = new KeySets(fetchKeySetWith((input, init) => fetch(input, init)));

export const metrics = new Hono<{ Bindings: Bindings }>();

metrics.get('/metrics', async (c) => {
  const now = Date.now();
  const actor = await authenticate(c.req.raw.headers, c.env, keySets, now);
  if (actor === null)
    return problem('not_authenticated', { headers: { 'www-authenticate': 'Bearer realm="ledgergate"' } });
  if (actor.tenant !== '*') return problem('forbidden', { detail: 'metrics are of all tenants' });
  const shards = await Promise.all(allShards(c.env).map((db) => openWork(db, null)));
  const quarantined = await Promise.all(allShards(c.env).map((db) => quarantinedToday(db, now)));
  const all: OpenWorkCounts = {
    exceptions: shards.flatMap((shard) => shard.exceptions),
    held: shards.flatMap((shard) => shard.held),
    postings: shards.flatMap((shard) => shard.postings),
  };
  return new Response(metricsText(all, quarantined.flat(), ingressCounts(), now), {
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
  });
});
