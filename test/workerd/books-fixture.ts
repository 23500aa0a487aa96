/** A tenant with books, written by SQL in the shape the ledger stage writes them. */
import { applyD1Migrations } from 'cloudflare:test';
import { env } from 'cloudflare:workers';

const migrations = import.meta.glob('../../migrations/*.sql', { query: '?raw', import: 'default', eager: true });

/** The tables and guards of the books, in this file's own D1: every migration, in order. */
export async function layBooks(): Promise<void> {
  const ordered = Object.entries(migrations).sort(([a], [b]) => (a < b ? -1 : 1));
  await applyD1Migrations(
    env.LEDGER_0,
    ordered.map(([path, text]) => ({
      name: path.replace(/^.*\//, ''),
      queries: text.split('--> statement-breakpoint').map((query) => query.trim()),
    })),
  );
}

export const config = {
  tenant: 'acme',
  entities: { 'acme-eu': { currency: 'EUR', timeZone: 'Europe/Paris' } },
  sources: { stripe: { provider: 'stripe', secrets: ['secret://stripe-1'], entity: 'acme-eu' } },
  targets: {
    odoo: { kind: 'odoo', url: 'https://odoo.example.com', database: 'acme', credential: 'secret://odoo' },
    gl: { kind: 'embedded-gl' },
  },
  routes: [{ when: { event: '*' }, to: 'odoo' }],
  accounts: { receivable: '121000', revenue: { default: '400000' }, tax: { 'FR-20': '445710' }, clearing: '517000' },
};

export async function publish(tenant: string, document: object = { ...config, tenant }): Promise<void> {
  await env.LEDGER_0.prepare(
    'INSERT INTO config_versions (tenant, version, document, created_at, created_by, published_at) VALUES (?, 1, ?, 1, ?, 1)',
  )
    .bind(tenant, JSON.stringify(document), 'root')
    .run();
}

const line = (role: string, account: string, amount: number, more: object = {}) => ({
  role,
  account,
  currency: 'EUR',
  amount,
  base: amount,
  customer: null,
  tax: null,
  memo: null,
  ...more,
});

export const at = (minute: number): number => Date.UTC(2026, 10, 22, 10, minute);

export interface SeededInvoice {
  readonly tenant: string;
  readonly lane: string;
  readonly position: number;
  readonly eventId: string;
  readonly minute?: number;
  readonly seq?: number;
  /** Targets that take it with their summaries, instead of `odoo` its document. */
  readonly summaries?: readonly string[];
}

export const documentKey = (eventId: string): string => `invoice/stripe:invoice:${eventId}`;

/** One booked invoice of 120.00 EUR (100.00 net, 20.00 tax) with its head, balances and document. */
export function invoice({
  tenant,
  lane,
  position,
  eventId,
  minute = position,
  seq = position,
  summaries = [],
}: SeededInvoice): D1PreparedStatement[] {
  const db = env.LEDGER_0;
  const object = `stripe:invoice:${eventId}`;
  const lines = [
    line('receivable', '121000', 12000, { customer: `stripe:customer:${lane}` }),
    line('revenue', '400000', -10000),
    line('tax', '445710', -2000, { tax: 'FR-20' }),
  ];
  const documents = {
    targets: summaries.length > 0 ? [] : [{ target: 'odoo', notBefore: 0 }],
    ...(summaries.length > 0 ? { summaries } : {}),
    documents: [{ kind: 'invoice', key: documentKey(eventId), object, entity: 'acme-eu' }],
  };
  const hash = position.toString(16).padStart(64, '0');
  const before = (position - 1).toString(16).padStart(64, '0');
  return [
    db
      .prepare(
        `INSERT INTO lanes (tenant, lane, position, hash, from_position, from_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (tenant, lane) DO UPDATE SET position = excluded.position, hash = excluded.hash,
         from_position = excluded.from_position, from_hash = excluded.from_hash`,
      )
      .bind(tenant, lane, position, hash, position - 1, before),
    event({
      tenant,
      lane,
      eventId,
      seq,
      position,
      minute,
      outcome: 'booked',
      documents,
      facts: [{ kind: 'invoice.issued', occurredAt: at(minute) }],
    }),
    db
      .prepare('INSERT INTO entries VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)')
      .bind(
        ...[
          tenant,
          lane,
          position,
          0,
          'acme-eu',
          'invoice.issued',
          '2026-11-22',
          object,
          `Invoice ${eventId} issued`,
          'EUR',
        ],
        ...[JSON.stringify(lines), '[]', 'stripe', eventId, 'b'.repeat(64), 1, at(minute), before, hash],
      ),
    ...lines.map((l) =>
      db
        .prepare(
          `INSERT INTO balances VALUES (?1, 'acme-eu', ?2, 'EUR', '2026-11', ?3, ?4, ?3, ?4, 'EUR')
           ON CONFLICT (tenant, entity, account, currency, period) DO UPDATE SET debit = debit + excluded.debit, credit = credit + excluded.credit,
           base_debit = base_debit + excluded.base_debit, base_credit = base_credit + excluded.base_credit`,
        )
        .bind(tenant, l.account, Math.max(l.amount, 0), Math.max(-l.amount, 0)),
    ),
  ];
}

export interface SeededEvent {
  readonly tenant: string;
  readonly lane: string;
  readonly eventId: string;
  readonly seq: number;
  readonly position: number | null;
  readonly minute: number;
  readonly outcome: string;
  readonly note?: string;
  readonly facts?: readonly object[];
  readonly documents?: object;
  readonly archive?: string;
  readonly bodyHash?: string;
}

export function event(seed: SeededEvent): D1PreparedStatement {
  return env.LEDGER_0.prepare('INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,NULL,NULL)').bind(
    ...[
      seed.tenant,
      'stripe',
      seed.eventId,
      seed.lane,
      seed.seq,
      seed.position,
      'invoice.finalized',
      at(seed.minute),
      at(seed.minute),
    ],
    ...[
      'signed',
      seed.bodyHash ?? 'b'.repeat(64),
      seed.archive ?? null,
      seed.outcome,
      seed.note ?? null,
      JSON.stringify(seed.facts ?? []),
    ],
    ...[JSON.stringify(seed.documents ?? { targets: [], documents: [] }), 1, at(seed.minute)],
  );
}

/** The commit that decided these events. */
export const commit = (tenant: string, minute: number, eventIds: readonly string[]): D1PreparedStatement =>
  env.LEDGER_0.prepare('INSERT INTO commits VALUES (?,?,?,?)').bind(
    tenant,
    String(at(minute)).padStart(15, '0'),
    at(minute),
    JSON.stringify(eventIds.map((id) => ['stripe', id])),
  );
