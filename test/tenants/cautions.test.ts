import { describe, expect, it } from 'vitest';
import { sources } from '../../src/sources/registry.ts';
import { checkConfig } from '../../src/tenants/publication.ts';

const odoo = { kind: 'odoo', url: 'https://odoo.example', database: 'books', credential: 'secret://odoo' };
const base = {
  tenant: 'acme',
  entities: {
    eu: { currency: 'EUR', timeZone: 'Europe/Paris' },
    us: { currency: 'USD', timeZone: 'America/New_York' },
  },
  sources: {},
  targets: { odoo, us: { ...odoo, companyId: 2 }, gl: { kind: 'embedded-gl' } },
  routes: [
    { when: { event: '*', entity: 'eu' }, to: 'odoo' },
    { when: { event: '*', entity: 'us' }, to: 'us' },
  ],
  accounts: { receivable: '1200', clearing: { stripe: '1250' } },
};
const around = { tenant: 'acme', registry: sources, secrets: new Set(['odoo']), shards: new Set(['LEDGER_0']), now: 0 };

const check = (changes: object) => checkConfig({ ...base, ...changes }, around);

/** Without what is said of roles that have no account. */
function warned(changes: object): string[] {
  const checked = check(changes);
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  return checked.value.warnings.filter(({ path }) => !path.startsWith('accounts.')).map(({ path }) => path);
}

function faulted(changes: object): string[] {
  const checked = check(changes);
  return checked.ok ? [] : checked.error.map(({ path }) => path);
}

const summary = { when: { event: 'payment.*' }, to: 'odoo', mode: 'summary', window: '0 2 * * *' };
const approval = (when: object, more: object = {}) => ({
  approvals: [{ when: { over: '1.00 EUR', ...when }, ...more }],
});

describe('a config', () => {
  it('that means what it says is warned of nothing', () => {
    expect(warned({})).toEqual([]);
    expect(
      warned({ routes: [summary], ...approval({ event: 'refund.*', account: 'clearing' }, { target: 'odoo' }) }),
    ).toEqual(['routes.0.to']);
    expect(warned(approval({ account: '1250' }))).toEqual([]);
  });

  it.each([
    ['a rule about an event that does not exist', approval({ event: 'invoice.isued' }), ['approvals.0.when.event']],
    [
      'a route for events that do not exist',
      { routes: [{ when: { event: 'invoices.*' }, to: 'gl' }] },
      ['routes.0.when.event'],
    ],
    ['a rule about an account nobody has', approval({ account: '9999' }), ['approvals.0.when.account']],
    ['a rule for a target that gets nothing', approval({}, { target: 'gl' }), ['approvals.0.target']],
    [
      'summaries beside documents for one target and entity',
      {
        routes: [
          { when: { event: 'invoice.*', entity: 'eu' }, to: 'odoo' },
          { ...summary, when: { event: '*', entity: 'eu' } },
        ],
      },
      ['routes.0.mode'],
    ],
    ['a parallel run', { targets: { ...base.targets, odoo: { ...odoo, mode: 'compare' } } }, ['targets.odoo.mode']],
    ['a takeover', { targets: { ...base.targets, odoo: { ...odoo, mode: 'takeover' } } }, ['targets.odoo.mode']],
    ['two currencies in one company', { targets: { ...base.targets, us: odoo } }, ['routes.1.to']],
    ['a feed without encryption', { rates: { feed: 'ecb', url: 'http://feed.example/' } }, ['rates.url']],
  ])('is warned of %s', (_what, changes, paths) => {
    expect(warned(changes)).toEqual(paths);
  });

  it.each([
    [
      'a rate of zero',
      { rates: [{ from: 'USD', to: 'EUR', date: '2026-01-05', rate: '0.0', source: 'x' }] },
      'rates.0.rate',
    ],
    [
      'a rate of no day',
      { rates: [{ from: 'USD', to: 'EUR', date: '2026-02-31', rate: '1', source: 'x' }] },
      'rates.0.date',
    ],
    ['a close of no day', { closedUntil: '2026-13-01' }, 'closedUntil'],
  ])('is refused with %s', (_what, entity, path) => {
    expect(faulted({ entities: { ...base.entities, eu: { ...base.entities.eu, ...entity } } })).toEqual([
      `entities.eu.${path}`,
    ]);
  });

  it.each([
    ['a feed', { rates: { feed: 'ecb', url: 'https://me:secret@feed.example/' } }, 'rates.url'],
    [
      'a target',
      { targets: { ...base.targets, odoo: { ...odoo, url: 'https://key@odoo.example' } } },
      'targets.odoo.url',
    ],
  ])('is refused with a password in the address of %s, which is not repeated', (_what, changes, path) => {
    expect(faulted(changes)).toEqual([path]);
    expect(JSON.stringify(check(changes))).not.toContain('secret@');
  });

  it('takes no inherited name for an entity or a target', () => {
    expect(faulted({ routes: [{ when: { event: '*', entity: 'constructor' }, to: 'constructor' }] })).toEqual([
      'routes.0.to',
      'routes.0.when.entity',
    ]);
  });
});
