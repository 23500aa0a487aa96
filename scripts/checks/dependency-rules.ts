/**
 * Dependencies point one way: faces → operations, ledger, targets, tenants → sources → verification → canonical.
 * Run by `npm test`; docs/architecture.md says why. Pure: files in, violations out.
 */
import { dirname, join, normalize } from 'node:path';
import { parseSync } from 'oxc-parser';

interface Rule {
  readonly name: string;
  readonly why: string;
  readonly from: RegExp;
  /** Project paths, or bare package names. */
  readonly forbidden: RegExp;
  readonly except?: RegExp;
}

const rules: readonly Rule[] = [
  {
    name: 'canonical-is-pure',
    why: 'the accounting rules import nothing but themselves and zod types',
    from: /^src\/canonical\//,
    forbidden: /./,
    except: /^src\/canonical\//,
  },
  {
    name: 'verification-below-sources',
    why: 'a signature scheme knows no provider',
    from: /^src\/verification\//,
    forbidden: /^src\//,
    except: /^src\/(verification|canonical)\//,
  },
  {
    name: 'sources-below-the-rest',
    why: 'a provider knows facts and proofs, not books, tenants or targets',
    from: /^src\/sources\//,
    forbidden: /^src\//,
    except: /^src\/(sources|verification|canonical)\//,
  },
  {
    name: 'middle-below-faces',
    why: 'what keeps the books does not know who asks; a protocol is words, not a face',
    from: /^src\/(targets|ledger|operations|tenants)\//,
    forbidden: /^src\/(routes|queues|durable-objects|console|index)\b/,
    except: /^src\/durable-objects\/[a-z-]+\/(protocol|policy)\.ts$/,
  },
  {
    name: 'src-stands-alone',
    why: 'what is deployed contains nothing that only helps to develop it',
    from: /^src\//,
    forbidden: /^(sandbox|scripts|bench|relay|test)\//,
  },
  {
    name: 'relay-stands-alone',
    why: 'a relay runs elsewhere and knows the gateway by its address only',
    from: /^relay\//,
    forbidden: /^(src|sandbox|scripts|bench|test)\//,
  },
  {
    name: 'sandbox-stands-alone',
    why: 'a stand-in that shared code with the gateway would share its mistakes',
    from: /^sandbox\//,
    forbidden: /^(src|scripts|bench|relay|test)\//,
  },
];

/** Only these places may say that a delivery is authentic. */
const verifiedMakers = /^src\/(verification|sources)\//;

export interface SourceFile {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

interface Import {
  readonly target: string;
  readonly names: readonly string[];
  readonly typeOnly: boolean;
}

/** One line per violation, `file → target: rule (why)`; empty when all is well. */
export function dependencyViolations(files: readonly SourceFile[]): readonly string[] {
  const imports = new Map(files.map((file) => [file.path, importsOf(file)]));
  const found: string[] = [];
  for (const [path, targets] of imports) {
    for (const { target, names, typeOnly } of targets) {
      for (const rule of rules)
        if (breaks(rule, path, target, typeOnly)) found.push(`${path} → ${target}: ${rule.name} (${rule.why})`);
      if (names.includes('asVerified') && path.startsWith('src/') && !verifiedMakers.test(path)) {
        found.push(`${path} → ${target}: verified-makers (only src/verification and src/sources prove a sender)`);
      }
    }
  }
  return [...found, ...cycles(imports)];
}

function breaks(rule: Rule, from: string, target: string, typeOnly: boolean): boolean {
  if (!rule.from.test(from) || !rule.forbidden.test(target) || rule.except?.test(target) === true) return false;
  return !(rule.name === 'canonical-is-pure' && typeOnly && target === 'zod');
}

function importsOf(file: SourceFile): readonly Import[] {
  const { module, errors } = parseSync(file.path, file.text);
  const [problem] = errors;
  if (problem !== undefined) throw new Error(`${file.path}: ${problem.message}`);
  const resolve = (specifier: string): string =>
    specifier.startsWith('.') ? normalize(join(dirname(file.path), specifier)).replaceAll('\\', '/') : specifier;
  const imported = module.staticImports.map((entry) => ({
    target: resolve(entry.moduleRequest.value),
    names: entry.entries.flatMap((name) => (name.importName.name === null ? [] : [name.importName.name])),
    typeOnly: entry.entries.length > 0 && entry.entries.every((name) => name.isType),
  }));
  const reExported = module.staticExports.flatMap((statement) =>
    statement.entries.flatMap((entry) =>
      entry.moduleRequest === null || entry.moduleRequest === undefined
        ? []
        : [{ target: resolve(entry.moduleRequest.value), names: [], typeOnly: entry.isType }],
    ),
  );
  return [...imported, ...reExported];
}

/** Cycles among run-time imports; types may refer to each other. Each cycle is named once, from where it was entered. */
function cycles(imports: ReadonlyMap<string, readonly Import[]>): readonly string[] {
  const found: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      found.push(`${[...trail.slice(trail.indexOf(path)), path].join(' → ')}: no-cycles`);
      return;
    }
    state.set(path, 'open');
    for (const { target, typeOnly } of imports.get(path) ?? []) {
      if (!typeOnly && imports.has(target)) visit(target, [...trail, path]);
    }
    state.set(path, 'done');
  };
  for (const path of imports.keys()) visit(path, []);
  return found;
}
