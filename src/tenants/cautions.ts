/**
 * What a config says that its schema allows and nobody can mean, and what works and is dangerous. Said when it is published;
 * versions that are stored stay readable whatever is added here. Pure.
 */
import { accountRoles } from '../canonical/accounts.ts';
import type { CanonicalKind } from '../canonical/events.ts';
import type { TenantConfig } from './config.ts';
import type { ConfigFault } from './runtime.ts';

const isDay = (text: string): boolean => new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text;

/** Days and rates that would fail when an event needs them, which is every event of the tenant. */
export function valueFaults({ entities }: TenantConfig): ConfigFault[] {
  const faults: ConfigFault[] = [];
  for (const [entity, { rates, closedUntil }] of Object.entries(entities)) {
    const day = (path: string, text: string) => {
      if (!isDay(text)) faults.push({ path: `entities.${entity}.${path}`, message: 'is no day of the calendar' });
    };
    if (closedUntil !== null) day('closedUntil', closedUntil);
    for (const [index, { date, rate }] of rates.entries()) {
      day(`rates.${index}.date`, date);
      if (/^[0.]+$/.test(rate)) faults.push({ path: `entities.${entity}.rates.${index}.rate`, message: 'is zero' });
    }
  }
  return faults;
}

export const cautions = (config: TenantConfig): ConfigFault[] => [
  ...idlePatterns(config),
  ...idleApprovals(config),
  ...mixedRoutes(config),
  ...parallelRuns(config),
  ...sharedCompanies(config),
  ...openFeed(config),
];

/** Every kind there is; the compiler asks for new ones. */
const kinds = {
  'customer.upserted': true,
  'product.upserted': true,
  'invoice.issued': true,
  'invoice.voided': true,
  'invoice.written_off': true,
  'payment.captured': true,
  'payment.applied': true,
  'payment.external': true,
  'payment.failed': true,
  'credit_note.issued': true,
  'credit_note.voided': true,
  'refund.paid': true,
  'refund.reversed': true,
  'dispute.opened': true,
  'dispute.withdrawn': true,
  'dispute.won': true,
  'dispute.lost': true,
  'payout.sent': true,
  'payout.returned': true,
  'processor.fee': true,
  'balance.adjusted': true,
  'subscription.changed': true,
  'deal.won': true,
  'contract.activated': true,
  'revenue.recognized': true,
  'journal.posted': true,
  'journal.summarised': true,
} as const satisfies Record<CanonicalKind, true>;
const families = new Set(Object.keys(kinds).map((kind) => kind.split('.')[0]));

const fits = (pattern: string): boolean =>
  pattern === '*' || (pattern.endsWith('.*') ? families.has(pattern.slice(0, -2)) : Object.hasOwn(kinds, pattern));

function idlePatterns({ routes, approvals }: TenantConfig): ConfigFault[] {
  const message = 'matches no event there is, so it does nothing';
  return [
    ...routes.flatMap(({ when }, index) => (fits(when.event) ? [] : [{ path: `routes.${index}.when.event`, message }])),
    ...approvals.flatMap(({ when }, index) =>
      fits(when.event) ? [] : [{ path: `approvals.${index}.when.event`, message }],
    ),
  ];
}

const roles: ReadonlySet<string> = new Set(accountRoles);

/** A rule that can never ask anybody lets everything pass, and looks as though it did not. */
function idleApprovals(config: TenantConfig): ConfigFault[] {
  const charts = [config.accounts, ...Object.values(config.entities).map(({ accounts }) => accounts)];
  const codes = new Set(
    charts
      .flatMap((chart) => Object.values(chart))
      .flatMap((mapping) => (typeof mapping === 'string' ? [mapping] : Object.values(mapping))),
  );
  return config.approvals.flatMap(({ when: { account }, target }, index): ConfigFault[] => {
    const path = `approvals.${index}`;
    return [
      ...(account === undefined || roles.has(account) || codes.has(account)
        ? []
        : [
            {
              path: `${path}.when.account`,
              message: `${account} is neither a role nor an account of the chart, so nobody is ever asked`,
            },
          ]),
      ...(target !== undefined && config.targets[target]?.kind === 'embedded-gl'
        ? [{ path: `${path}.target`, message: `nothing is posted to ${target}, so nobody is ever asked` }]
        : []),
    ];
  });
}

/** One customer's invoice as a document and its payment in a summary never meet at the target. */
function mixedRoutes({ routes }: TenantConfig): ConfigFault[] {
  return routes.flatMap((route, index): ConfigFault[] => {
    if (route.mode === 'summary') return [];
    const summary = routes.findIndex(
      ({ mode, to, when }) =>
        mode === 'summary' &&
        to === route.to &&
        (when.entity === undefined || route.when.entity === undefined || when.entity === route.when.entity),
    );
    if (summary === -1) return [];
    const message = `${route.to} gets documents one by one here and summaries by routes.${summary}: what is posted one by one is not matched with what is summed up`;
    return [{ path: `routes.${index}.mode`, message }];
  });
}

const parallel = {
  compare: 'a parallel run: nothing is posted there',
  takeover: 'a takeover: every document is looked for first. Set it to live once the other system is off',
} as const;

const parallelRuns = ({ targets }: TenantConfig): ConfigFault[] =>
  Object.entries(targets).flatMap(([name, target]) =>
    target.kind === 'odoo' && target.mode !== 'live'
      ? [{ path: `targets.${name}.mode`, message: parallel[target.mode] }]
      : [],
  );

/** A company has one currency: what is booked in another one comes out of balance with it, or is refused. */
function sharedCompanies({ routes, targets, entities }: TenantConfig): ConfigFault[] {
  const companies = new Map<string, { readonly entity: string; readonly currency: string }>();
  const faults = new Map<string, ConfigFault>();
  for (const [index, { to, when }] of routes.entries()) {
    const target = targets[to];
    if (target?.kind !== 'odoo') continue;
    const company = JSON.stringify([target.url, target.database, target.companyId]);
    for (const [entity, { currency }] of Object.entries(entities)) {
      if (when.entity !== undefined && when.entity !== entity) continue;
      const first = companies.get(company) ?? { entity, currency };
      companies.set(company, first);
      if (first.currency === currency) continue;
      const message = `${entity} keeps its books in ${currency} and ${first.entity} in ${first.currency}, and both go to one company of ${to}`;
      faults.set(message, { path: `routes.${index}.to`, message });
    }
  }
  return [...faults.values()];
}

const openFeed = ({ rates }: TenantConfig): ConfigFault[] =>
  rates?.url?.startsWith('http:') === true
    ? [{ path: 'rates.url', message: 'is not encrypted: whoever is on the way decides what is converted at' }]
    : [];
