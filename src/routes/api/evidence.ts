/** For whoever checks the books: seals with proofs, the raw rows, the archive's objects. `npm run verify` reads nothing else. */
import { z } from 'zod';
import {
  evidenceTableNames,
  evidenceTables,
  journalPage,
  placeOf,
  readJournal,
  readTable,
  type TablePlace,
} from '../../ledger/evidence-reads.ts';
import { cursorOf } from '../../ledger/pages.ts';
import { findSeal, leavesOf, listSeals, proveInclusion, type SealRow, sealLeaf } from '../../ledger/seals.ts';
import { readManifest } from '../../operations/sealing.ts';
import { problem } from '../problem.ts';
import { audited } from './actions.ts';
import { type Caller, pageOf, pageQuery, pageRequest, type TenantScope, tenantRoute } from './route.ts';

const sealView = z.object({
  day: z.string().describe('UTC; heads were read after its end'),
  root: z.string().describe('Merkle root (RFC 6962, SHA-256) over {lane, position, hash} of all lanes, in key order'),
  lanes: z.int(),
  previous: z.string().describe('hash of the seal before; zeros for the first'),
  hash: z.string().describe('what to keep outside: it fixes all books up to here'),
  archive: z.string(),
  sealedAt: z.int().describe('epoch ms; the hash covers it'),
});
const viewSeal = ({ tenant: _tenant, sealed_at, ...row }: SealRow): z.infer<typeof sealView> => ({
  ...row,
  sealedAt: sealed_at,
});

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'a day, such as 2026-11-28');
const sealCursor = cursorOf('seals', z.string());
const journalCursor = cursorOf('journal', z.tuple([z.string(), z.int().nonnegative()]));
const tableCursor = cursorOf('evidence', z.array(z.union([z.string(), z.number()])).max(8));
const storedRow = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

const sealOf = async (call: TenantScope, asked: string) =>
  (await findSeal(call.db, call.tenant, asked)) ?? problem('not_found', { detail: 'that day has no seal' });

const textOf = async (object: R2ObjectBody): Promise<string> => new TextDecoder().decode(await object.arrayBuffer());

/** A missing object is an answer here: whoever checks the books has to be told. */
const gone = (what: string) => problem('not_found', { detail: `${what} is not in the archive` });

const sealRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/seals',
      tag: 'evidence',
      summary: 'Daily seals, newest first',
      role: 'read',
      query: pageQuery,
      answer: pageOf(sealView),
    },
    async ({ query, db, tenant }) => {
      const page = pageRequest(query, sealCursor);
      if (page instanceof Response) return page;
      const rows = await listSeals(db, tenant, page.after, page.limit + 1);
      const shown = rows.slice(0, page.limit);
      const last = shown.at(-1);
      const next = rows.length > shown.length && last !== undefined ? sealCursor.encode(last.day) : null;
      return { items: shown.map(viewSeal), next };
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/seals/{day}',
      tag: 'evidence',
      summary: 'The seal of one day',
      role: 'read',
      params: z.object({ day }),
      answer: sealView,
    },
    async (call) => {
      const row = await sealOf(call, call.params.day);
      return row instanceof Response ? row : viewSeal(row);
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/seals/{day}/leaves',
      tag: 'evidence',
      summary: 'What a seal was made over: lane heads in key order, part by part',
      role: 'read',
      params: z.object({ day }),
      query: z.object({ part: z.coerce.number().int().min(0).max(10_000).default(0) }),
      answer: z.object({ parts: z.int(), leaves: z.array(sealLeaf) }),
    },
    async ({ params, query, env, tenant }) => {
      const manifest = (await readManifest(env.ARCHIVE, tenant, params.day))?.manifest;
      if (manifest === undefined) return gone('the seal of that day');
      const part = manifest.parts[query.part];
      if (part === undefined) return { parts: manifest.parts.length, leaves: [] };
      const object = await env.ARCHIVE.get(part.key);
      return object === null
        ? gone(part.key)
        : { parts: manifest.parts.length, leaves: leavesOf(await textOf(object)) };
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/seals/{day}/proof',
      tag: 'evidence',
      summary: 'That a lane’s head is under the seal of a day (RFC 9162, 2.1.3)',
      role: 'read',
      params: z.object({ day }),
      query: z.object({ lane: z.string().min(1).max(512) }),
      answer: z.object({
        seal: sealView,
        leaf: sealLeaf.describe('hashed as 0x00 and its canonical JSON: keys in order, no blanks'),
        index: z.int(),
        size: z.int(),
        path: z.array(z.string()),
      }),
    },
    async (call) => {
      const row = await sealOf(call, call.params.day);
      if (row instanceof Response) return row;
      const { env, tenant } = call;
      const manifest = (await readManifest(env.ARCHIVE, tenant, row.day))?.manifest;
      if (manifest === undefined) return gone('the seal of that day');
      const proof = await proveInclusion(manifest, call.query.lane, async (key) => {
        const object = await env.ARCHIVE.get(key);
        return object === null ? [] : leavesOf(await textOf(object));
      });
      return proof === null
        ? problem('not_found', { detail: 'that lane is not under this seal' })
        : { seal: viewSeal(row), ...proof, path: [...proof.path] };
    },
  ),
];

/** Facts and objects hold customers' names and addresses: whose eyes were on which page is kept. */
const auditedPage = (call: Caller & TenantScope, what: string, after: string) =>
  audited(call, 'evidence.read', what, { after }).run();

export const evidenceRoutes = [
  ...sealRoutes,
  tenantRoute(
    {
      method: 'get',
      path: '/evidence/journal',
      tag: 'evidence',
      summary: 'Commits, oldest first, with the rows of the events they decided and their entries, as stored. Audited',
      role: 'operate',
      query: pageQuery,
      answer: journalPage.extend({
        next: z.string().nullable().describe('cursor of the next page; null at the end'),
        resume: z.string().nullable().describe('cursor from which what is booked later is read'),
      }),
    },
    async (call) => {
      const { query, db, tenant } = call;
      const page = pageRequest(query, journalCursor);
      if (page instanceof Response) return page;
      await auditedPage(call, 'journal', page.after?.join('/') ?? '');
      const { place, more, ...rows } = await readJournal(db, tenant, page.after, page.limit);
      const resume = place === null ? null : journalCursor.encode([place[0], place[1]]);
      return { ...rows, next: more ? resume : null, resume };
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/evidence/rows/{table}',
      tag: 'evidence',
      summary: 'Rows of a ledger table as stored, by primary key; of events and entries the keys. `objects` is audited',
      role: 'operate',
      params: z.object({ table: z.enum(evidenceTableNames) }),
      query: pageQuery,
      answer: pageOf(storedRow),
    },
    async (call) => {
      const { params, query, db, tenant } = call;
      const { table } = params;
      const page = pageRequest<TablePlace>(query, tableCursor);
      if (page instanceof Response) return page;
      if (page.after !== null && page.after.length !== evidenceTables[table].key.length)
        return problem('invalid_request', {
          errors: [{ path: 'query.cursor', message: 'is not a cursor of this table' }],
        });
      if (table === 'objects') await auditedPage(call, table, page.after?.join('/') ?? '');
      const rows = await readTable(db, tenant, table, page.after, page.limit + 1);
      const shown = rows.slice(0, page.limit);
      const last = shown.at(-1);
      const more = rows.length > shown.length && last !== undefined;
      return { items: shown, next: more ? tableCursor.encode([...placeOf(table, last)]) : null };
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/evidence/archive',
      tag: 'evidence',
      summary: 'An archive object whole: signed bytes with the answers they were read with, a line each. Audited',
      role: 'operate',
      query: z.object({ key: z.string().min(1).max(512).describe('from `archive` of an event, before the #') }),
      answer: { media: ['application/x-ndjson'] },
    },
    async (call) => {
      const { key } = call.query;
      // Another tenant's objects are not there for this one.
      const object = key.startsWith(`raw/${call.tenant}/`) ? await call.env.ARCHIVE.get(key) : null;
      if (object === null) return gone('that object');
      await audited(call, 'archive.read', key, {}).run();
      return new Response(object.body, {
        headers: {
          'content-type': 'application/x-ndjson',
          'content-disposition': 'attachment',
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-store',
        },
      });
    },
  ),
];
