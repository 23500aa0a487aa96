/** Events: the list, one event's whole timeline, its signed bytes, and what is in quarantine. */
import { z } from 'zod';
import { approvalsAbout } from '../../ledger/approval-reads.ts';
import { correctionsOf } from '../../ledger/correction-reads.ts';
import {
  commitCursor,
  entriesOf,
  eventsByIds,
  heldCursor,
  heldOutcomes,
  listEvents,
  listHeld,
} from '../../ledger/event-reads.ts';
import { sha256Hex } from '../../ledger/hash.ts';
import type { LedgerReads } from '../../ledger/reads.ts';
import type { events } from '../../ledger/schema.ts';
import { type Timeline, tellLaneTimeline, tellTimeline, timelineView } from '../../ledger/timeline.ts';
import { eventView, planOf, viewEntry, viewException, viewPosting } from '../../ledger/views.ts';
import { exceptionsAbout, postingsByKeys } from '../../ledger/work-reads.ts';
import { rawBody } from '../../operations/archived-body.ts';
import { auditId, auditStatement } from '../../operations/audit.ts';
import { idsAbout } from '../../operations/exceptions.ts';
import { findInLane } from '../../operations/lanes.ts';
import { OWN_SOURCE } from '../../sources/ledgergate/index.ts';
import { problem } from '../problem.ts';
import { pageOf, pageQuery, pageRequest, type TenantScope, tenantRoute } from './route.ts';

type EventRow = typeof events.$inferSelect;

/** The event under this id in any of the tenant's sources (or the one named): one primary-key look-up per source. */
export async function eventsNamed(scope: TenantScope, id: string, source: string | undefined): Promise<EventRow[]> {
  const sources = source === undefined ? [...Object.keys(scope.live.document.sources), OWN_SOURCE] : [source];
  return eventsByIds(
    scope.books,
    scope.tenant,
    sources.slice(0, 200).map((name) => [name, id]),
  );
}

/** Everything the books know of an event, by primary keys. */
export async function timelineOf(books: LedgerReads, tenant: string, event: EventRow): Promise<Timeline> {
  const plan = planOf(event);
  const keys = plan.targets.flatMap(({ target }) =>
    plan.documents.map((document): readonly [string, string] => [target, document.key]),
  );
  const about = idsAbout(
    event.source,
    event.eventId,
    plan.targets.flatMap(({ target }) =>
      plan.documents.map((document): readonly [string, string] => [target, document.key]),
    ),
  );
  const [booked, postings, exceptions, approvals] = await Promise.all([
    entriesOf(books, tenant, [event]),
    postingsByKeys(books, tenant, keys),
    exceptionsAbout(books, tenant, about),
    approvalsAbout(
      books,
      tenant,
      plan.targets.flatMap(({ approval }) => approval ?? []),
    ),
  ]);
  const entries = (booked.get(`${event.lane}#${event.position}`) ?? []).map(viewEntry);
  return tellTimeline({
    event,
    entries,
    corrections: await correctionsOf(books, tenant, entries),
    approvals,
    postings: postings.map(viewPosting),
    exceptions: exceptions.map(viewException),
  });
}

const ambiguous = (rows: readonly EventRow[]) =>
  problem('conflict', {
    detail: 'more than one source has an event with this id: say which with ?source=',
    errors: rows.map((row) => ({ path: 'query.source', message: row.source })),
  });

const eventParams = z.object({ id: z.string().min(1).max(512).describe("the provider's event id") });
const whichEvent = z.object({
  source: z.string().max(48).optional().describe('when several sources know the id'),
  lane: z.string().max(512).optional().describe('look in this lane too: for events that are not in the books yet'),
});

export const eventRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/events',
      tag: 'events',
      summary: 'Events, newest decision first; with `outcome`, those held, longest held first',
      role: 'read',
      query: pageQuery.extend({ outcome: z.enum(heldOutcomes).optional() }),
      answer: pageOf(eventView),
    },
    async ({ query, books, tenant }) => {
      if (query.outcome !== undefined) {
        const page = pageRequest(query, heldCursor);
        return page instanceof Response ? page : listHeld(books, tenant, query.outcome, page);
      }
      const page = pageRequest(query, commitCursor);
      return page instanceof Response ? page : listEvents(books, tenant, page);
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/events/{id}',
      tag: 'events',
      summary: 'The whole timeline of one event: receipt, decision, entries, postings, exceptions',
      role: 'read',
      params: eventParams,
      query: whichEvent,
      answer: timelineView,
    },
    async (call) => {
      const rows = await eventsNamed(call, call.params.id, call.query.source);
      const [event] = rows;
      if (rows.length > 1) return ambiguous(rows);
      if (event !== undefined) return timelineOf(call.books, call.tenant, event);
      const { lane, source } = call.query;
      const line = lane === undefined ? null : await findInLane(call.env, call.tenant, lane, call.params.id, source);
      if (lane === undefined || line === null) {
        return problem('not_found', {
          detail: 'no such event in the books; events not booked yet are found with ?lane=',
        });
      }
      return tellLaneTimeline(lane, line);
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/events/{id}/body',
      tag: 'events',
      summary: 'The raw bytes as received; reading them is audited',
      role: 'operate',
      params: eventParams,
      query: whichEvent,
      answer: { media: ['application/octet-stream'] },
    },
    async (call) => {
      const rows = await eventsNamed(call, call.params.id, call.query.source);
      if (rows.length > 1) return ambiguous(rows);
      const { lane, source } = call.query;
      const found =
        rows[0] ?? (lane === undefined ? null : await findInLane(call.env, call.tenant, lane, call.params.id, source));
      if (found === null) return problem('not_found');
      const where = 'archive' in found ? found : { ...found, lane: lane ?? '', archive: null };
      const raw = await rawBody(call.env, call.tenant, where);
      if (raw === null) return problem('not_found', { detail: 'the bytes are neither in the archive nor in the lane' });
      if ((await sha256Hex(raw.body)) !== found.bodyHash)
        throw new Error('archived bytes do not have the hash they were booked under');
      await auditStatement(call.db, {
        tenant: call.tenant,
        id: auditId(call.now, call.newId()),
        at: call.now,
        actor: call.actor.name,
        action: 'event.body.read',
        subject: `${found.source}/${found.eventId}`,
        detail: { from: raw.from },
      }).run();
      return new Response(raw.body, {
        headers: {
          'content-type': 'application/octet-stream',
          'content-disposition': 'attachment',
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-store',
          'x-body-sha256': found.bodyHash,
        },
      });
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/quarantine',
      tag: 'events',
      summary: 'Authentic events that were not understood, longest kept first',
      role: 'read',
      query: pageQuery,
      answer: pageOf(eventView),
    },
    async ({ query, books, tenant }) => {
      const page = pageRequest(query, heldCursor);
      return page instanceof Response ? page : listHeld(books, tenant, 'quarantined', page);
    },
  ),
];
