/** Cut-over: opening balances, events of the past, and what a target has of what the gateway would have posted. */
import { z } from 'zod';
import { tenantId } from '../../canonical/ids.ts';
import { differenceCursor, differenceView, listDifferences, runTotals, totalView } from '../../ledger/parallel-run.ts';
import { acceptIntoLanes } from '../../operations/accept.ts';
import { approvalView, viewApproval } from '../../operations/approvals.ts';
import { directoryOf } from '../../operations/directory.ts';
import { type PastDelivery, pastDeliveries } from '../../operations/import-history.ts';
import { openingBody, requestOpening } from '../../operations/openings.ts';
import { problem } from '../problem.ts';
import { audited } from './actions.ts';
import { approvalScope } from './approvals.ts';
import { pageOf, pageQuery, pageRequest, readHeaders, reasonBody, tenantRoute } from './route.ts';

/** One call stays well within a lane's and an invocation's bounds. */
const MAX_PAST = 100;

export const historyRoutes = [
  tenantRoute(
    {
      method: 'post',
      path: '/ledger/openings',
      tag: 'cut-over',
      summary: 'Ask for the opening balances of an entity; booked once a second person approves',
      role: 'operate',
      body: openingBody.extend({ reason: reasonBody.shape.reason }),
      answer: approvalView,
    },
    async (call) => {
      const asked = await requestOpening(approvalScope(call), call.body);
      return asked.ok ? viewApproval(asked.value, call.now) : problem('conflict', { detail: asked.error });
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/imports/{source}',
      tag: 'cut-over',
      summary: 'Load events of the past, at most 100 a call. Booked like webhooks; posted nowhere',
      role: 'admin',
      params: z.object({ source: z.string().min(1).max(48) }),
      body: reasonBody.extend({
        events: z
          .array(
            z.strictObject({
              body: z.string().min(1).max(1_500_000).describe('the bytes a webhook of it would have'),
              contentType: z.string().max(200).default('application/json'),
              headers: z.record(z.string().max(100), z.string().max(1000)).default({}),
            }),
          )
          .min(1)
          .max(MAX_PAST),
      }),
      answer: z.object({ accepted: z.int(), duplicate: z.int(), conflict: z.int() }),
    },
    async (call) => {
      const runtime = await directoryOf(call.env).find(call.tenant, call.now);
      const source = [...(runtime?.sources.values() ?? [])].find(({ id }) => id === call.params.source);
      if (runtime === null || source === undefined)
        return problem('not_found', { detail: 'the live config has no such source' });
      const past: PastDelivery[] = [];
      for (const [index, { body, contentType, headers: given }] of call.body.events.entries()) {
        const headers = readHeaders({ ...given, 'content-type': contentType });
        if (headers === null)
          return problem('invalid_request', {
            errors: [{ path: `body.events.${index}.headers`, message: 'are not HTTP headers' }],
          });
        past.push({ body: new Uint8Array(new TextEncoder().encode(body)), headers });
      }
      const url = new URL(`/in/${call.tenant}/${source.id}`, call.url);
      const read = await pastDeliveries(source, past, url, call.actor.name, call.now);
      if (!read.ok)
        return problem('invalid_request', { errors: [{ path: `body.events.${read.index}`, message: read.detail }] });
      const { shard } = runtime.config;
      const answer = await acceptIntoLanes(call.env, tenantId(call.tenant), shard, read.deliveries, call);
      if (answer.code === 'refused')
        return problem('payload_too_large', { detail: 'an event is too large to be stored' });
      if (answer.code === 'overloaded') return problem('overloaded', { retryAfterSeconds: answer.retryAfterSeconds });
      const count = (code: string) => answer.results.filter((result) => result.code === code).length;
      const counts = { accepted: count('accepted'), duplicate: count('duplicate'), conflict: count('conflict') };
      await audited(call, 'history.import', source.id, { ...counts, reason: call.body.reason }).run();
      return counts;
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/parallel-run',
      tag: 'cut-over',
      summary: 'What a target has of what the gateway decided and did not post: totals, and every difference',
      role: 'read',
      query: pageQuery.extend({ target: z.string().min(1).max(48) }),
      answer: pageOf(differenceView).extend({ totals: z.array(totalView) }),
    },
    async ({ query: { target, ...query }, books, tenant }) => {
      const page = pageRequest(query, differenceCursor);
      if (page instanceof Response) return page;
      const [totals, differences] = await Promise.all([
        runTotals(books, tenant, target),
        listDifferences(books, tenant, target, page),
      ]);
      return { ...differences, totals };
    },
  ),
];
