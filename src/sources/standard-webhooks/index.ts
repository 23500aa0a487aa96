/**
 * Any sender that signs as Standard Webhooks say (standardwebhooks.com): HMAC-SHA256 (`v1`) or Ed25519 (`v1a`). What
 * its payloads mean is configured as for a custom source. docs/sources/standard-webhooks.md is its manual.
 */
import { z } from 'zod';
import { DEFAULT_TOLERANCE_SECONDS } from '../../verification/hmac.ts';
import { verifyStandardWebhook } from '../../verification/standard-webhooks.ts';
import { addressEvents, interpretEvent } from '../custom/events.ts';
import { sayFault } from '../custom/index.ts';
import { type Reading, reading, readingShape } from '../custom/reading.ts';
import type { SourceDefinition } from '../source.ts';

interface StandardWebhooksSettings {
  readonly toleranceSeconds: number;
  readonly reading: Reading;
}

/** The spec's payload: `type`, `timestamp` (ISO 8601), `data`; the id is in the signed header. */
const standardWebhooksSettings: z.ZodType<StandardWebhooksSettings> = z
  .strictObject({
    ...readingShape,
    toleranceSeconds: z.int().min(1).max(86_400).default(DEFAULT_TOLERANCE_SECONDS),
  })
  .transform(({ toleranceSeconds, ...rest }, context) => {
    const read = reading(rest, 'header:webhook-id');
    if (read.ok) return { toleranceSeconds, reading: read.value };
    for (const fault of read.error) sayFault(context, fault);
    return z.NEVER;
  });

export const standardWebhooks: SourceDefinition<StandardWebhooksSettings> = {
  provider: 'standard-webhooks',
  settings: standardWebhooksSettings,
  maxBodyBytes: 1_000_000,
  methods: ['POST'],
  contentTypes: ['application/json', 'application/cloudevents+json'],
  verify: (delivery, secrets, { toleranceSeconds }) => verifyStandardWebhook(delivery, secrets, toleranceSeconds),
  parse: (delivery, settings) => addressEvents(delivery, settings.reading),
  acknowledge: (summary) => Response.json(summary),
  enrichment: () => [],
  interpret: (event, settings) => interpretEvent(event, settings.reading),
  understands: [],
  system: (settings) => settings.reading.system,
  about: {
    name: 'Standard Webhooks',
    auth: 'HMAC-SHA256 (`v1`) or Ed25519 (`v1a`) over id, time and body; 5 minutes, configurable',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: '`webhook-id`, unless `event.id` says otherwise',
    retries: 'the spec advises about three days, backing off; our own faults answer 503 with Retry-After',
    page: 'sources/standard-webhooks.md',
  },
};
