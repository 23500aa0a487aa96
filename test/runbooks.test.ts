import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { exceptionCauses } from '../src/operations/exceptions.ts';

it('docs/runbooks/exceptions.md has one section per cause, with what to do', () => {
  const text = readFileSync(path.join(import.meta.dirname, '../docs/runbooks/exceptions.md'), 'utf8');
  const sections = text.split(/^## /m).slice(1);
  expect(sections.map((section) => section.split('\n')[0])).toEqual(exceptionCauses);
  for (const section of sections) expect(section).toContain('**Do:**');
});
