/**
 * Who is the same customer: pure. A customer's snapshot may name the same customer at another provider; this decides what
 * follows for their lanes. docs/decisions/0004-linked-lanes.md says why it is so.
 */
import type { ExceptionDraft } from './decision.ts';
import type { CanonicalEvent, CustomerUpserted } from './events.ts';
import { type LaneKey, laneKey, type ObjectKey, objectKey } from './ids.ts';

/** By provider: which other provider's customer its customers name (`references[…]` of the fact). From the config. */
export type IdentityRules = ReadonlyMap<string, string>;

/** How a lane stands among the links. */
export interface LaneStanding {
  /** The lane it is linked to. */
  readonly primary: LaneKey | null;
  /** Lanes linked to it, at most 20. */
  readonly linked: readonly LaneKey[];
}

export type StandingLookup = (lane: LaneKey) => LaneStanding;

/** A customer and the lane that its snapshot names as the same customer's. */
export interface NamedElsewhere {
  readonly customer: ObjectKey;
  /** The lane of the customer's own events. */
  readonly own: LaneKey;
  readonly named: LaneKey;
}

export type IdentityVerdict =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'link'; readonly primary: LaneKey; readonly notices: readonly ExceptionDraft[] }
  | { readonly kind: 'notice'; readonly notice: ExceptionDraft };

/** `stripe:customer:cus_1` → `stripe:cus_1`: where the ingress puts that customer's events. */
export function laneOfCustomer(customer: ObjectKey): LaneKey {
  const [provider = '', , ...id] = customer.split(':');
  return laneKey(`${provider}:${id.join(':')}`);
}

/** `stripe:cus_1` → `stripe:customer:cus_1`: the other way round. */
export function customerOfLane(lane: LaneKey): ObjectKey {
  const [provider = '', ...id] = lane.split(':');
  return objectKey(provider, 'customer', id.join(':'));
}

/** Who of the customers of a lane is one with whom: a primary, and those linked to it. */
export interface Kinship {
  /** The primary's customer, where the customer's lane is linked; null: it stands for itself. */
  primaryOf(customer: ObjectKey): ObjectKey | null;
  /** Customers linked to it. */
  linkedTo(customer: ObjectKey): readonly ObjectKey[];
}

/** @param linked lanes that go on in `lane`. */
export const kinshipOf = (lane: LaneKey, linked: readonly LaneKey[]): Kinship => ({
  primaryOf: (customer) => (linked.includes(laneOfCustomer(customer)) ? customerOfLane(lane) : null),
  linkedTo: (customer) => (laneOfCustomer(customer) === lane ? linked.map(customerOfLane) : []),
});

/** Two customers that are one, each with a partner at the targets already: those the gateway never merges. */
export const twoPartners = (linked: ObjectKey, primary: ObjectKey): ExceptionDraft =>
  draft(
    'duplicate_customer',
    linked,
    `${linked} and ${primary} are one customer, and each has a partner of its own at the targets. Documents go on naming each its own.`,
    `Merge the two partners at each target (Odoo: Contacts, select both, Action, Merge), then resolve. The gateway itself never merges or deletes a partner.`,
  );

const providerOf = (key: string): string => key.split(':', 1)[0] ?? '';

/** What the facts say about who is the same customer elsewhere. */
export function namedElsewhere(facts: readonly CanonicalEvent[], rules: IdentityRules): NamedElsewhere[] {
  if (rules.size === 0) return [];
  return facts
    .filter((fact): fact is CustomerUpserted => fact.kind === 'customer.upserted')
    .flatMap(({ customer, references }) => {
      const other = rules.get(providerOf(customer));
      const id = other === undefined ? undefined : references[other];
      if (other === undefined || id === undefined || id === '') return [];
      return [{ customer, own: laneOfCustomer(customer), named: laneKey(`${other}:${id}`) }];
    });
}

/** @param lane the lane the event is applied in: only the customer's own may link itself. */
export function judgeIdentity(said: NamedElsewhere, lane: LaneKey, standing: StandingLookup): IdentityVerdict {
  const { customer, own, named } = said;
  const target = standing(named).primary ?? named;
  const mine = standing(own);
  if (target === own || target === mine.primary) return { kind: 'nothing' };
  if (mine.primary !== null) return { kind: 'notice', notice: contradicts(customer, own, mine.primary, named) };
  if (mine.linked.length > 0) return { kind: 'notice', notice: primaryNames(customer, own, named, target) };
  if (lane !== own) return { kind: 'nothing' };
  const twins = standing(target).linked.filter((other) => providerOf(other) === providerOf(own));
  return {
    kind: 'link',
    primary: target,
    notices: twins.slice(0, 1).map((twin) => duplicate(customer, own, twin, target)),
  };
}

const draft = (
  cause: 'conflicting_facts' | 'duplicate_customer',
  object: ObjectKey,
  message: string,
  remedy: string,
): ExceptionDraft => ({ cause, message, remedy, amount: null, currency: null, object });

const contradicts = (customer: ObjectKey, own: LaneKey, primary: LaneKey, named: LaneKey): ExceptionDraft =>
  draft(
    'conflicting_facts',
    customer,
    `${own} is linked to ${primary}, and now names ${named} as the same customer. The first link stands.`,
    `Find out which is right. Proposed match: ${named} is the same as ${primary}; if so, POST /identities {"lane":"${named}","sameAs":"${primary}"}. If the link itself is wrong, correct the books by hand: links are not undone.`,
  );

const primaryNames = (customer: ObjectKey, own: LaneKey, named: LaneKey, target: LaneKey): ExceptionDraft =>
  draft(
    'conflicting_facts',
    customer,
    `${own} names ${named} as the same customer, but other lanes are linked to ${own}, which must stay their primary.`,
    `Proposed match: ${target} is the same as ${own}; if so, POST /identities {"lane":"${target}","sameAs":"${own}"}.`,
  );

const duplicate = (customer: ObjectKey, own: LaneKey, twin: LaneKey, target: LaneKey): ExceptionDraft =>
  draft(
    'duplicate_customer',
    customer,
    `${own} and ${twin} both name ${target}: one customer with two records at ${providerOf(own)}. Both are in its lane now.`,
    `Merge the two at ${providerOf(own)} if they are one, or correct the reference of the wrong one. Proposed match: ${own} is the same as ${twin}. Then resolve.`,
  );
