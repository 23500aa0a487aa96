/**
 * A sender that the gateway has no code for, described by configuration alone: how it proves itself, where its events
 * say what they are, and by which expressions they become facts. docs/sources/custom.md is its manual.
 */
import { z } from 'zod';
import type { KeySets } from '../../verification/jwks.ts';
import type { SourceDefinition } from '../source.ts';
import { type Auth, authSettings, readyAuth, verifyAuth } from './auth.ts';
import { addressEvents, interpretEvent } from './events.ts';
import { type Reading, reading, readingShape, type SettingFault } from './reading.ts';

interface CustomSettings {
  readonly auth: Auth;
  readonly reading: Reading;
}

/** Settings as written, made ready; every fault by its path. */
const customSettings: z.ZodType<CustomSettings> = z
  .strictObject({ ...readingShape, auth: authSettings })
  .transform(({ auth, ...rest }, context) => {
    const read = reading(rest, null);
    const idHeader = /^header:(.*)$/.exec(rest.event.id ?? '')?.[1] ?? null;
    const ready = readyAuth(auth, idHeader);
    if (read.ok && ready.ok) return { auth: ready.value, reading: read.value };
    for (const fault of [...(read.ok ? [] : read.error), ...(ready.ok ? [] : ready.error)]) sayFault(context, fault);
    return z.NEVER;
  });

export const sayFault = (context: z.core.$RefinementCtx, { path, message }: SettingFault): void =>
  context.addIssue({ code: 'custom', path: [...path], message });

/** `keySets` holds the key sets of senders that come with a JWT. */
export function customSource(keySets: KeySets): SourceDefinition<CustomSettings> {
  return {
    provider: 'custom',
    settings: customSettings,
    maxBodyBytes: 1_000_000,
    methods: ['POST', 'PUT'],
    contentTypes: ['application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json'],
    verify: (delivery, secrets, { auth }) => verifyAuth(delivery, secrets, auth, keySets),
    parse: (delivery, settings) => addressEvents(delivery, settings.reading),
    acknowledge: (summary) => Response.json(summary),
    enrichment: () => [],
    interpret: (event, settings) => interpretEvent(event, settings.reading),
    understands: [],
    system: (settings) => settings.reading.system,
    secretless: ({ auth }) => auth.scheme === 'jwt' || auth.scheme === 'mtls',
    about: {
      name: 'Any sender, by configuration',
      auth: 'HMAC by template, JWT or JWKS, Basic, client certificate, or an API key in a header',
      trust: 'signed',
      acknowledges: '200 with the events and their lanes as JSON',
      dedupe: 'the id where `event.id` points',
      retries: 'whatever the sender does with a 5xx; our own faults answer 503 with Retry-After',
      page: 'sources/custom.md',
    },
  };
}
