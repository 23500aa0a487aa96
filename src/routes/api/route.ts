/**
 * One table of routes is the operator API: each entry says who may call it, what goes in and comes out as zod schemas,
 * and what it does. Requests are checked by the schemas, and docs/openapi.json is written from the same ones.
 */
import type { Context } from 'hono';
import { z } from 'zod';
import type { Bindings } from '../../bindings.ts';
import type { EpochMs } from '../../canonical/ids.ts';
import type { CursorCodec } from '../../ledger/pages.ts';
import { DEFAULT_PAGE, MAX_PAGE, type PageRequest } from '../../ledger/pages.ts';
import type { LedgerReads } from '../../ledger/reads.ts';
import type { Actor, Role } from '../../operations/access.ts';
import type { TargetConnector } from '../../targets/connector.ts';
import { type StoredVersion, sayIssue } from '../../tenants/publication.ts';
import type { TenantRuntime } from '../../tenants/runtime.ts';
import { type FieldError, problem } from '../problem.ts';
import { readBody } from '../read-body.ts';

/** What the outside gives: passed in, so that tests say what time it is. */
export interface ApiPorts {
  readonly now: () => EpochMs;
  /** A random suffix or key, 32 hex digits. */
  readonly newId: () => string;
  /** Targets that a read has to ask. */
  readonly connectors?: (env: Bindings) => Connectors;
}

type Connectors = (tenant: TenantRuntime, target: string) => Promise<TargetConnector | null>;

/** The tenant a request is about, with its books. */
export interface TenantScope {
  readonly tenant: string;
  readonly live: StoredVersion;
  readonly db: D1Database;
  readonly books: LedgerReads;
}

export interface Caller {
  readonly actor: Actor;
  readonly env: Bindings;
  readonly now: EpochMs;
  readonly newId: () => string;
  readonly connectors: (env: Bindings) => Connectors;
  readonly url: URL;
  readonly headers: Headers;
  /** Lets work go on after the answer: doorbells, registrations. */
  readonly waitUntil: (promise: Promise<unknown>) => void;
}

export interface Inputs<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
}

/** The answer of another kind than JSON, for OpenAPI. */
export interface Media {
  readonly media: readonly string[];
}

interface RouteText {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** `/events/{id}`; path parameters are percent-encoded by callers, so an id may hold slashes. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly role: Role;
}

interface RouteSchemas<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> {
  readonly params: P;
  readonly query: Q;
  /** `null`: no body is read. */
  readonly body: B;
  readonly answer: A | Media;
}

/** A route with its types closed over: the table holds routes of every shape. */
export interface Route extends RouteText {
  /** `tenant`: about one tenant that has a live config. `none`: about none, or one named in the path. */
  readonly scope: 'tenant' | 'none';
  readonly schemas: RouteSchemas<z.ZodType, z.ZodType, z.ZodType, z.ZodType>;
  run(raw: RawInputs, caller: Caller, tenant: TenantScope | null): Promise<Response>;
}

export interface RawInputs {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly request: Request;
}

const nothing = z.object({});
const noBody = z.undefined();
const MAX_BODY_BYTES = 1024 * 1024;

type Spec<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> = RouteText & {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: A | Media;
};
type Answered<A extends z.ZodType> = Promise<z.input<A> | Response>;

/** A route about one tenant. */
export function tenantRoute<
  A extends z.ZodType,
  P extends z.ZodType = typeof nothing,
  Q extends z.ZodType = typeof nothing,
  B extends z.ZodType = typeof noBody,
>(spec: Spec<P, Q, B, A>, handle: (call: Inputs<P, Q, B> & Caller & TenantScope) => Answered<A>): Route {
  return close(spec, 'tenant', (inputs, caller, tenant) => {
    if (tenant === null) throw new Error(`${spec.path} was called without a tenant`);
    return handle({ ...inputs, ...caller, ...tenant });
  });
}

/** A route about no tenant, or about one that its path names and that need not exist yet. */
export function plainRoute<
  A extends z.ZodType,
  P extends z.ZodType = typeof nothing,
  Q extends z.ZodType = typeof nothing,
  B extends z.ZodType = typeof noBody,
>(spec: Spec<P, Q, B, A>, handle: (call: Inputs<P, Q, B> & Caller) => Answered<A>): Route {
  return close(spec, 'none', (inputs, caller) => handle({ ...inputs, ...caller }));
}

function close<A extends z.ZodType, P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  spec: Spec<P, Q, B, A>,
  scope: Route['scope'],
  handle: (inputs: Inputs<P, Q, B>, caller: Caller, tenant: TenantScope | null) => Answered<A>,
): Route {
  const { method, path, tag, summary, role } = spec;
  const schemas = {
    params: spec.params ?? nothing,
    query: spec.query ?? nothing,
    body: spec.body ?? noBody,
    answer: spec.answer,
  };
  return {
    ...{ method, path, tag, summary, role, scope, schemas },
    async run(raw, caller, tenant) {
      const body = spec.body === undefined ? { ok: true as const, value: undefined } : await jsonBody(raw.request);
      if (!body.ok) return body.answer;
      const params = (spec.params ?? nothing).safeParse(raw.params);
      const query = (spec.query ?? nothing).safeParse(raw.query);
      const parsedBody = (spec.body ?? noBody).safeParse(body.value);
      const unknown = unknownParameters(schemas.query, raw.query);
      if (!params.success || !query.success || !parsedBody.success || unknown.length > 0) {
        return problem('invalid_request', {
          errors: [
            ...faults(params, 'path', raw.params),
            ...faults(query, 'query', raw.query),
            ...unknown,
            ...faults(parsedBody, 'body', body.value),
          ],
        });
      }
      // The three schemas parsed just now; their output types are what the spec's type parameters say.
      const inputs = { params: params.data, query: query.data, body: parsedBody.data } as Inputs<P, Q, B>;
      const answer = await handle(inputs, caller, tenant);
      if (answer instanceof Response) return answer;
      return Response.json(answer, { headers: { 'cache-control': 'no-store' } });
    },
  };
}

/** Paths and expectations; never the value somebody sent. */
const faults = (result: z.ZodSafeParseResult<unknown>, where: string, given: unknown): FieldError[] =>
  result.success
    ? []
    : result.error.issues.flatMap((issue) => sayIssue(issue, [where], { [where]: given })).slice(0, 50);

/** A misspelt `asOf` would otherwise be answered with other figures than those asked for. `tenant` is every route's. */
const unknownParameters = (schema: z.ZodType, given: Readonly<Record<string, string>>): FieldError[] =>
  schema instanceof z.ZodObject
    ? Object.keys(given)
        .filter((name) => name !== 'tenant' && !Object.hasOwn(schema.shape, name))
        .slice(0, 10)
        .map((name) => ({ path: `query.${name.slice(0, 64)}`, message: 'is not a parameter of this request' }))
    : [];

type JsonBody = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly answer: Response };

async function jsonBody(request: Request): Promise<JsonBody> {
  const media = (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (media !== 'application/json')
    return { ok: false, answer: problem('unsupported_media_type', { detail: 'send application/json' }) };
  const bytes = await readBody(request, MAX_BODY_BYTES);
  if (bytes === null) return { ok: false, answer: problem('payload_too_large') };
  try {
    return { ok: true, value: JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)) };
  } catch {
    // Not UTF-8 or not JSON; where it breaks is the sender's to see, not ours to echo.
    return { ok: false, answer: problem('invalid_request', { errors: [{ path: 'body', message: 'is not JSON' }] }) };
  }
}

export const rawInputs = (c: Context): RawInputs => ({
  params: c.req.param(),
  query: c.req.query(),
  request: c.req.raw,
});

/** Null when a name or value cannot be a header's. */
export function readHeaders(headers: Readonly<Record<string, string>>): Headers | null {
  try {
    return new Headers(headers);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

// ---- pages -----------------------------------------------------------------------

export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE).describe('items per page'),
  cursor: z.string().min(1).max(1024).optional().describe('`next` of the page before'),
});

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    next: z
      .string()
      .nullable()
      .describe('cursor of the next page; null at the end. A page may be short and still have one'),
  });

/** The page asked for, or a problem when the cursor is not one of this list. */
export function pageRequest<Cursor>(
  query: { readonly limit: number; readonly cursor?: string | undefined },
  codec: CursorCodec<Cursor>,
): PageRequest<Cursor> | Response {
  if (query.cursor === undefined) return { limit: query.limit, after: null };
  const decoded = codec.decode(query.cursor);
  return decoded.ok
    ? { limit: query.limit, after: decoded.value }
    : problem('invalid_request', { errors: [{ path: 'query.cursor', message: 'is not a cursor of this list' }] });
}

/** Every action that asks for a reason is refused without one: the audit trail answers "why" years later. */
export const reasonBody = z.object({ reason: z.string().trim().min(3).max(500).describe('why, for the audit trail') });
