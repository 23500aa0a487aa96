/** Posting windows whose entries are posted as summaries: what they collect, what they took, and each entry in them. */
import { z } from 'zod';
import { tenantId } from '../../canonical/ids.ts';
import { entriesOf } from '../../ledger/event-reads.ts';
import { cursorOf } from '../../ledger/pages.ts';
import { entryView, viewEntry } from '../../ledger/views.ts';
import { findWindow, listWindows, windowPage, windowPlace } from '../../ledger/window-reads.ts';
import {
  openWindow,
  openWindowView,
  totalsView,
  viewTotals,
  viewWindows,
  windowView,
} from '../../operations/window-story.ts';
import { closeWindow } from '../../operations/windows.ts';
import { summaryRoutes } from '../../tenants/runtime.ts';
import { problem } from '../problem.ts';
import { audited } from './actions.ts';
import { type Caller, pageOf, pageQuery, pageRequest, reasonBody, type TenantScope, tenantRoute } from './route.ts';

const windowCursor = cursorOf('windows', z.tuple([z.string(), z.string(), z.int()]));
const entryCursor = cursorOf('window-entries', windowPlace);
const place = z.object({ target: z.string().max(48), entity: z.string().max(48) });
const windowParams = place.extend({ number: z.coerce.number().int().min(1) });

/** Open windows are counted up to now, entry by entry: so many of them in one answer. */
const OPEN_AT_ONCE = 10;

const scopeOf = ({ env, db, tenant, now, live }: Caller & TenantScope) => ({
  ...{ env, db, tenant, now },
  baseOf: (entity: string) => live.document.entities[entity]?.currency ?? 'XXX',
});

const noWindow = () => problem('not_found', { detail: 'no such window' });

export const windowRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/windows',
      tag: 'windows',
      summary: 'Windows by target, entity and number; the first page also has what the open ones have collected',
      role: 'read',
      query: pageQuery,
      answer: pageOf(windowView).extend({ open: z.array(openWindowView) }),
    },
    async (call) => {
      const page = pageRequest(call.query, windowCursor);
      if (page instanceof Response) return page;
      const rows = await listWindows(call.db, call.tenant, page.after ?? ['', '', 0], page.limit + 1);
      const shown = rows.slice(0, page.limit);
      const last = shown.at(-1);
      const open = page.after === null ? summaryRoutes(call.live.document).slice(0, OPEN_AT_ONCE) : [];
      return {
        items: await viewWindows(scopeOf(call), shown),
        next:
          rows.length > page.limit && last !== undefined
            ? windowCursor.encode([last.target, last.entity, last.number])
            : null,
        open: await Promise.all(open.map((route) => openWindow(scopeOf(call), route))),
      };
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/windows/{target}/{entity}/{number}',
      tag: 'windows',
      summary: 'One window: control totals, journals, and their receipts at the target',
      role: 'read',
      params: windowParams,
      answer: windowView,
    },
    async (call) => {
      const { target, entity, number } = call.params;
      const row = await findWindow(call.db, { tenant: call.tenant, target, entity }, number);
      if (row === null) return noWindow();
      const [view] = await viewWindows(scopeOf(call), [row]);
      return view ?? noWindow();
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/windows/{target}/{entity}/{number}/entries',
      tag: 'windows',
      summary: 'Each entry that the window summed up, in the order booked',
      role: 'read',
      params: windowParams,
      query: pageQuery,
      answer: pageOf(entryView),
    },
    async (call) => {
      const page = pageRequest(call.query, entryCursor);
      if (page instanceof Response) return page;
      const { target, entity, number } = call.params;
      const window = { tenant: call.tenant, target, entity };
      const row = await findWindow(call.db, window, number);
      if (row === null) return noWindow();
      const span = { after: row.afterCommit, to: row.toCommit };
      const { entries, next } = await windowPage(call.db, window, span, page.after, page.limit);
      const rows = await entriesOf(call.books, call.tenant, entries);
      return {
        items: entries.flatMap(({ lane, position, part }) =>
          (rows.get(`${lane}#${position}`) ?? []).filter((entry) => entry.part === part).map(viewEntry),
        ),
        next: next === null ? null : entryCursor.encode(next),
      };
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/windows/{target}/{entity}/close',
      tag: 'windows',
      summary: 'Close the open window now, before its time',
      role: 'operate',
      params: place,
      body: reasonBody,
      answer: z.object({
        outcome: z.enum(['closed', 'empty']),
        number: z.int().nullable(),
        totals: totalsView.nullable(),
        more: z.boolean().describe('it was full: close again for the rest'),
      }),
    },
    async (call) => {
      const { target, entity } = call.params;
      const config = call.live.document;
      const route = summaryRoutes(config).find((one) => one.target === target && one.entity === entity);
      if (route === undefined)
        return problem('not_found', { detail: 'no route summarises this entity for this target' });
      const closed = await closeWindow(
        call.env,
        { tenant: tenantId(call.tenant), config },
        route,
        call.actor.name,
        call.now,
        (number) => audited(call, 'window.close', `${target}/${entity}/${number}`, { reason: call.body.reason }),
      );
      if (closed.code === 'overtaken')
        return problem('conflict', { detail: 'somebody else closed it just now: look again' });
      if (closed.code === 'not_told')
        return problem('unavailable', {
          detail: `its lane could not be told yet: ${closed.reason}`,
          retryAfterSeconds: 60,
        });
      if (closed.code === 'empty') return { outcome: 'empty' as const, number: null, totals: null, more: false };
      const totals = viewTotals(closed.totals, scopeOf(call).baseOf(entity));
      return { outcome: 'closed' as const, number: closed.number, totals, more: closed.more };
    },
  ),
];
