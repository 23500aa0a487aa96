import { describe, expect, it } from 'vitest';
import { dependencyViolations } from '../../scripts/checks/dependency-rules.ts';

const violations = (files: Record<string, string>): readonly string[] =>
  dependencyViolations(Object.entries(files).map(([path, text]) => ({ path, text })));

describe('the dependency direction', () => {
  it('lets routes use the ledger, and the ledger use canonical', () => {
    expect(
      violations({
        'src/routes/a.ts': "import { b } from '../ledger/b.ts';",
        'src/ledger/b.ts': "import { c } from '../canonical/c.ts';\nexport const b = c;",
        'src/canonical/c.ts': 'export const c = 1;',
      }),
    ).toEqual([]);
  });

  it('refuses a binding or a library in canonical, and even a type of the ledger', () => {
    expect(violations({ 'src/canonical/a.ts': "import { env } from 'cloudflare:workers';" })[0]).toContain(
      'canonical-is-pure',
    );
    expect(violations({ 'src/canonical/a.ts': "import type { B } from '../ledger/b.ts';" })[0]).toContain(
      'canonical-is-pure',
    );
    expect(violations({ 'src/canonical/a.ts': "import { z } from 'zod';" })[0]).toContain('canonical-is-pure');
    expect(violations({ 'src/canonical/a.ts': "import type { z } from 'zod';" })).toEqual([]);
  });

  it('refuses a source that looks at tenants, and a target that looks at routes', () => {
    expect(violations({ 'src/sources/a.ts': "import { b } from '../tenants/b.ts';" })[0]).toContain(
      'sources-below-the-rest',
    );
    expect(violations({ 'src/targets/a.ts': "export { b } from '../routes/b.ts';" })[0]).toContain(
      'middle-below-faces',
    );
  });

  it('refuses a sandbox that shares code with the gateway, either way', () => {
    expect(violations({ 'sandbox/a.ts': "import { b } from '../src/b.ts';" })[0]).toContain('sandbox-stands-alone');
    expect(violations({ 'src/a.ts': "import { b } from '../sandbox/b.ts';" })[0]).toContain('src-stands-alone');
  });

  it('lets only verification and sources say that a sender is proven', () => {
    expect(
      violations({ 'src/routes/a.ts': "import { asVerified } from '../verification/verification.ts';" })[0],
    ).toContain('verified-makers');
    expect(violations({ 'src/verification/a.ts': "import { asVerified } from './verification.ts';" })).toEqual([]);
  });

  it('refuses a cycle of code, and lets types refer to each other', () => {
    expect(
      violations({ 'src/a.ts': "import { b } from './b.ts';", 'src/b.ts': "import { a } from './a.ts';" })[0],
    ).toContain('no-cycles');
    expect(
      violations({ 'src/a.ts': "import { b } from './b.ts';", 'src/b.ts': "import type { A } from './a.ts';" }),
    ).toEqual([]);
  });

  it('keeps a relay and the gateway apart', () => {
    expect(violations({ 'relay/a/b.ts': "import { c } from '../../src/canonical/c.ts';" })[0]).toContain(
      'relay-stands-alone',
    );
    expect(violations({ 'src/sources/a.ts': "import { b } from '../../relay/a/b.ts';" }).join()).toContain(
      'src-stands-alone',
    );
  });
});
