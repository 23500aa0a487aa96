/** The relay's settings: environment variables, all checked before anything is connected. README.md lists them. */
import { z } from 'zod';
import { signingKey } from './ingress.ts';

const topic = z.string().regex(/^\/(?:data|event)\/[A-Za-z][A-Za-z0-9_]{0,79}$/, '/data/<channel> or /event/<name>');

const environment = z.object({
  SALESFORCE_INSTANCE_URL: z.url({ protocol: /^https$/ }),
  SALESFORCE_CLIENT_ID: z.string().min(1),
  SALESFORCE_CLIENT_SECRET: z.string().min(1),
  PUBSUB_ENDPOINT: z
    .string()
    .regex(/^[A-Za-z0-9.-]+:\d{1,5}$/, 'host:port')
    .default('api.pubsub.salesforce.com:7443'),
  PUBSUB_TOPICS: z
    .string()
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(topic).min(1).max(50)),
  START_FROM: z.enum(['earliest', 'latest']).default('earliest'),
  NUM_REQUESTED: z.coerce.number().int().min(1).max(100).default(50),
  LEDGERGATE_INGRESS_URL: z.url({ protocol: /^https?$/ }),
  LEDGERGATE_SIGNING_SECRET: z.string().refine(isSigningSecret, 'whsec_ and 24 to 64 bytes in base64'),
  STATE_DIR: z.string().min(1),
});

function isSigningSecret(secret: string): boolean {
  try {
    return signingKey(secret).length > 0;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

export type Settings = z.infer<typeof environment>;

/** The settings, or one line per fault: names and what is expected, never values. */
export function readSettings(
  env: Readonly<Record<string, string | undefined>>,
): { readonly ok: true; readonly value: Settings } | { readonly ok: false; readonly faults: readonly string[] } {
  const parsed = environment.safeParse(env);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, faults: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) };
}
