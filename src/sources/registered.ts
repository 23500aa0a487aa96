/**
 * Hides a definition's settings type behind a closure: consumers hold sources of all providers in one map and never
 * see, or forget to validate, a provider's settings.
 */
import type { z } from 'zod';
import { err, ok, type Result } from '../canonical/result.ts';
import type { Delivery, LiveSecret, Verification, VerifiedDelivery } from '../verification/verification.ts';
import type {
  AcceptedSummary,
  AddressedEvent,
  Enrichment,
  EnrichmentNeed,
  Interpretation,
  SourceAbout,
  SourceDefinition,
  StoredEvent,
  UnreadableDelivery,
} from './source.ts';

/** What every source has in the tenant's config; the rest of the object is the provider's own settings. */
export const commonSourceKeys = [
  'provider',
  'secrets',
  'entity',
  'entityRules',
  'moneyNeeds',
  'apiKey',
  'apiUrl',
] as const;

/** A source with its settings applied: what ingress, ledger stage and replay work with. */
export interface ConfiguredSource {
  /** What stands first in its object keys and customer lanes: the provider, or the system its settings name. */
  readonly provider: string;
  readonly maxBodyBytes: number;
  readonly methods: readonly ('POST' | 'PUT' | 'GET')[];
  readonly contentTypes: readonly string[];
  verify(delivery: Delivery, secrets: readonly LiveSecret[]): Promise<Verification>;
  parse(delivery: VerifiedDelivery): Result<readonly AddressedEvent[], UnreadableDelivery>;
  acknowledge(summary: AcceptedSummary, delivery?: VerifiedDelivery): Response;
  /** The provider's own answer to an unproven delivery; null: the gateway's usual one. */
  refuse(): Response | null;
  enrichment(event: StoredEvent): readonly EnrichmentNeed[];
  interpret(event: StoredEvent, enrichment: Enrichment): Interpretation;
}

export interface RegisteredSource {
  readonly provider: string;
  readonly understands: readonly string[];
  readonly about: SourceAbout | null;
  /** For the config's JSON Schema and for messages about it. */
  readonly settings: SourceDefinition['settings'];
  /**
   * Validates the provider's part of a source's config once. The error lists `path: what is wrong`, never values.
   * Pure: the same config yields an equal source, so callers may cache it by config version.
   */
  configure(config: Readonly<Record<string, unknown>>): Result<ConfiguredSource, readonly string[]>;
}

export function registerSource<Settings>(definition: SourceDefinition<Settings>): RegisteredSource {
  const common: ReadonlySet<string> = new Set(commonSourceKeys);
  return {
    provider: definition.provider,
    understands: definition.understands,
    about: definition.about ?? null,
    settings: definition.settings,
    configure(config) {
      const own = Object.fromEntries(Object.entries(config).filter(([key]) => !common.has(key)));
      const parsed = definition.settings.safeParse(own);
      if (!parsed.success) {
        return err(parsed.error.issues.flatMap(sayIssue));
      }
      if (isEmpty(config.secrets) && definition.secretless?.(parsed.data) !== true) {
        return err(['secrets: at least one, for this proof']);
      }
      return ok(withSettings(definition, parsed.data));
    },
  };
}

const isEmpty = (secrets: unknown): boolean => Array.isArray(secrets) && secrets.length === 0;

const sayIssue = (issue: z.core.$ZodIssue): readonly string[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => `${[...issue.path, key].join('.')}: is not a known setting`)
    : [`${issue.path.join('.') || 'settings'}: ${issue.message}`];

function withSettings<Settings>(definition: SourceDefinition<Settings>, settings: Settings): ConfiguredSource {
  return {
    provider: definition.system?.(settings) ?? definition.provider,
    maxBodyBytes: definition.maxBodyBytes,
    methods: definition.methods,
    contentTypes: definition.contentTypes,
    verify: (delivery, secrets) => definition.verify(delivery, secrets, settings),
    parse: (delivery) => definition.parse(delivery, settings),
    acknowledge: (summary, delivery) => definition.acknowledge(summary, settings, delivery),
    refuse: () => definition.refuse?.(settings) ?? null,
    enrichment: (event) => definition.enrichment(event, settings),
    interpret: (event, enrichment) => definition.interpret(event, settings, enrichment),
  };
}
