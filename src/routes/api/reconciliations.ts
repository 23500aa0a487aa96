/** Reconciliation with the processors: their balance against clearing, and each payout against what it lists. */
import { z } from 'zod';
import type { EpochMs } from '../../canonical/ids.ts';
import { entryPages, noCutoff } from '../../ledger/entry-pages.ts';
import { readUnsettled } from '../../ledger/object-reads.ts';
import type { PayoutCheck } from '../../ledger/statements/clearing.ts';
import { type ClearingReport, readClearing } from '../../ledger/statements/clearing-read.ts';
import { moneyOf, moneyView } from '../../ledger/views.ts';
import { directoryOf } from '../../operations/directory.ts';
import {
  compareBalances,
  type Explanation,
  type OpenOfSources,
  openOfSources,
  openWorkOf,
} from '../../operations/reconciliation.ts';
import { enrichFrom } from '../../queues/enrich.ts';
import { balanceReaders } from '../../sources/enrichment/balance.ts';
import { enrichmentKey } from '../../sources/source.ts';
import type { TenantRuntime, TenantSource } from '../../tenants/runtime.ts';
import { problem } from '../problem.ts';
import { readingOf, refused, spanQuery } from './reading.ts';
import { tenantRoute } from './route.ts';

const comparisonView = z.object({
  currency: z.string(),
  provider: moneyView.nullable().describe('available and pending; null when it could not be asked'),
  books: moneyView.describe('clearing as booked from this source'),
  difference: moneyView.nullable().describe('provider less books'),
  explanations: z.array(
    z.object({
      what: z.string().describe('held_events, open_exceptions or fees_unknown'),
      count: z.int(),
      amount: moneyView.nullable(),
    }),
  ),
});

const payoutView = z.object({
  payout: z.string(),
  source: z.string(),
  date: z.string(),
  amount: moneyView,
  transactions: z.int(),
  listed: moneyView.nullable().describe('sum of what it lists; null when the list could not be had'),
  check: z.string().describe('equal, differs or unlisted'),
});

const reconciliationView = z.object({
  entity: z.string(),
  sources: z
    .array(
      z.object({
        source: z.string(),
        provider: z.string(),
        asked: z.string().describe('answered, not_answered, no_key or not_offered'),
        currencies: z.array(comparisonView),
      }),
    )
    .describe('sources of the entity that have money on clearing, or a provider that tells its balance'),
  payouts: z.object({
    equal: z.int(),
    differing: z.int(),
    unlisted: z.int(),
    items: z.array(payoutView).describe('of the span, in the order of booking'),
  }),
});

type Asked = 'answered' | 'not_answered' | 'no_key' | 'not_offered';
interface ProviderBalance {
  readonly asked: Asked;
  readonly held: ReadonlyMap<string, number> | null;
}

type Enriching = ReturnType<typeof enrichFrom>;

const namedAccount = z.looseObject({ account: z.string().optional() });

async function askBalance(
  enrich: Enriching,
  tenant: TenantRuntime,
  source: TenantSource,
  now: EpochMs,
): Promise<ProviderBalance> {
  const reader = balanceReaders.get(source.source.provider);
  if (reader === undefined) return { asked: 'not_offered', held: null };
  if (source.apiKey === null) return { asked: 'no_key', held: null };
  const { account } = namedAccount.parse(tenant.config.sources[source.id]);
  const need = reader.need(account ?? null);
  const answers = await enrich(tenant, source, [need], now);
  const held = reader.read(answers.get(enrichmentKey(need)) ?? null);
  return { asked: held === null ? 'not_answered' : 'answered', held };
}

/** Open payments of a provider that are booked gross, by currency. */
function feesUnknown(
  report: ClearingReport,
  unsettled: ReadonlySet<string>,
  provider: string,
  currency: string,
): Explanation {
  const items = report.accounts
    .filter((account) => account.currency === currency)
    .flatMap((account) => account.items)
    .filter(({ item, role }) => role === 'clearing' && item.startsWith(`${provider}:`) && unsettled.has(item));
  return { what: 'fees_unknown', count: items.length, amount: items.reduce((sum, { amount }) => sum + amount, 0) };
}

interface Found {
  readonly report: ClearingReport;
  readonly unsettled: ReadonlySet<string>;
  readonly open: OpenOfSources;
}

function viewSource(source: TenantSource, { asked, held }: ProviderBalance, { report, unsettled, open }: Found) {
  const { provider } = source.source;
  const own = report.sources.filter((row) => row.source === source.id);
  const books = new Map(own.map(({ currency, balance }) => [currency, balance]));
  const explain = (currency: string) => [
    ...openWorkOf(open, source.id, currency),
    feesUnknown(report, unsettled, provider, currency),
  ];
  const currencies = compareBalances(held, books, explain).map(({ currency, explanations, ...amounts }) => ({
    currency,
    provider: amounts.provider === null ? null : moneyOf(amounts.provider, currency),
    books: moneyOf(amounts.books, currency),
    difference: amounts.difference === null ? null : moneyOf(amounts.difference, currency),
    explanations: explanations.map(({ what, count, amount }) => {
      return { what, count, amount: amount === null ? null : moneyOf(amount, currency) };
    }),
  }));
  return { source: source.id, provider, asked, currencies };
}

const checkOf = ({ listed, amount }: PayoutCheck) =>
  listed === null ? 'unlisted' : listed === amount ? 'equal' : 'differs';

function viewPayouts(payouts: readonly PayoutCheck[]): z.infer<typeof reconciliationView>['payouts'] {
  const items = payouts.map((payout) => {
    const { listed, amount, currency, ...about } = payout;
    const sums = { amount: moneyOf(amount, currency), listed: listed === null ? null : moneyOf(listed, currency) };
    return { ...about, ...sums, check: checkOf(payout) };
  });
  const count = (check: string) => items.filter((item) => item.check === check).length;
  return { equal: count('equal'), differing: count('differs'), unlisted: count('unlisted'), items };
}

export const reconciliationRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/reconciliations',
      tag: 'statements',
      summary: 'Provider balance against clearing, by source and currency, and each payout against what it lists',
      role: 'read',
      query: spanQuery
        .pick({ entity: true, from: true, asOf: true })
        .describe('from and asOf choose the payouts; balances are as of now'),
      answer: reconciliationView,
    },
    async ({ query, live, now, env, db, books, tenant }) => {
      const reading = readingOf(live.document, query, now);
      if (reading instanceof Response) return reading;
      const { entity, from, cutoff } = reading;
      const runtime = await directoryOf(env).find(tenant, now);
      if (runtime === null) return problem('not_found', { detail: 'this tenant has no published config' });
      // Asked before the books are read: what is booked meanwhile then shows as the books being ahead, and is listed.
      const enrich = enrichFrom(env);
      const sources = [...runtime.sources.values()].filter((source) => source.entity === entity);
      const balances = await Promise.all(sources.map((source) => askBalance(enrich, runtime, source, now)));
      const read = await readClearing(db, tenant, entryPages(books, tenant, entity, noCutoff));
      if (!read.ok) return refused(read.error, 'split the books by entity');
      const items = read.value.accounts.flatMap((account) => account.items.map(({ item }) => item));
      const [unsettled, open] = await Promise.all([readUnsettled(db, tenant, items), openOfSources(db, tenant)]);
      const found: Found = { report: read.value, unsettled, open };
      const shown = sources.map((source, index) =>
        viewSource(source, balances[index] ?? { asked: 'not_answered', held: null }, found),
      );
      return {
        entity,
        sources: shown.filter(({ asked, currencies }) => asked !== 'not_offered' || currencies.length > 0),
        payouts: viewPayouts(
          read.value.payouts.filter(
            ({ date }) => (from === null || date >= from) && (cutoff.asOf === null || date <= cutoff.asOf),
          ),
        ),
      };
    },
  ),
];
