/**
 * A tenant's routing config: one document, versioned, validated whole. Everything the gateway does for a tenant follows
 * from it; every journal entry records the version it was decided with. Secrets are references, never values.
 */
import { z } from 'zod';
import { accountRoles } from '../canonical/accounts.ts';
import { currency, type Money, parseDecimal } from '../canonical/money.ts';

const slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/, 'lower-case letters, digits and dashes, at most 48');
const currencyCode = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code in capitals, such as EUR');
const secretReference = z.string().regex(/^secret:\/\/[a-z0-9-]{1,64}$/, 'a reference of the form secret://name');
const isoDay = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'a date, such as 2026-11-22');

const timeZone = z.string().refine(
  (zone) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone });
      return true;
    } catch {
      return false;
    }
  },
  { error: 'an IANA time zone, such as Europe/Paris' },
);

const exchangeRate = z.strictObject({
  from: currencyCode,
  to: currencyCode,
  date: isoDay,
  rate: z.string().regex(/^\d{1,12}(\.\d{1,12})?$/, 'a positive decimal in quotes, such as "0.9213"'),
  source: z.string().max(80),
});

const accountMapping = z.union([z.string().min(1).max(64), z.record(z.string().max(255), z.string().min(1).max(64))]);
const chartOfAccounts = z.partialRecord(z.enum(accountRoles), accountMapping);

export const entityConfig = z.strictObject({
  currency: currencyCode,
  timeZone,
  calendar: z.enum(['monthly']).default('monthly'),
  /** Overrides the tenant's `accounts` role by role. */
  accounts: chartOfAccounts.default({}),
  rates: z.array(exchangeRate).max(5000).default([]),
  /** Last closed day: facts dated on or before it follow `policies.latePeriod`. */
  closedUntil: isoDay.nullable().default(null),
  /** Currencies the books take; a fact in another one waits for a person. Left out: any. */
  currencies: z.array(currencyCode).min(1).max(200).optional(),
});

/** What every source has; the provider's own settings stand beside these keys and are checked by its definition. */
export const sourceConfig = z.looseObject({
  provider: z.string().min(1).max(48),
  secrets: z
    .array(
      z.union([
        secretReference,
        z.strictObject({
          ref: secretReference,
          notBefore: z.iso.datetime().optional(),
          notAfter: z.iso.datetime().optional(),
        }),
      ]),
    )
    // None is enough for proofs that need no secret of ours; the source's definition says which.
    .max(8),
  entity: slug,
  /**
   * Which legal entity an event is for, where one source serves several: the first rule that fits, else `entity`. What is
   * about an object in the books already (a payment of an invoice) is its entity's, whatever the rules say.
   */
  entityRules: z
    .array(
      z.strictObject({
        when: z
          .strictObject({
            currency: currencyCode.optional(),
            /** Dotted path in the provider's event, such as `account` or `data.object.metadata.entity`. */
            path: z
              .string()
              .regex(/^[\w-]{1,80}(\.[\w-]{1,80}){0,7}$/, 'a dotted path, such as data.object.metadata.entity')
              .optional(),
            equals: z.string().max(200).optional(),
          })
          .refine((when) => (when.path === undefined) === (when.equals === undefined), {
            error: 'path and equals go together',
          })
          .refine((when) => when.currency !== undefined || when.path !== undefined, {
            error: 'say a currency, or a path and what it equals',
          }),
        entity: slug,
      }),
    )
    .max(100)
    .default([]),
  /** Least proof of origin that may move money; weaker events are re-fetched from the provider or become exceptions. */
  moneyNeeds: z.enum(['addressed', 'authenticated', 'signed']).default('authenticated'),
  /** Restricted API key for what webhooks do not carry. */
  apiKey: secretReference.optional(),
  apiUrl: z.url({ protocol: /^https?$/ }).optional(),
});

const targetLimits = z.strictObject({
  concurrency: z.int().min(1).max(16).default(2),
  perSecond: z.number().positive().max(1000).default(4),
  /** Documents per bulk call. */
  batch: z.int().min(1).max(200).default(100),
  /** Lines of one summary journal; what is longer goes in several, each balanced. */
  linesPerJournal: z.int().min(2).max(2000).default(500),
});

export const odooTarget = z.strictObject({
  kind: z.literal('odoo'),
  url: z.url({ protocol: /^https?$/ }),
  database: z.string().min(1).max(128),
  protocol: z.enum(['auto', 'json-2', 'json-rpc']).default('auto'),
  credential: secretReference,
  /** Needed by JSON-RPC only. */
  login: z.string().max(128).optional(),
  companyId: z.int().positive().default(1),
  /**
   * `compare`: a parallel run. Everything is decided, looked for at the target and compared; nothing is posted.
   * `takeover`: what somebody else posted is looked for first, and only what is not there is posted.
   */
  mode: z.enum(['live', 'compare', 'takeover']).default('live'),
  journals: z
    .strictObject({
      sales: z.string().default('INV'),
      entries: z.string().default('MISC'),
      payments: z.string().default('BNK1'),
    })
    .prefault({}),
  /** Odoo tax (its numeric id) by tax code; where absent the tax is a line on its account. */
  taxes: z.record(z.string(), z.int().positive()).default({}),
  limits: targetLimits.prefault({}),
  timeoutMs: z.int().min(1000).max(600_000).default(60_000),
});

export const embeddedGlTarget = z.strictObject({ kind: z.literal('embedded-gl') });

export const targetConfig = z.discriminatedUnion('kind', [odooTarget, embeddedGlTarget]);

/** A canonical event kind or a prefix with a star: `invoice.*`, `*`. */
const eventPattern = z
  .string()
  .regex(/^(\*|[a-z_]+\.(\*|[a-z_]+))$/, 'an event such as invoice.issued, invoice.* or *');

const amountPattern = /^(\d{1,15}(?:\.\d{1,4})?) ([A-Z]{3})$/;

/** `10000.00 EUR`, exactly; null when it is no amount, or has more decimals than its currency. */
export function readAmount(text: string): Money | null {
  const [, digits = '', code = ''] = amountPattern.exec(text) ?? [];
  if (code === '') return null;
  const amount = parseDecimal(digits, currency(code));
  return amount.ok ? { amount: amount.value, currency: currency(code) } : null;
}

const amountText = z
  .string()
  .refine((text) => readAmount(text) !== null, { error: 'an amount such as 10000.00 EUR, in the currency’s decimals' });

/** Of a route: `over 10000.00 EUR`. */
const threshold = z.string().refine((text) => text.startsWith('over ') && readAmount(text.slice(5)) !== null, {
  error: 'a threshold such as over 10000.00 EUR',
});

export const routeConfig = z.strictObject({
  when: z.strictObject({
    event: eventPattern,
    entity: slug.optional(),
  }),
  to: slug,
  mode: z.enum(['realtime', 'window', 'summary']).default('realtime'),
  /**
   * Cron expression in the entity's time zone. Mode `window`: documents are held until its next time. Mode `summary`: the
   * entries booked until then are posted as one journal a day.
   */
  window: z.string().max(100).optional(),
  /** Of summary journals; a journal never spans two months. Default `day`. */
  per: z.enum(['day', 'month']).optional(),
  /** What moves more than this is posted once a second person has approved it. */
  approval: threshold.optional(),
});

/** What is posted only once a second person has approved it (docs/decisions/0015-approvals-windows-corrections.md). */
export const approvalConfig = z.strictObject({
  when: z.strictObject({
    event: eventPattern.default('*'),
    entity: slug.optional(),
    /** An account role or code: only what moves on that account counts. */
    account: z.string().min(1).max(64).optional(),
    /** `10000.00 EUR`, or minor units. In the entity's currency everything counts, converted as it was booked. */
    over: z.union([amountText, z.strictObject({ amount: z.int().nonnegative(), currency: currencyCode })]),
  }),
  /** Only for this target; left out: every one. */
  target: slug.optional(),
  expiresAfterHours: z
    .int()
    .min(1)
    .max(24 * 90)
    .default(72),
});

export const policiesConfig = z.strictObject({
  discounts: z.enum(['net', 'gross']).default('net'),
  deferAt: z.enum(['issue', 'never']).default('issue'),
  /** Spreads a line by days, or by equal parts for whole months. Holds for invoices issued from then on. */
  recognition: z.enum(['daily', 'monthly']).default('daily'),
  latePeriod: z.enum(['exception', 'next-open']).default('exception'),
  feeTax: z.enum(['reclaim', 'expense']).default('reclaim'),
  /** What is asked of an invoice before it is booked. */
  validation: z
    .strictObject({
      /** `active`: an invoice to a customer that its provider has removed waits for a person. */
      customers: z.enum(['any', 'active']).default('any'),
      /** `known`: so does one with a product that was neither announced nor given an account under `accounts.revenue`. */
      products: z.enum(['any', 'known']).default('any'),
    })
    .prefault({}),
  bookDisputesAs: z.enum(['receivable', 'expense', 'contra-revenue']).default('receivable'),
  /** `payout` needs a source whose payouts list their payments (Stripe, with an API key). */
  feeAt: z.enum(['charge', 'payout']).default('charge'),
  /** Whether the tax on what is written off is claimed back at once. */
  badDebtTax: z.enum(['expense', 'relief']).default('expense'),
  /** Hours an event waits for its prerequisite before a person is told. */
  prerequisiteHours: z
    .int()
    .min(1)
    .max(24 * 30)
    .default(72),
  /** After a rejected document: go on with the customer's independent documents, or hold them all. */
  onRejection: z.enum(['continue', 'hold']).default('continue'),
  /** Customers that share an e-mail address or a tax id: shown to a person, or not (shared mailboxes are common). */
  duplicateCustomers: z
    .strictObject({
      email: z.enum(['report', 'ignore']).default('report'),
      taxId: z.enum(['report', 'ignore']).default('report'),
    })
    .prefault({}),
});

/** Where a provider's customer names the same customer elsewhere (docs/decisions/0004-linked-lanes.md). */
export const identityConfig = z.strictObject({
  /** Dotted path in the provider's customer object, such as `metadata.salesforce_account_id`. */
  customerKey: z
    .string()
    .regex(/^[\w-]{1,80}(\.[\w-]{1,80}){0,7}$/, 'a dotted path, such as metadata.salesforce_account_id'),
  /** Whose id stands there; may be left out when the path names exactly one provider. */
  provider: z.string().min(1).max(48).optional(),
});

/** Fields of a customer that have one system of record. */
export const recordFields = ['name', 'email', 'phone', 'taxId', 'address'] as const;

export const tenantConfig = z
  .strictObject({
    $schema: z.string().optional(),
    tenant: slug,
    residency: z.enum(['eu', 'us', 'any']).default('any'),
    /** The D1 binding that holds this tenant's books. */
    shard: z
      .string()
      .regex(/^LEDGER_\d+$/)
      .default('LEDGER_0'),
    entities: z
      .record(slug, entityConfig)
      .refine((all) => Object.keys(all).length > 0, { error: 'at least one entity' }),
    sources: z.record(slug, sourceConfig),
    targets: z.record(slug, targetConfig),
    routes: z.array(routeConfig).max(200),
    /** The first rule that fits decides; a route's own `approval` comes before them. */
    approvals: z.array(approvalConfig).max(100).default([]),
    accounts: chartOfAccounts,
    /** By provider. */
    identity: z.record(z.string().min(1).max(48), identityConfig).default({}),
    /** Per field of a customer, the provider whose word counts once it has spoken. */
    records: z
      .strictObject({ customer: z.partialRecord(z.enum(recordFields), z.string().min(1).max(48)).default({}) })
      .prefault({}),
    policies: policiesConfig.prefault({}),
    /** Where exchange rates come from beside those of the entities: pulled each day, read through the euro. */
    rates: z
      .strictObject({ feed: z.literal('ecb'), url: z.url({ protocol: /^https?$/ }).optional() })
      .nullable()
      .default(null),
  })
  .superRefine((config, context) => {
    for (const provider of Object.keys(config.identity)) {
      if (identityProvider(config, provider) === null) {
        context.addIssue({
          code: 'custom',
          path: ['identity', provider, 'provider'],
          message: 'say whose id stands at customerKey: another provider’s name',
        });
      }
    }
    for (const [name, source] of Object.entries(config.sources)) {
      if (name === 'ledgergate') {
        context.addIssue({ code: 'custom', path: ['sources', name], message: 'is the name of the gateway itself' });
      }
      if (!Object.hasOwn(config.entities, source.entity)) {
        context.addIssue({
          code: 'custom',
          path: ['sources', name, 'entity'],
          message: `no entity named ${source.entity}`,
        });
      }
      source.entityRules.forEach((rule, index) => {
        if (Object.hasOwn(config.entities, rule.entity)) return;
        const path = ['sources', name, 'entityRules', index, 'entity'];
        context.addIssue({ code: 'custom', path, message: `no entity named ${rule.entity}` });
      });
    }
    config.routes.forEach((route, index) => {
      if (!Object.hasOwn(config.targets, route.to)) {
        context.addIssue({ code: 'custom', path: ['routes', index, 'to'], message: `no target named ${route.to}` });
      }
      if (route.when.entity !== undefined && !Object.hasOwn(config.entities, route.when.entity)) {
        context.addIssue({
          code: 'custom',
          path: ['routes', index, 'when', 'entity'],
          message: `no entity named ${route.when.entity}`,
        });
      }
      if ((route.mode === 'realtime') === (route.window !== undefined)) {
        context.addIssue({
          code: 'custom',
          path: ['routes', index, 'window'],
          message: 'goes with mode "window" or "summary", and both need it',
        });
      }
      const summary = summaryFault(config, index);
      if (summary !== null)
        context.addIssue({ code: 'custom', path: ['routes', index, ...summary.path], message: summary.message });
    });
    config.approvals.forEach((rule, index) => {
      if (rule.target !== undefined && !Object.hasOwn(config.targets, rule.target)) {
        context.addIssue({
          code: 'custom',
          path: ['approvals', index, 'target'],
          message: `no target named ${rule.target}`,
        });
      }
      const { entity } = rule.when;
      if (entity !== undefined && !Object.hasOwn(config.entities, entity)) {
        context.addIssue({
          code: 'custom',
          path: ['approvals', index, 'when', 'entity'],
          message: `no entity named ${entity}`,
        });
      }
    });
  });

/** Windows are counted per target and entity, so all routes to one target that summarise an entity close together. */
function summaryFault(
  {
    routes,
    targets,
  }: { readonly routes: readonly RouteConfig[]; readonly targets: Readonly<Record<string, TargetConfig>> },
  index: number,
): { readonly path: readonly string[]; readonly message: string } | null {
  const route = routes[index];
  if (route === undefined) return null;
  if (route.mode !== 'summary') {
    return route.per === undefined ? null : { path: ['per'], message: 'goes with mode "summary"' };
  }
  if (targets[route.to]?.kind === 'embedded-gl') {
    return {
      path: ['mode'],
      message: 'the embedded ledger has every entry itself: mode "summary" is for other targets',
    };
  }
  const first = routes.find(
    (other) =>
      other.mode === 'summary' &&
      other.to === route.to &&
      (other.when.entity === undefined || route.when.entity === undefined || other.when.entity === route.when.entity),
  );
  const alike =
    first === undefined ||
    (first.window === route.window &&
      (first.per ?? 'day') === (route.per ?? 'day') &&
      first.approval === route.approval);
  return alike
    ? null
    : { path: ['window'], message: 'summaries of one entity for one target need the same window, per and approval' };
}

/** Whose id a provider's customers carry: as configured, or the one provider that the path names. Null: not to be told. */
export function identityProvider(
  config: { readonly identity: TenantConfig['identity']; readonly sources: TenantConfig['sources'] },
  provider: string,
): string | null {
  const rule = config.identity[provider];
  if (rule === undefined) return null;
  if (rule.provider !== undefined) return rule.provider === provider ? null : rule.provider;
  const known = new Set([...Object.values(config.sources).map((source) => source.provider), ...wellKnown]);
  known.delete(provider);
  const words = rule.customerKey.toLowerCase();
  const [only, ...others] = [...known].filter((name) => words.includes(name));
  return only !== undefined && others.length === 0 ? only : null;
}

/** Systems that customers are commonly named after even when they send nothing themselves. */
const wellKnown = ['salesforce', 'stripe', 'chargebee', 'hubspot'] as const;

export type TenantConfig = z.infer<typeof tenantConfig>;
export type SourceConfig = z.infer<typeof sourceConfig>;
export type RouteConfig = z.infer<typeof routeConfig>;
export type OdooTargetConfig = z.infer<typeof odooTarget>;
export type TargetConfig = z.infer<typeof targetConfig>;
