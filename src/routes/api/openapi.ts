/** The OpenAPI 3.1 document, made from the route table. docs/openapi.json is a copy; a test holds it fresh. */
import { z } from 'zod';
import { MAX_PAGE } from '../../ledger/pages.ts';
import type { Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
  return rest;
};

function parameters(schema: z.ZodType, place: 'path' | 'query'): Json[] {
  const { properties = {}, required = [] } = z
    .looseObject({
      properties: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
      required: z.array(z.string()).optional(),
    })
    .parse(schemaOf(schema, 'input'));
  return Object.entries(properties).map(([name, { description, ...own }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: own,
  }));
}

const tenantParameter: Json = {
  name: 'tenant',
  in: 'query',
  required: false,
  description:
    "defaults to the key's only tenant, or the only one there is; also taken from the header x-ledgergate-tenant",
  schema: { type: 'string' },
};

const problemAnswer: Json = {
  description: 'a problem (RFC 9457)',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

function operation(route: Route): Json {
  const { params, query, body, answer } = route.schemas;
  const takesBody = !(body instanceof z.ZodUndefined);
  const content =
    'media' in answer
      ? Object.fromEntries(answer.media.map((media) => [media, { schema: { type: 'string' } }]))
      : { 'application/json': { schema: schemaOf(answer, 'output') } };
  return {
    operationId: `${route.method}${route.path.replaceAll(/[^A-Za-z]+(.)?/g, (_all, next: string | undefined) => (next ?? '').toUpperCase())}`,
    tags: [route.tag],
    summary: route.summary,
    description: `Needs role \`${route.role}\`.`,
    parameters: [
      ...parameters(params, 'path'),
      ...(route.scope === 'tenant' ? [tenantParameter] : []),
      ...parameters(query, 'query'),
    ],
    ...(takesBody
      ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } } }
      : {}),
    responses: { 200: { description: 'done', content }, default: problemAnswer },
  };
}

export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const item = paths[route.path] ?? {};
    item[route.method] = operation(route);
    paths[route.path] = item;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ledgergate operator API',
      version: '1',
      description: `Lists answer \`{items, next}\`; pass \`next\` as \`cursor\` for the next page, at most ${MAX_PAGE} items each. Amounts are integer minor units with the same amount as text beside them; times are ISO 8601 UTC. Ids in paths are percent-encoded.`,
    },
    servers: [{ url: '/api/v1' }],
    security: [{ bearer: [] }, { access: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'the root token or an API key' },
        access: { type: 'apiKey', in: 'header', name: 'cf-access-jwt-assertion', description: 'Cloudflare Access' },
      },
      schemas: {
        Problem: {
          type: 'object',
          required: ['type', 'title', 'status', 'code'],
          properties: {
            type: { type: 'string', description: 'urn:ledgergate:problem:<code>' },
            title: { type: 'string' },
            status: { type: 'integer' },
            code: { type: 'string' },
            detail: { type: 'string' },
            errors: {
              type: 'array',
              items: {
                type: 'object',
                required: ['path', 'message'],
                properties: { path: { type: 'string' }, message: { type: 'string' } },
              },
            },
          },
        },
      },
    },
  };
}
