/** Rows of a commit as the statements of commit.ts take them: short names, because they travel as JSON. */
import type { LaneKey, TenantId } from '../canonical/ids.ts';
import type { EntryRecord, ExceptionRecord, LaneCommit, PostingRecord } from './records.ts';

/** Where the raw bytes of an event lie, or (`+…`) the later answers it was read with: archive object and line. */
export type ArchiveReference = (tenant: TenantId, lane: LaneKey, seq: number) => string | null;

export const writesHead = ({ from, to, fences }: LaneCommit): boolean => to.position > from.position || fences === true;

export const headRow = (lane: LaneCommit) => ({
  t: lane.tenant,
  l: lane.lane,
  p: lane.to.position,
  h: lane.to.hash,
  fp: lane.from.position,
  fh: lane.from.hash,
  fe: lane.epoch ?? 0,
});

export const eventRows = (lane: LaneCommit, archived: ArchiveReference) =>
  lane.events.map((event) => ({
    t: lane.tenant,
    l: lane.lane,
    s: event.source,
    id: event.eventId,
    seq: event.seq,
    p: event.position,
    type: event.type,
    at: event.occurredAt,
    rec: event.receivedAt,
    trust: event.trust,
    bh: event.bodyHash,
    ar: archived(lane.tenant, lane.lane, event.seq),
    o: event.outcome,
    n: event.note,
    f: JSON.stringify(event.facts),
    d: JSON.stringify(event.plan),
    cv: event.configVersion,
    ph: event.previousHash,
    h: event.hash,
  }));

export const entryRows = (lane: LaneCommit) =>
  lane.entries.map((entry: EntryRecord) => ({
    t: lane.tenant,
    l: lane.lane,
    p: entry.position,
    n: entry.part,
    en: entry.entity,
    k: entry.kind,
    d: entry.date,
    o: entry.object,
    ds: entry.description,
    bc: entry.baseCurrency,
    ln: JSON.stringify(entry.lines),
    df: JSON.stringify(entry.deferrals),
    s: entry.source,
    id: entry.eventId,
    bh: entry.bodyHash,
    cv: entry.configVersion,
    ph: entry.previousHash,
    h: entry.hash,
  }));

export const objectRows = (lane: LaneCommit) =>
  lane.objects.map(({ state, hash }) => ({
    t: lane.tenant,
    o: state.key,
    l: lane.lane,
    st: JSON.stringify(state),
    h: hash,
  }));

export const linkRow = ({ tenant, lane, link }: LaneCommit) =>
  link === undefined || link === null ? [] : [{ t: tenant, l: lane, p: link.primary, f: link.learntFrom }];

export const commitRows = (lanes: readonly LaneCommit[]) => {
  const byTenant = new Map<TenantId, [string, string][]>();
  for (const lane of lanes) {
    const list = byTenant.get(lane.tenant) ?? [];
    for (const event of lane.events) list.push([event.source, event.eventId]);
    if (list.length > 0) byTenant.set(lane.tenant, list);
  }
  return [...byTenant].map(([tenant, events]) => ({ t: tenant, ev: JSON.stringify(events) }));
};

interface BalanceRow {
  t: string;
  en: string;
  a: string;
  c: string;
  p: string;
  dr: number;
  cr: number;
  bd: number;
  br: number;
  bc: string;
}

/** One row per account, currency and month of the whole batch, however many entries touched it. */
export function balanceRows(lanes: readonly LaneCommit[]): BalanceRow[] {
  const rows = new Map<string, BalanceRow>();
  for (const lane of lanes) {
    for (const entry of lane.entries) {
      const period = entry.date.slice(0, 7);
      for (const line of entry.lines) {
        const key = JSON.stringify([lane.tenant, entry.entity, line.account, line.currency, period]);
        const row = rows.get(key) ?? {
          t: lane.tenant,
          en: entry.entity,
          a: line.account,
          c: line.currency,
          p: period,
          dr: 0,
          cr: 0,
          bd: 0,
          br: 0,
          bc: entry.baseCurrency,
        };
        row.dr += Math.max(line.amount, 0);
        row.cr += Math.max(-line.amount, 0);
        row.bd += Math.max(line.base, 0);
        row.br += Math.max(-line.base, 0);
        rows.set(key, row);
      }
    }
  }
  return [...rows.values()];
}

interface ScheduleRow {
  t: string;
  en: string;
  p: string;
  c: string;
  ra: string;
  da: string;
  a: number;
  b: number;
}

/** One row per month and pair of accounts of the whole batch; what cancels itself is left out. */
export function scheduleRows(lanes: readonly LaneCommit[]): ScheduleRow[] {
  const rows = new Map<string, ScheduleRow>();
  for (const { tenant, entries } of lanes) {
    for (const { entity, deferrals } of entries) {
      for (const { period, currency, revenueAccount, deferredAccount, amount, base } of deferrals) {
        const key = JSON.stringify([tenant, entity, period, currency, revenueAccount, deferredAccount]);
        const place = { t: tenant, en: entity, p: period, c: currency, ra: revenueAccount, da: deferredAccount };
        const row = rows.get(key) ?? { ...place, a: 0, b: 0 };
        row.a += amount;
        row.b += base;
        rows.set(key, row);
      }
    }
  }
  return [...rows.values()].filter((row) => row.a !== 0 || row.b !== 0);
}

export const recognisedOnly = (lane: LaneCommit): LaneCommit => ({
  ...lane,
  entries: lane.entries.filter(({ kind }) => kind === 'revenue.recognized'),
});

export const approvalRows = ({ tenant, lane, approvals }: LaneCommit) =>
  (approvals ?? []).map(({ subject, target, source, eventId, seq, ...asked }) => ({
    t: tenant,
    id: `${subject}/1`,
    en: asked.entity,
    ru: asked.rule,
    ab: asked.about,
    a: asked.amount,
    cu: asked.currency,
    by: asked.requestedBy,
    ex: asked.expiresAfterMs,
    ac: JSON.stringify({ subject, target, source, eventId, lane, seq }),
  }));

export const exceptionRow = (
  lane: { readonly tenant: TenantId; readonly lane: LaneKey },
  exception: ExceptionRecord,
) => ({
  t: lane.tenant,
  l: lane.lane,
  id: exception.id,
  c: exception.cause,
  seq: exception.seq,
  s: exception.source,
  ev: exception.eventId,
  o: exception.object,
  tg: exception.target,
  pk: exception.postingKey,
  a: exception.amount,
  cu: exception.currency,
  m: exception.message,
  r: exception.remedy,
});

export const postingRow = (posting: PostingRecord) => ({
  t: posting.tenant,
  tg: posting.target,
  k: posting.key,
  kd: posting.kind,
  l: posting.lane,
  p: posting.position,
  s: posting.source,
  id: posting.eventId,
  o: posting.outcome,
  ri: posting.remoteId,
  rn: posting.remoteName,
  rd: posting.remoteDate,
  df: JSON.stringify(posting.differences),
  m: posting.message,
  at: posting.attempts,
});
