/** `POST /config/sources/{name}/try`: the dry run of a source on a pasted sample. */
import { z } from 'zod';
import { closedFrom, type Decision } from '../../canonical/decision.ts';
import { tenantId } from '../../canonical/ids.ts';
import { formatMinor } from '../../canonical/money.ts';
import { unreachable } from '../../canonical/result.ts';
import { loadBooks, readClosings } from '../../ledger/books.ts';
import { directoryOf } from '../../operations/directory.ts';
import { type TriedEvent, type Tryout, type TryReport, trySource } from '../../operations/try-source.ts';
import { sources } from '../../sources/registry.ts';
import { sourceConfig } from '../../tenants/config.ts';
import { configureSource, type TenantRuntime } from '../../tenants/runtime.ts';
import { problem } from '../problem.ts';
import { type Caller, readHeaders, type TenantScope, tenantRoute } from './route.ts';

const MAX_SAMPLE = 1_000_000;

const tryBody = z.strictObject({
  body: z.string().min(1).max(MAX_SAMPLE).describe('the payload, as text'),
  headers: z
    .record(z.string().max(64), z.string().max(8192))
    .optional()
    .describe('as the sender sent them; with them the proof is checked too'),
  source: z
    .looseObject({})
    .optional()
    .describe('settings to try instead of the live ones, as they would stand in the config; the proof is not checked'),
});

const decisionView = z.object({
  outcome: z.enum(['booked', 'nothing', 'wait', 'exception']),
  summary: z.string(),
  entries: z.array(
    z.object({
      date: z.string(),
      description: z.string(),
      lines: z.array(z.object({ account: z.string(), role: z.string(), currency: z.string(), amount: z.string() })),
    }),
  ),
  documents: z.array(z.string()).describe('keys of the documents that targets would be given'),
});
const triedView = z.object({
  id: z.string(),
  type: z.string(),
  occurredAt: z.string(),
  lane: z.string(),
  quarantine: z.string().nullable(),
  note: z.string().nullable(),
  fetches: z.array(z.string()),
  facts: z.array(z.record(z.string(), z.unknown())),
  decision: decisionView.nullable(),
});
const reportView = z.object({
  proof: z.enum(['not_checked', 'proven', 'old', 'refused']),
  failure: z.string().nullable(),
  unreadable: z.string().nullable(),
  events: z.array(triedView),
});

export const tryoutRoutes = [
  tenantRoute(
    {
      method: 'post',
      path: '/config/sources/{name}/try',
      tag: 'config',
      summary: 'What would become of a pasted payload; nothing is stored',
      role: 'operate',
      params: z.object({ name: z.string().min(1).max(48) }),
      body: tryBody,
      answer: reportView,
    },
    async (call) => {
      const runtime = await directoryOf(call.env).find(call.tenant, call.now);
      if (runtime === null) return problem('not_found', { detail: 'no live config' });
      const tryout = prepared(call.params.name, call.body, runtime, call);
      if (tryout instanceof Response) return tryout;
      const { entity } = tryout.books;
      const closings = await readClosings(call.db, tenantId(call.tenant), [entity]);
      const books = closedFrom(tryout.books, closings.get(entity) ?? null);
      return viewReport(await trySource({ ...tryout, books }));
    },
  ),
];

function prepared(
  name: string,
  { body, headers, source: draft }: z.output<typeof tryBody>,
  runtime: TenantRuntime,
  call: Caller & TenantScope,
): Tryout | Response {
  const setUp = draft === undefined ? liveSource(name, runtime) : draftSource(name, draft, runtime);
  if (setUp instanceof Response) return setUp;
  const delivery = {
    method: 'POST',
    url: new URL(`/in/${call.tenant}/${name}`, call.url),
    headers: readHeaders(headers ?? {}),
    body: new Uint8Array(new TextEncoder().encode(body)),
    receivedAt: call.now,
  };
  if (delivery.headers === null) {
    return problem('invalid_request', { errors: [{ path: 'body.headers', message: 'are not HTTP headers' }] });
  }
  return {
    ...setUp,
    name,
    delivery: { ...delivery, headers: delivery.headers },
    secrets: headers === undefined ? null : setUp.secrets,
    load: async (keys) => {
      const { objects } = await loadBooks(call.db, tenantId(call.tenant), keys, []);
      return new Map([...objects].map(([key, { state }]) => [key, state]));
    },
  };
}

type SetUp = Pick<Tryout, 'source' | 'secrets' | 'books'>;

function liveSource(name: string, runtime: TenantRuntime): SetUp | Response {
  const found = [...runtime.sources.values()].find(({ id }) => id === name);
  if (found === undefined) return problem('not_found', { detail: 'the live config has no such source' });
  return { source: found.source, secrets: found.secrets, books: runtime.books(found.entity) };
}

function draftSource(name: string, draft: unknown, runtime: TenantRuntime): SetUp | Response {
  const parsed = sourceConfig.safeParse(draft);
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({
      path: ['sources', name, ...path].join('.'),
      message,
    }));
    return problem('invalid_config', { errors });
  }
  const { entity } = parsed.data;
  if (!Object.hasOwn(runtime.config.entities, entity)) {
    return problem('invalid_config', {
      errors: [{ path: `sources.${name}.entity`, message: `no entity named ${entity}` }],
    });
  }
  const configured = configureSource(name, parsed.data, sources);
  if (!configured.ok) return problem('invalid_config', { errors: configured.error });
  return { source: configured.value, secrets: null, books: runtime.books(entity) };
}

const viewReport = ({ proof, failure, unreadable, events }: TryReport): z.input<typeof reportView> => ({
  proof,
  failure,
  unreadable: unreadable === null ? null : `${unreadable.code}: ${unreadable.detail}`,
  events: events.map(viewEvent),
});

const viewEvent = ({
  occurredAt,
  quarantine,
  facts,
  fetches,
  decision,
  ...rest
}: TriedEvent): z.input<typeof triedView> => ({
  ...rest,
  occurredAt: new Date(occurredAt).toISOString(),
  quarantine: quarantine === null ? null : `${quarantine.code}: ${quarantine.detail}`,
  fetches: [...fetches],
  facts: facts.map((fact) => ({ ...fact })),
  decision: decision === null ? null : viewDecision(decision),
});

function viewDecision(decision: Decision): z.input<typeof decisionView> {
  const { outcome } = decision;
  switch (outcome) {
    case 'booked':
      return {
        outcome,
        summary: decision.notices.map(({ message }) => message).join(' '),
        entries: decision.entries.map(({ date, description, lines }) => ({
          date,
          description,
          lines: lines.map(({ account, role, currency, amount }) => ({
            ...{ account, role, currency },
            amount: formatMinor(amount, currency),
          })),
        })),
        documents: decision.documents.map(({ key }) => key),
      };
    case 'nothing':
      return { outcome, summary: `${decision.reason}: ${decision.note}`, entries: [], documents: [] };
    case 'wait':
      return { outcome, summary: `waits for ${decision.requires.join(', ')}`, entries: [], documents: [] };
    case 'exception': {
      const { message, remedy } = decision.exception;
      return { outcome, summary: `${message} ${remedy}`, entries: [], documents: [] };
    }
    default:
      return unreachable(decision);
  }
}
