import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { odoo } from '../../../src/sources/odoo/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';

const source = registerSource(odoo);
const ADDRESS = 'odoo-secret-path-0001';
const NOW = Date.UTC(2026, 10, 22, 12);
const URL_ = `https://gateway.test/in/acme/odoo/${ADDRESS}`;
const partner = {
  _action: 'Send Webhook(#12)',
  _id: 7,
  _model: 'res.partner',
  name: 'ACME',
  email: 'ap@acme.test',
  phone: false,
  city: 'Paris',
  country_id: 75,
  write_date: '2026-11-20 10:00:00',
  active: true,
};
const json = (value: unknown) => bytes(JSON.stringify(value));

sourceContract("Odoo's webhooks", source, {
  config: { customers: true },
  secrets: [ADDRESS],
  wrongSecrets: ['another-secret-0002', 'user:password'],
  url: URL_,
  contentType: 'application/json',
  headers: async () => ({}),
  proof: [],
  bindsBody: false,
  bindsTime: false,
  bodies: [json(partner), json({ _action: 'a', _id: 1, _model: 'account.move' })],
});

describe("Odoo's webhooks", () => {
  it('make customers only where Odoo keeps them, so that a target does not feed itself', () => {
    expect(read(configured(source), json(partner)).map(verdict)).toEqual(['no effect']);
    expect(factsOf(configured(source, { customers: true }), partner)).toEqual([
      {
        kind: 'customer.upserted',
        occurredAt: Date.UTC(2026, 10, 20, 10),
        requires: [],
        customer: 'odoo:customer:7',
        version: Date.UTC(2026, 10, 20, 10),
        name: 'ACME',
        email: 'ap@acme.test',
        phone: null,
        taxId: null,
        address: { line1: null, line2: null, city: 'Paris', postalCode: null, state: null, country: null },
        references: {},
        deleted: false,
      },
    ]);
  });

  it('take in everything, since Odoo never sends twice, with a reason where it is not understood', () => {
    const verdicts = (value: unknown, config = {}) => read(configured(source, config), json(value)).map(verdict);
    expect(verdicts({ _id: 1, _model: 'account.move' })).toEqual(['no effect']);
    expect(verdicts({ _id: 1, _model: 'x.spaceship' })).toEqual(['quarantined:unknown_type']);
    expect(verdicts({ _id: 1, _model: 'res.partner' }, { customers: true })).toEqual(['quarantined:unsupported_shape']);
    expect(verdicts({ ...partner, company_id: 2 }, { companyId: 1 })).toEqual(['quarantined:wrong_account']);
    expect(verdicts([])).toEqual(['unreadable:unsupported_shape']);
  });

  it('are two events when nothing in them says that they are one', () => {
    const { write_date: _, ...undated } = partner;
    const setUp = configured(source);
    const idAt = (receivedAt: number) =>
      read(setUp, json(undated))[0]?.event?.eventId.replace(/\d+$/, String(receivedAt));
    expect(idAt(1)).not.toBe(idAt(2));
    expect(read(setUp, json(undated))[0]?.event?.eventId).toMatch(/received-\d+$/);
    expect(read(setUp, json(partner))[0]?.event?.eventId).toBe(
      `res.partner/7/Send Webhook(#12)/${Date.UTC(2026, 10, 20, 10)}`,
    );
  });

  it('are believed at none of 10000 other addresses', async () => {
    const setUp = configured(source);
    const segment = fc.stringMatching(/^[A-Za-z0-9._~-]{0,40}$/);
    const altered = fc
      .tuple(fc.nat(ADDRESS.length - 1), fc.constantFrom(...'abcXYZ019._~-'))
      .map(([at, character]) => `${ADDRESS.slice(0, at)}${character}${ADDRESS.slice(at + 1)}`);
    await fc.assert(
      fc.asyncProperty(fc.oneof(segment, altered), async (secret) => {
        fc.pre(secret !== ADDRESS);
        const sent = { ...delivery('{}', {}, NOW), url: new URL(`https://gateway.test/in/acme/odoo/${secret}`) };
        expect((await setUp.verify(sent, always(ADDRESS))).ok).toBe(false);
      }),
      { numRuns: 10_000 },
    );
  });
});
