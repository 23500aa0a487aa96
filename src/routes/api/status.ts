/** How far things are: what scripts poll and people glance at. */
import { z } from 'zod';
import { laneProgress, lanesProgress } from '../../operations/lanes.ts';
import { COUNTED, type OpenCount, openWork } from '../../operations/open-work.ts';
import { tenantRoute } from './route.ts';

const counts = z.record(z.string(), z.int());
const byWhat = (rows: readonly OpenCount[]): Record<string, number> =>
  Object.fromEntries(rows.map((row) => [row.what, row.count]));
const MAX_LANES = 10_000;

export const statusRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/status',
      tag: 'status',
      summary: 'Counts of what is applied and of what is open',
      role: 'read',
      answer: z.object({
        tenant: z.string(),
        configVersion: z.int(),
        lanes: z.object({
          known: z.int(),
          applied: z.int().describe('events applied to the books'),
          truncated: z.boolean().describe(`there are more than ${MAX_LANES} lanes: the figures are of the first`),
        }),
        held: counts.describe('events waiting, parked, quarantined'),
        exceptions: counts.describe('open, by cause'),
        postings: counts.describe('not at their target, by outcome and target'),
        oldestOpenAt: z.string().nullable(),
        clear: z
          .boolean()
          .describe(
            'nothing is held, open or on its way in the books; lanes may hold what is not in the books yet (POST /status/lanes)',
          ),
        countsStopAt: z.int(),
      }),
    },
    async ({ db, tenant, live }) => {
      const [lanes, open] = await Promise.all([
        db
          .prepare(
            'SELECT count(*) AS known, coalesce(sum(position), 0) AS applied FROM (SELECT position FROM lanes WHERE tenant = ?1 LIMIT ?2)',
          )
          .bind(tenant, MAX_LANES)
          .first<{ known: number; applied: number }>(),
        openWork(db, tenant),
      ]);
      const all = [...open.exceptions, ...open.held, ...open.postings];
      return {
        tenant,
        configVersion: live.version,
        lanes: { known: lanes?.known ?? 0, applied: lanes?.applied ?? 0, truncated: (lanes?.known ?? 0) >= MAX_LANES },
        held: byWhat(open.held),
        exceptions: byWhat(open.exceptions),
        postings: byWhat(open.postings),
        oldestOpenAt: all.length === 0 ? null : new Date(Math.min(...all.map((row) => row.oldest))).toISOString(),
        clear: all.length === 0,
        countsStopAt: COUNTED,
      };
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/status/lanes',
      tag: 'status',
      summary: 'Asks up to 100 lanes themselves how far they are',
      role: 'read',
      body: z.object({ lanes: z.array(z.string().min(1).max(512)).min(1).max(100) }),
      answer: z.object({
        drained: z.boolean().describe('every lane: nothing unsettled, waiting or to be posted'),
        totals: z.object({
          accepted: z.int(),
          applied: z.int(),
          unsettled: z.int(),
          waiting: z.int(),
          parked: z.int(),
          quarantined: z.int(),
          outbox: z.int(),
          retrying: z.int(),
        }),
        lanes: z.array(laneProgress),
      }),
    },
    async ({ body, env, tenant }) => {
      const lanes = await lanesProgress(env, tenant, [...new Set(body.lanes)]);
      const sum = (
        key: 'accepted' | 'applied' | 'unsettled' | 'waiting' | 'parked' | 'quarantined' | 'outbox' | 'retrying',
      ): number => lanes.reduce((total, lane) => total + lane[key], 0);
      return {
        drained: lanes.every((lane) => lane.drained),
        totals: {
          accepted: sum('accepted'),
          applied: sum('applied'),
          unsettled: sum('unsettled'),
          waiting: sum('waiting'),
          parked: sum('parked'),
          quarantined: sum('quarantined'),
          outbox: sum('outbox'),
          retrying: sum('retrying'),
        },
        lanes,
      };
    },
  ),
];
