import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Finding } from '../../../scripts/evidence/evidence.ts';
import type { Gateway } from '../../support/gateway.ts';
import { checked, demoBooks } from './books.ts';

type Cell = string | number | null;
type Row = Readonly<Record<string, Cell>>;

/** Each ledger table with its key, and which columns nothing but a rebuild can check (docs/decisions/0011-evidence.md). */
const tables: Readonly<Record<string, { readonly key: readonly string[]; readonly open?: readonly string[] }>> = {
  lanes: { key: ['tenant', 'lane'], open: ['fence'] },
  events: { key: ['tenant', 'source', 'event_id'] },
  entries: { key: ['tenant', 'lane', 'position', 'part'] },
  objects: { key: ['tenant', 'object'] },
  balances: { key: ['tenant', 'entity', 'account', 'currency', 'period'] },
  schedules: { key: ['tenant', 'entity', 'period', 'currency', 'revenue_account', 'deferred_account'] },
  commits: { key: ['tenant', 'id'] },
  seals: { key: ['tenant', 'day'] },
};

/** Rows to tamper with: applied events, objects that entries are about, slices still open, a seal that another follows. */
const rowsToTry: Readonly<Record<string, string>> = {
  lanes: 'SELECT * FROM lanes WHERE position > 1 ORDER BY lane',
  events:
    'SELECT * FROM events WHERE position IS NOT NULL AND note IS NOT NULL AND archive IS NOT NULL ORDER BY lane, position',
  entries: "SELECT * FROM entries WHERE deferrals <> '[]' ORDER BY lane, position, part",
  objects: 'SELECT o.* FROM objects o WHERE EXISTS (SELECT 1 FROM entries e WHERE e.object = o.object) ORDER BY object',
  balances: 'SELECT * FROM balances ORDER BY account',
  schedules: 'SELECT * FROM schedules WHERE amount <> 0 ORDER BY period',
  commits: 'SELECT * FROM commits ORDER BY id',
  seals: 'SELECT * FROM seals ORDER BY day LIMIT 1',
};

/** One bit of the value: of the byte in the middle of a text, or of a number. */
function flipped(value: Cell, bit: number): Cell {
  if (value === null) throw new Error('there is no byte to flip');
  const mask = 2 ** bit;
  if (typeof value === 'number') return Math.floor(value / mask) % 2 === 0 ? value + mask : value - mask;
  const at = Math.floor(value.length / 2);
  return `${value.slice(0, at)}${String.fromCharCode(value.charCodeAt(at) ^ mask)}${value.slice(at + 1)}`;
}

/** Words by which a finding may name the row. A seal that is gone is missed by the one after it. */
function namesOf(table: string, row: Row): string[] {
  if (table === 'events' || table === 'entries')
    return [`${row.source}/${row.event_id}`, `${row.lane}#${row.position}`];
  if (table === 'commits') {
    const named: [string, string][] = JSON.parse(String(row.events));
    return [String(row.id), ...named.map((pair) => pair.join('/'))];
  }
  if (table === 'seals') return gateway.ledger.rows<{ day: string }>('SELECT day FROM seals').map(({ day }) => day);
  const { key } = tables[table] ?? { key: [] };
  return [
    key
      .slice(1)
      .map((column) => row[column])
      .join('/'),
  ];
}

const names = (finding: Finding, words: readonly string[]): boolean =>
  words.some((word) => `${finding.key} ${finding.what}`.includes(word));

let gateway: Gateway;

/**
 * The report on the books with one cell altered, and what the row is called then; the books are as before afterwards. A
 * bit that would make two rows the same is no alteration that a table can hold: the next one is tried.
 */
async function tampered(table: string, row: Row, column: string) {
  const { key } = tables[table] ?? { key: [] };
  const where = key.map((name) => `${name} = ?`).join(' AND ');
  for (let bit = 0; bit < 6; bit += 1) {
    const value = flipped(row[column] ?? null, bit);
    gateway.ledger.exec('BEGIN');
    try {
      gateway.ledger.exec(
        `UPDATE ${table} SET ${column} = ? WHERE ${where}`,
        value,
        ...key.map((name) => row[name] ?? null),
      );
      return { altered: { ...row, [column]: value }, ...(await checked(gateway)) };
    } catch (error) {
      if (!String(error).includes('UNIQUE')) throw error;
    } finally {
      gateway.ledger.exec('ROLLBACK');
    }
  }
  throw new Error(`every alteration of ${column} makes another row`);
}

beforeAll(async () => {
  gateway = await demoBooks(70, 5);
  const triggers = gateway.ledger.rows<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'trigger'");
  for (const { name } of triggers) gateway.ledger.exec(`DROP TRIGGER ${name}`);
});
afterAll(() => void vi.useRealTimers());

describe('verify', () => {
  it('finds nothing in the books as the gateway wrote them', async () => {
    const report = await checked(gateway);
    expect(report.findings).toEqual([]);
    for (const count of Object.values(report.checked)) expect(count).toBeGreaterThan(0);
  });

  for (const [table, { open = [] }] of Object.entries(tables)) {
    it(`names the row of ${table} in which one byte of any column was flipped`, async () => {
      const rows = gateway.ledger.rows<Row>(rowsToTry[table] ?? '');
      const chosen = [rows[0], rows[Math.floor(rows.length / 2)], rows.at(-1)].filter((row) => row !== undefined);
      expect(chosen.length).toBeGreaterThan(0);
      for (const row of new Set(chosen)) {
        for (const column of Object.keys(row)) {
          const { findings, altered } = await tampered(table, row, column);
          const words = [...namesOf(table, row), ...(column === 'events' ? [] : namesOf(table, altered))];
          const named = findings.some((finding) => names(finding, words));
          expect([column, row, findings.slice(0, 3), named]).toEqual([
            column,
            row,
            findings.slice(0, 3),
            !open.includes(column),
          ]);
        }
      }
    }, 60_000);
  }

  it('names the event whose archived bytes were altered, or whose line is gone', async () => {
    const [row] = gateway.ledger.rows<{ event_id: string; archive: string }>(
      'SELECT event_id, archive FROM events WHERE position IS NOT NULL AND archive IS NOT NULL ORDER BY archive',
    );
    const key = row?.archive.split('#')[0] ?? '';
    const object = gateway.archive.get(key) ?? '';
    for (const altered of [object.replace('"text":"{', '"text":"{ '), '']) {
      gateway.archive.set(key, altered);
      const { findings } = await checked(gateway);
      expect(findings[0]).toMatchObject({ table: 'events' });
      expect(findings.some((finding) => finding.key.endsWith(`/${row?.event_id}`))).toBe(true);
    }
    gateway.archive.set(key, object);
    expect((await checked(gateway)).findings).toEqual([]);
  });

  it('names the sealed head that is not on its lane’s chain any more, and a leaf that was altered', async () => {
    const [key] = [...gateway.archive.keys()].filter((name) => name.startsWith('seals/') && name.endsWith('.ndjson'));
    const leaves = gateway.archive.get(key ?? '') ?? '';
    gateway.archive.set(
      key ?? '',
      leaves.replace(/"hash":"./, (found) => `${found.slice(0, -1)}${found.endsWith('0') ? '1' : '0'}`),
    );
    const { findings } = await checked(gateway);
    expect(findings.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^the sealed head/),
      'root: over the archived leaves',
    ]);
    gateway.archive.set(key ?? '', leaves);
  });

  it('holds the seals against hashes that were kept elsewhere', async () => {
    const [seal] = gateway.ledger.rows<{ day: string; hash: string }>('SELECT day, hash FROM seals ORDER BY day');
    if (seal === undefined) throw new Error('the demo is sealed');
    expect((await checked(gateway, { kept: new Map([[seal.day, seal.hash]]) })).findings).toEqual([]);
    const other = new Map([
      [seal.day, 'f'.repeat(64)],
      ['2030-01-01', 'e'.repeat(64)],
    ]);
    const { findings } = await checked(gateway, { kept: other });
    expect(findings.map(({ key }) => key)).toEqual([seal.day, '2030-01-01']);
  });
});
