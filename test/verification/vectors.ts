/** Published test vectors, kept beside the project; tests that need them say so and skip when they are not there. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const delivered = z.object({
  name: z.string(),
  expect: z.enum(['ok', 'fail']),
  kind: z.undefined().optional(),
  payload: z.string(),
  headers: z.record(z.string(), z.string()),
  secret: z.string(),
  now_unix: z.number(),
  tolerance_s: z.number(),
});
const primitive = z.object({
  name: z.string(),
  kind: z.literal('primitive'),
  payload: z.string(),
  secret: z.string(),
  digest: z.string(),
});
const secretFormat = z.object({
  name: z.string(),
  expect: z.literal('fail'),
  kind: z.literal('secret_format'),
  secret: z.string(),
});

const vectorFile = z.object({ vectors: z.array(z.union([primitive, secretFormat, delivered])) });
export type Vector = z.infer<typeof vectorFile>['vectors'][number];

/** Null when the vectors are not on this machine. Every vector has a known form, or this throws. */
export function vectorsOf(provider: string): readonly Vector[] | null {
  const file = path.resolve(import.meta.dirname, '../../../shared/vectors', `${provider}.json`);
  return existsSync(file) ? vectorFile.parse(JSON.parse(readFileSync(file, 'utf8'))).vectors : null;
}

/** Vectors of a form of their own, read by the provider's schema; null when they are not on this machine. */
export function vectorFileOf<T>(provider: string, schema: z.ZodType<T>): readonly T[] | null {
  const file = path.resolve(import.meta.dirname, '../../../shared/vectors', `${provider}.json`);
  if (!existsSync(file)) return null;
  return z.object({ vectors: z.array(schema) }).parse(JSON.parse(readFileSync(file, 'utf8'))).vectors;
}
