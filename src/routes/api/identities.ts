/** Which lanes are one customer: what was learnt, and what a person knows. docs/decisions/0004-linked-lanes.md */
import { z } from 'zod';
import { customerOfLane, twoPartners } from '../../canonical/identity.ts';
import { type LaneKey, laneKey, tenantId } from '../../canonical/ids.ts';
import { loadStandings } from '../../ledger/books.ts';
import { LINK_BY_HAND } from '../../ledger/commit.ts';
import { classifyWriteFailure } from '../../ledger/database.ts';
import { cursorOf, pageOf } from '../../ledger/pages.ts';
import { exceptionId } from '../../ledger/records.ts';
import { problem } from '../problem.ts';
import { audited, ringFor } from './actions.ts';
import {
  type Caller,
  pageQuery,
  pageRequest,
  pageOf as pageSchema,
  reasonBody,
  type TenantScope,
  tenantRoute,
} from './route.ts';

const identityView = z.object({
  lane: z.string().describe('the lane that goes on in the primary'),
  primary: z.string(),
  learntFrom: z.string().describe('`<source>/<event id>` that taught it, or `operator/<name>`'),
  at: z.number().describe('epoch ms; events accepted in the lane after that are applied in the primary'),
});
type Identity = z.infer<typeof identityView>;

const placeOfLink = cursorOf('identities', z.string());
/** Lanes of customers only: what belongs to no customer cannot be one. */
const customerLane = z
  .string()
  .max(512)
  .regex(/^[a-z0-9-]+:[^~].*$/, 'a customer’s lane, such as stripe:cus_1');
const linkBody = reasonBody.extend({
  lane: customerLane.describe('goes on in the other one'),
  sameAs: customerLane.describe('the same customer’s lane; its primary when it is linked itself'),
});
type LinkBody = z.infer<typeof linkBody>;

/**
 * Links two lanes, in one transaction with its audit row. The books refuse what would make a chain, however many people
 * and events say so at once; a pass that is at work on the lane fails and finds the link.
 */
async function link(call: Caller & TenantScope, body: LinkBody): Promise<Identity | Response> {
  const tenant = tenantId(call.tenant);
  const lane = laneKey(body.lane);
  const named = laneKey(body.sameAs);
  const standings = await loadStandings(call.db, tenant, [lane, named]);
  const primary = standings.get(named)?.primary ?? named;
  const known = standings.get(lane);
  if (primary === lane) return problem('conflict', { detail: 'that is one lane already' });
  if (known !== undefined && known.primary !== null)
    return problem('conflict', { detail: `${lane} is linked to ${known.primary}; the first link stands` });
  if (known !== undefined && known.linked.length > 0)
    return problem('conflict', { detail: `other lanes are linked to ${lane}; link ${primary} to it instead` });
  const learntFrom = `operator/${call.actor.name}`;
  try {
    await call.db.batch([
      call.db.prepare(LINK_BY_HAND).bind(tenant, lane, primary, learntFrom, call.now),
      audited(call, 'identity.link', lane, { sameAs: named, primary, reason: body.reason }),
      bothPartners(call, lane, primary),
    ]);
  } catch (error) {
    const failure = classifyWriteFailure(error);
    if (failure !== 'linked' && failure !== 'refused') throw error;
    return problem('conflict', { detail: 'somebody linked one of these lanes at the same moment; look again' });
  }
  await ringFor(call, [lane]);
  return { lane, primary, learntFrom, at: call.now };
}

/** Opens an exception where each of the two has a partner of its own at the targets already. */
function bothPartners(call: Caller & TenantScope, lane: LaneKey, primary: LaneKey): D1PreparedStatement {
  const [mine, theirs] = [customerOfLane(lane), customerOfLane(primary)];
  const { cause, message, remedy } = twoPartners(mine, theirs);
  const id = exceptionId(cause, 'partners', lane, primary);
  return call.db
    .prepare(
      `INSERT INTO exceptions (tenant, id, cause, status, lane, object, message, remedy, opened_at)
       SELECT ?1, ?2, ?3, 'open', ?4, ?5, ?6, ?7, ?8
       WHERE (SELECT count(*) FROM objects WHERE tenant = ?1 AND object IN (?5, ?9) AND state ->> 'partner' IS NULL) = 2
       ON CONFLICT (tenant, id) DO NOTHING`,
    )
    .bind(call.tenant, id, cause, lane, mine, message, remedy, call.now, theirs);
}

export const identityRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/identities',
      tag: 'lanes',
      summary: 'Lanes that are one customer, by lane',
      role: 'read',
      query: pageQuery,
      answer: pageSchema(identityView),
    },
    async (call) => {
      const page = pageRequest(call.query, placeOfLink);
      if (page instanceof Response) return page;
      const { results } = await call.db
        .prepare(
          `SELECT lane, primary_lane AS "primary", learnt_from AS learntFrom, at FROM lane_links
           WHERE tenant = ?1 AND lane > ?2 ORDER BY lane LIMIT ?3`,
        )
        .bind(call.tenant, page.after ?? '', page.limit + 1)
        .all<Identity>();
      return pageOf(
        results,
        page.limit,
        (row) => row,
        (row) => placeOfLink.encode(row.lane),
      );
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/identities',
      tag: 'lanes',
      summary: 'Say that two lanes are one customer; it cannot be undone',
      role: 'operate',
      body: linkBody,
      answer: identityView,
    },
    (call) => link(call, call.body),
  ),
];
