/** The audit trail: one append-only row per operator action, in the same batch as what it did wherever that is D1. */
import type { EpochMs } from '../canonical/ids.ts';

export interface AuditEntry {
  readonly tenant: string;
  /** Sorts by time; unique (`auditId`). */
  readonly id: string;
  readonly at: EpochMs;
  readonly actor: string;
  /** `lane.pause`, `config.publish` … */
  readonly action: string;
  /** What it was done to. */
  readonly subject: string;
  /** Reason, plan, outcome. Never a secret's value. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** `0001763771234567-<suffix>`: zero-padded epoch ms, so that text order is time order. */
export const auditId = (at: EpochMs, suffix: string): string => `${String(at).padStart(16, '0')}-${suffix}`;

export const auditStatement = (db: D1Database, entry: AuditEntry): D1PreparedStatement =>
  db
    .prepare('INSERT INTO audit (tenant, id, at, actor, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)')
    .bind(entry.tenant, entry.id, entry.at, entry.actor, entry.action, entry.subject, JSON.stringify(entry.detail));
