/**
 * The ledger's tables in D1, for drizzle's typed reads and for generating migrations. The generated SQL is completed by
 * hand with what drizzle cannot say: STRICT, WITHOUT ROWID and the triggers that make D1, not the caller, enforce
 * sequence, balance and immutability (migrations/0000_ledger.sql).
 *
 * Rows written are the price of the system, so: composite keys in clustered tables, no secondary index on a hot table,
 * one `commits` row per consumer batch instead of a time index on events and entries.
 */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Published and proposed routing configs. A tenant's live config is its highest published version. */
export const configVersions = sqliteTable(
  'config_versions',
  {
    tenant: text('tenant').notNull(),
    version: integer('version').notNull(),
    document: text('document').notNull(),
    createdAt: integer('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    publishedAt: integer('published_at'),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.version] })],
);

/** AES-GCM under the Worker's SECRETS_KEY; write-only through the API. */
export const secrets = sqliteTable(
  'secrets',
  {
    tenant: text('tenant').notNull(),
    name: text('name').notNull(),
    iv: text('iv').notNull(),
    ciphertext: text('ciphertext').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.name] })],
);

/** Bearer keys of the operator API, by SHA-256; `tenant` '*' reaches all tenants. */
export const apiKeys = sqliteTable('api_keys', {
  hash: text('hash').primaryKey(),
  tenant: text('tenant').notNull(),
  label: text('label').notNull(),
  role: text('role').notNull(),
  createdAt: integer('created_at').notNull(),
  revokedAt: integer('revoked_at'),
  /** Who made it, as the audit trail names them; null: not recorded then. */
  createdBy: text('created_by'),
});

/**
 * Where each lane's books end. `from*` say what the writer believed; a trigger aborts with `seq_gap` when that is not
 * the stored head, so a gap, a replay or a stale consumer takes its whole batch down.
 */
export const lanes = sqliteTable(
  'lanes',
  {
    tenant: text('tenant').notNull(),
    lane: text('lane').notNull(),
    position: integer('position').notNull(),
    hash: text('hash').notNull(),
    fromPosition: integer('from_position').notNull(),
    fromHash: text('from_hash').notNull(),
    /** Epoch of the lease that wrote last: a pass whose lease was given to another since writes nothing any more. */
    fence: integer('fence').notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.lane] })],
);

/** One row per source event that the ledger stage has looked at: what it was, what was decided, what it asks of targets. */
export const events = sqliteTable(
  'events',
  {
    tenant: text('tenant').notNull(),
    source: text('source').notNull(),
    eventId: text('event_id').notNull(),
    lane: text('lane').notNull(),
    seq: integer('seq').notNull(),
    /** Place in the lane's applied order; null while it is held. */
    position: integer('position'),
    type: text('type').notNull(),
    occurredAt: integer('occurred_at').notNull(),
    receivedAt: integer('received_at').notNull(),
    trust: text('trust').notNull(),
    bodyHash: text('body_hash').notNull(),
    /** `<object key>#<line>` of the raw bytes in the archive; null while only the lane has them. `+<object key>#<line>` follows for later answers. */
    archive: text('archive'),
    /** booked | nothing | waiting | parked | quarantined */
    outcome: text('outcome').notNull(),
    note: text('note'),
    /** JSON: canonical events. */
    facts: text('facts').notNull(),
    /** JSON: `{targets:[{target,notBefore}],documents:[…]}`. */
    documents: text('documents').notNull(),
    configVersion: integer('config_version').notNull(),
    decidedAt: integer('decided_at').notNull(),
    /** The lane's chain before and after this event; null while it is held. Covers what was decided, not when. */
    previousHash: text('previous_hash'),
    hash: text('hash'),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.source, t.eventId] }),
    index('events_held')
      .on(t.tenant, t.outcome, t.receivedAt)
      .where(sql`outcome in ('waiting','parked','quarantined')`),
  ],
);

/** Journal entries. Append-only; lines and deferrals are JSON so that an entry is one row. */
export const entries = sqliteTable(
  'entries',
  {
    tenant: text('tenant').notNull(),
    lane: text('lane').notNull(),
    position: integer('position').notNull(),
    part: integer('part').notNull(),
    entity: text('entity').notNull(),
    kind: text('kind').notNull(),
    date: text('date').notNull(),
    object: text('object').notNull(),
    description: text('description').notNull(),
    baseCurrency: text('base_currency').notNull(),
    lines: text('lines').notNull(),
    deferrals: text('deferrals').notNull(),
    source: text('source').notNull(),
    eventId: text('event_id').notNull(),
    bodyHash: text('body_hash').notNull(),
    configVersion: integer('config_version').notNull(),
    bookedAt: integer('booked_at').notNull(),
    previousHash: text('previous_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.lane, t.position, t.part] })],
);

/** Sub-ledger states (src/canonical/objects.ts). Written only by the object's own lane; a trigger holds that. */
export const objects = sqliteTable(
  'objects',
  {
    tenant: text('tenant').notNull(),
    object: text('object').notNull(),
    lane: text('lane').notNull(),
    state: text('state').notNull(),
    /** SHA-256 over tenant, object, lane and state: a row that was altered by itself shows. Null in rows of before. */
    hash: text('hash'),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.object] })],
);

/**
 * Lanes that turned out to be one customer: everything accepted in `lane` after that goes on in `primaryLane`. A row is
 * also the handover of what `lane` owned; object rows follow one by one as they are written. Never changed, no chains:
 * triggers hold both (docs/decisions/0004-linked-lanes.md).
 */
export const laneLinks = sqliteTable(
  'lane_links',
  {
    tenant: text('tenant').notNull(),
    lane: text('lane').notNull(),
    primaryLane: text('primary_lane').notNull(),
    /** `<source>/<event id>` that taught it, or `operator/<name>`. */
    learntFrom: text('learnt_from').notNull(),
    at: integer('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.lane] }), index('lane_links_primary').on(t.tenant, t.primaryLane)],
);

/**
 * Which customers are known by one e-mail address or tax id, to find those that look like one. Of the value a hash with
 * the tenant in it; a row is written when a customer is new or its value changed (src/ledger/customer-marks.ts).
 */
export const customerMarks = sqliteTable(
  'customer_marks',
  {
    tenant: text('tenant').notNull(),
    /** email | taxId */
    kind: text('kind').notNull(),
    hash: text('hash').notNull(),
    customer: text('customer').notNull(),
    /** The lane of the customer's own events. */
    lane: text('lane').notNull(),
    at: integer('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.kind, t.hash, t.customer] })],
);

/** Turnover per account, currency and month: a trial balance reads these, never the entries. Minor units. */
export const balances = sqliteTable(
  'balances',
  {
    tenant: text('tenant').notNull(),
    entity: text('entity').notNull(),
    account: text('account').notNull(),
    currency: text('currency').notNull(),
    /** `2026-11`. */
    period: text('period').notNull(),
    debit: integer('debit').notNull(),
    credit: integer('credit').notNull(),
    baseDebit: integer('base_debit').notNull(),
    baseCredit: integer('base_credit').notNull(),
    baseCurrency: text('base_currency').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.entity, t.account, t.currency, t.period] })],
);

/**
 * Revenue still to be recognised: per month and pair of accounts the sum of all entries' deferral slices, those that
 * recognition books included with the other sign. What is recognised leaves no row; the sum over all rows is the balance
 * of deferred revenue. Minor units.
 */
export const schedules = sqliteTable(
  'schedules',
  {
    tenant: text('tenant').notNull(),
    entity: text('entity').notNull(),
    /** First day of the month, `2026-12-01`. */
    period: text('period').notNull(),
    currency: text('currency').notNull(),
    revenueAccount: text('revenue_account').notNull(),
    deferredAccount: text('deferred_account').notNull(),
    amount: integer('amount').notNull(),
    base: integer('base').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.entity, t.period, t.currency, t.revenueAccount, t.deferredAccount] })],
);

/**
 * One row per tenant and consumer batch: which events it decided, in order. The time-ordered reads walk this. Ids grow
 * strictly in the order of the transactions, so "all commits up to this id" never gains a member later.
 */
export const commits = sqliteTable(
  'commits',
  {
    tenant: text('tenant').notNull(),
    /** Epoch ms of the commit, or one more than the commit before where clocks disagree; 15 digits. */
    id: text('id').notNull(),
    committedAt: integer('committed_at').notNull(),
    /** JSON: `[[source, eventId], …]`. */
    events: text('events').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.id] })],
);

/** What became of each document at each target. Written once when all is well. */
export const postings = sqliteTable(
  'postings',
  {
    tenant: text('tenant').notNull(),
    target: text('target').notNull(),
    key: text('key').notNull(),
    kind: text('kind').notNull(),
    lane: text('lane').notNull(),
    position: integer('position').notNull(),
    source: text('source').notNull(),
    eventId: text('event_id').notNull(),
    /** applied | rejected | uncertain | blocked | pending | skipped */
    outcome: text('outcome').notNull(),
    remoteId: text('remote_id'),
    remoteName: text('remote_name'),
    remoteDate: text('remote_date'),
    /** JSON: what was read back differently. */
    differences: text('differences').notNull(),
    message: text('message'),
    attempts: integer('attempts').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.target, t.key] }),
    index('postings_open').on(t.tenant, t.updatedAt).where(sql`outcome not in ('applied','skipped')`),
  ],
);

/** What a person must decide. The id is made from what it is about, so raising it again is the same exception. */
export const exceptions = sqliteTable(
  'exceptions',
  {
    tenant: text('tenant').notNull(),
    id: text('id').notNull(),
    cause: text('cause').notNull(),
    status: text('status').notNull(),
    lane: text('lane').notNull(),
    seq: integer('seq'),
    source: text('source'),
    eventId: text('event_id'),
    object: text('object'),
    target: text('target'),
    postingKey: text('posting_key'),
    amount: integer('amount'),
    currency: text('currency'),
    message: text('message').notNull(),
    remedy: text('remedy').notNull(),
    openedAt: integer('opened_at').notNull(),
    resolvedAt: integer('resolved_at'),
    resolution: text('resolution'),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.id] }),
    index('exceptions_open').on(t.tenant, t.openedAt).where(sql`status = 'open'`),
  ],
);

/** Every operator action, append-only. */
export const audit = sqliteTable(
  'audit',
  {
    tenant: text('tenant').notNull(),
    id: text('id').notNull(),
    at: integer('at').notNull(),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    subject: text('subject').notNull(),
    detail: text('detail').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.id] })],
);

/** How far an entity's books are closed: one row, asked by a trigger for every entry. A day or null. */
export const entityBooks = sqliteTable(
  'entity_books',
  {
    tenant: text('tenant').notNull(),
    entity: text('entity').notNull(),
    /** Last day that takes no entry any more. */
    closedUntil: text('closed_until'),
    /** Last day that can never be reopened. */
    lockedUntil: text('locked_until'),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.entity] })],
);

/** The life of a month: every step towards its close is a state here, and a row in `audit`. */
export const periods = sqliteTable(
  'periods',
  {
    tenant: text('tenant').notNull(),
    entity: text('entity').notNull(),
    /** `2026-11`. */
    period: text('period').notNull(),
    /** pending | closed | locked; a month without a row is open. */
    state: text('state').notNull(),
    /** How often it was closed: a reopened month counts on. */
    closes: integer('closes').notNull().default(0),
    changedAt: integer('changed_at').notNull(),
    changedBy: text('changed_by').notNull(),
    /** JSON: checklist and trial balance as they were when it was closed last. */
    evidence: text('evidence').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.entity, t.period] })],
);

/** What needs a second person: postings over a threshold, windows, corrections, reopened months. */
export const approvals = sqliteTable(
  'approvals',
  {
    tenant: text('tenant').notNull(),
    /** `<kind>/<subject>`: asking twice is asking once. */
    id: text('id').notNull(),
    /** posting | window | correction | opening | reopen */
    kind: text('kind').notNull(),
    entity: text('entity').notNull(),
    /** pending | approved | rejected | expired */
    status: text('status').notNull(),
    /** The rule of the config that asks for it, in words. */
    rule: text('rule').notNull(),
    /** What it is about, in one sentence. */
    subject: text('subject').notNull(),
    amount: integer('amount'),
    currency: text('currency'),
    /** Who asked: an operator, or `gateway` for what a webhook caused. Nobody approves their own. */
    requestedBy: text('requested_by').notNull(),
    requestedAt: integer('requested_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    decidedBy: text('decided_by'),
    decidedAt: integer('decided_at'),
    reason: text('reason'),
    /** JSON: what is carried out once it is approved. */
    action: text('action').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.id] }),
    index('approvals_pending').on(t.tenant, t.requestedAt).where(sql`status = 'pending'`),
  ],
);

/** A posting window of a target that takes summary journals: which commits it took, and what they came to. */
export const windows = sqliteTable(
  'windows',
  {
    tenant: text('tenant').notNull(),
    target: text('target').notNull(),
    entity: text('entity').notNull(),
    /** Counts up from 1 per target and entity. */
    number: integer('number').notNull(),
    /** Commits after this id … */
    afterCommit: text('after_commit').notNull(),
    /** … up to this one. */
    toCommit: text('to_commit').notNull(),
    closedAt: integer('closed_at').notNull(),
    /** JSON: control totals by currency. */
    totals: text('totals').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.target, t.entity, t.number] })],
);

/** One seal a day: the Merkle root over all lane heads, chained to the seal before. The leaves are in R2. */
export const seals = sqliteTable(
  'seals',
  {
    tenant: text('tenant').notNull(),
    /** `2026-11-28`, UTC. */
    day: text('day').notNull(),
    root: text('root').notNull(),
    lanes: integer('lanes').notNull(),
    previous: text('previous').notNull(),
    hash: text('hash').notNull(),
    /** R2 object with the leaves. */
    archive: text('archive').notNull(),
    sealedAt: integer('sealed_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.day] })],
);

/** Exchange rates from a feed, beside those in the config: units of `to_currency` per unit of `from_currency`. */
export const rates = sqliteTable(
  'rates',
  {
    tenant: text('tenant').notNull(),
    fromCurrency: text('from_currency').notNull(),
    toCurrency: text('to_currency').notNull(),
    date: text('date').notNull(),
    rate: text('rate').notNull(),
    source: text('source').notNull(),
    recordedAt: integer('recorded_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.fromCurrency, t.toCurrency, t.date] })],
);
