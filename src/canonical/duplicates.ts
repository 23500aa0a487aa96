/**
 * Which customers look like one: those of a tenant that share an e-mail address or a tax id. Pure; what is compared is the
 * normalised value, and what is kept of it is a hash (src/ledger/customer-marks.ts). docs/decisions/0006-duplicate-customers.md
 */
import { laneOfCustomer } from './identity.ts';
import type { LaneKey, ObjectKey } from './ids.ts';
import type { CustomerState } from './objects.ts';

export type MarkKind = 'email' | 'taxId';

/** Per kind, whether customers that share it are shown to a person. */
export type DuplicatePolicy = Readonly<Record<MarkKind, 'report' | 'ignore'>>;

/** What a customer may share with another; `value` is personal data and goes no further than the hash. */
export interface CustomerMark {
  readonly kind: MarkKind;
  readonly value: string;
}

/** What a customer is known by from now on, and what it is no longer known by. */
export interface MarkChange {
  readonly customer: ObjectKey;
  readonly lane: LaneKey;
  readonly noted: readonly CustomerMark[];
  readonly dropped: readonly CustomerMark[];
}

/** Nobody's tax id is shorter; `0`, `n/a` and the like are what forms are filled with. */
const LEAST_TAX_ID = 5;

/** Case and outer spaces do not make another address. Null for what is no address. */
export function normalEmail(email: string | null): string | null {
  const text = (email ?? '').normalize('NFC').trim().toLowerCase();
  return /^[^\s@]+@[^\s@]+$/.test(text) && text.length <= 320 ? text : null;
}

/** `de 123.456.789` → `DE123456789`: letters and digits alone. Null for what is no number of anybody's. */
export function normalTaxId(taxId: string | null): string | null {
  const text = (taxId ?? '')
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s.\-/]/g, '');
  const says = text.length >= LEAST_TAX_ID && text.length <= 64 && /\d/.test(text);
  return says && !/^(.)\1*$/.test(text) ? text : null;
}

/** What a customer can be told by. One that only a bill named, or that was deleted at its provider, by nothing. */
function marksOf(customer: CustomerState | null): CustomerMark[] {
  if (customer === null || customer.version === 0 || !customer.active) return [];
  const email = normalEmail(customer.email);
  const taxId = normalTaxId(customer.taxId);
  return [
    ...(email === null ? [] : [{ kind: 'email' as const, value: email }]),
    ...(taxId === null ? [] : [{ kind: 'taxId' as const, value: taxId }]),
  ];
}

/**
 * What a new snapshot changes. What stays the same is noted again: that writes nothing where it is known, and takes in
 * customers that were booked before anybody compared them. What the policy ignores is dropped where it was known.
 */
export function markChange(before: CustomerState | null, after: CustomerState, policy: DuplicatePolicy): MarkChange {
  const now = marksOf(after).filter(({ kind }) => policy[kind] === 'report');
  const same = (mark: CustomerMark) => now.some(({ kind, value }) => kind === mark.kind && value === mark.value);
  return {
    customer: after.key,
    lane: laneOfCustomer(after.key),
    noted: now,
    dropped: marksOf(before).filter((mark) => !same(mark)),
  };
}

/** Where the other customer's lane stands in the words below: only the books know it. */
export const OTHER = '{other}';

const words = {
  email: 'e-mail address',
  taxId: 'tax id',
} as const satisfies Record<MarkKind, string>;

/** In which words a person is told; `OTHER` is still to be filled in. No personal data. */
export const duplicateWords = (
  kind: MarkKind,
  lane: LaneKey,
): { readonly message: string; readonly remedy: string } => ({
  message: `${lane} and ${OTHER} have the same ${words[kind]}: they may be one customer. Both are booked, each by itself.`,
  remedy: `Proposed match: ${lane} is the same as ${OTHER}; if so, POST /identities {"lane":"${lane}","sameAs":"${OTHER}"} (two records of one provider are better merged there). If not, resolve with that as the note. Where many share one, set policies.duplicateCustomers.${kind} to "ignore".`,
});
