import { describe, expect, it } from 'vitest';
import {
  customerOfLane,
  judgeIdentity,
  kinshipOf,
  type LaneStanding,
  namedElsewhere,
} from '../../src/canonical/identity.ts';
import { laneKey, objectKey } from '../../src/canonical/ids.ts';

const own = laneKey('stripe:cus_1');
const named = laneKey('salesforce:001A');
const other = laneKey('salesforce:001B');
const said = { customer: objectKey('stripe', 'customer', 'cus_1'), own, named };

const standing =
  (links: Readonly<Record<string, string>>) =>
  (lane: string): LaneStanding => ({
    primary: links[lane] === undefined ? null : laneKey(links[lane]),
    linked: Object.entries(links).flatMap(([from, to]) => (to === lane ? [laneKey(from)] : [])),
  });

describe('who is the same customer', () => {
  it('is read from the reference that the rules name, of the provider’s own customers only', () => {
    const fact = {
      kind: 'customer.upserted' as const,
      ...{ occurredAt: 1, requires: [], version: 1, name: 'Ada', email: null, phone: null, taxId: null, address: null },
      customer: said.customer,
      references: { salesforce: '001A', odoo: '7' },
      deleted: false,
    };
    expect(namedElsewhere([fact], new Map([['stripe', 'salesforce']]))).toEqual([said]);
    expect(namedElsewhere([fact], new Map([['chargebee', 'salesforce']]))).toEqual([]);
    expect(namedElsewhere([{ ...fact, references: {} }], new Map([['stripe', 'salesforce']]))).toEqual([]);
  });

  it('says whose customer stands for whom, of the lanes that are linked and of no other', () => {
    const kinship = kinshipOf(named, [own]);
    const primary = objectKey('salesforce', 'customer', '001A');
    expect(customerOfLane(laneKey('quickbooks:9130-67'))).toBe('quickbooks:customer:9130-67');
    expect(kinship.primaryOf(said.customer)).toBe(primary);
    expect([primary, objectKey('stripe', 'customer', 'cus_2')].map((each) => kinship.primaryOf(each))).toEqual([
      null,
      null,
    ]);
    expect([kinship.linkedTo(primary), kinship.linkedTo(said.customer)]).toEqual([[said.customer], []]);
  });

  it('links the lane that learns to the lane that is named', () => {
    expect(judgeIdentity(said, own, standing({}))).toEqual({ kind: 'link', primary: named, notices: [] });
  });

  it('makes no chain: the named lane’s primary is taken', () => {
    expect(judgeIdentity(said, own, standing({ [named]: other }))).toMatchObject({ kind: 'link', primary: other });
  });

  it('has nothing to do when it is known, in either direction', () => {
    expect(judgeIdentity(said, named, standing({ [own]: named }))).toEqual({ kind: 'nothing' });
    expect(judgeIdentity(said, own, standing({ [named]: own }))).toEqual({ kind: 'nothing' });
  });

  it('keeps the first link and asks a person about the second, with a proposed match', () => {
    const verdict = judgeIdentity(said, other, standing({ [own]: other }));
    expect(verdict).toMatchObject({ kind: 'notice', notice: { cause: 'conflicting_facts' } });
    expect(JSON.stringify(verdict)).toContain('Proposed match');
  });

  it('never links a primary', () => {
    const verdict = judgeIdentity(said, own, standing({ 'chargebee:c1': own }));
    expect(verdict).toMatchObject({ kind: 'notice', notice: { cause: 'conflicting_facts' } });
  });

  it('links a second record of one provider, and calls the two duplicates', () => {
    expect(judgeIdentity(said, own, standing({ 'stripe:cus_2': named }))).toMatchObject({
      kind: 'link',
      primary: named,
      notices: [{ cause: 'duplicate_customer' }],
    });
  });
});
