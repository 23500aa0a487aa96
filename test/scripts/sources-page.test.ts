import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourcesPage } from '../../scripts/sources-page.ts';
import { sources } from '../../src/sources/registry.ts';

const page = sourcesPage([...sources.values()], () => true);
const rows = page.split('\n').filter((line) => line.startsWith('| ['));

describe('docs/sources.md', () => {
  it('has a row of six cells for every provider in the registry, and its events', () => {
    expect(rows).toHaveLength(sources.size);
    for (const line of rows) expect(line.replaceAll('\\|', '').split('|')).toHaveLength(8);
    for (const { provider, understands } of sources.values()) {
      expect(page).toContain(`(\`${provider}\`)`);
      for (const type of understands) expect(page).toContain(`\`${type}\``);
    }
  });

  it('says of every provider what its definition says', () => {
    for (const { provider, about } of sources.values()) {
      if (about === null) throw new Error(`${provider} does not say what it is about`);
      const own = rows.find((line) => line.includes(`(\`${provider}\`)`));
      for (const said of [about.auth, about.acknowledges, about.dedupe, about.retries]) {
        expect(own).toContain(said.replaceAll('|', '\\|'));
        expect(said.trim()).not.toBe('');
      }
    }
  });

  it('links to pages that are there', () => {
    const docs = path.resolve(import.meta.dirname, '../../docs');
    for (const { about } of sources.values()) {
      if (about?.page !== null && about?.page !== undefined) {
        expect(readFileSync(path.join(docs, about.page), 'utf8')).toMatch(/^# /);
      }
    }
  });
});
