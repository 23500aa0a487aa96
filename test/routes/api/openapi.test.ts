import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openApi } from '../../../src/routes/api/openapi.ts';
import { routes } from '../../../src/routes/api/routes.ts';

const operation = z.looseObject({
  operationId: z.string(),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.enum(['path', 'query']), required: z.boolean() })),
  responses: z.looseObject({ 200: z.looseObject({ description: z.string() }) }),
});
const document = z.looseObject({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), operation)),
});

describe('docs/openapi.json', () => {
  it('is what the route table says (otherwise: npm run generate)', () => {
    const file = path.join(import.meta.dirname, '../../../docs/openapi.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(openApi(routes))));
  });

  it('describes every route once, under an id of its own, with its path parameters', () => {
    const { paths } = document.parse(JSON.parse(JSON.stringify(openApi(routes))));
    const operations = Object.entries(paths).flatMap(([at, methods]) =>
      Object.values(methods).map((one) => ({ at, ...one })),
    );
    expect(operations).toHaveLength(routes.length);
    expect(new Set(operations.map((one) => one.operationId)).size).toBe(routes.length);
    for (const { at, parameters } of operations) {
      const named = [...at.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect(parameters.filter((one) => one.in === 'path').map((one) => one.name)).toEqual(named);
    }
  });

  it('asks for a body wherever something is changed', () => {
    for (const route of routes.filter((one) => one.method === 'put'))
      expect(route.schemas.body).not.toBeInstanceOf(z.ZodUndefined);
  });
});
