/** docs/sources.md, written from the registry of sources: a provider's row is what its own definition says about it. */
import type { RegisteredSource } from '../src/sources/registered.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** @param hasPage whether docs/ has such a file, `sources/stripe.md`. */
export function sourcesPage(sources: readonly RegisteredSource[], hasPage: (page: string) => boolean): string {
  const sorted = [...sources].sort((a, b) => (a.provider < b.provider ? -1 : 1));
  return [
    '# Sources',
    '',
    '<!-- Written by `npm run generate` from src/sources/registry.ts. Change the definitions, not this page. -->',
    '',
    'What each provider proves, expects and repeats. The trust tiers: `signed`, the bytes are bound to the proof;',
    '`authenticated`, the caller proved who it is and the bytes are not bound to that; `addressed`, only a secret address',
    'was known. A source whose trust is below its `moneyNeeds` moves no money by itself.',
    '',
    '| provider | proof | trust | acknowledged by | the same event when | repeated when unanswered |',
    '|---|---|---|---|---|---|',
    ...sorted.map((source) => row(source, hasPage)),
    '',
    '## Events understood',
    '',
    'Every other type of an authentic sender is kept in quarantine, counted, and can be driven again.',
    '',
    ...sorted.flatMap((source) => [`- **${source.provider}**: ${eventsOf(source)}`]),
    '',
  ].join('\n');
}

function row({ provider, about }: RegisteredSource, hasPage: (page: string) => boolean): string {
  const page = about?.page ?? `sources/${provider}.md`;
  const name = hasPage(page) ? `[${about?.name ?? provider}](${page})` : (about?.name ?? provider);
  if (about === null) return `| ${name} (\`${provider}\`) | see its page | | | | |`;
  const cells = [about.auth, `\`${about.trust}\``, about.acknowledges, about.dedupe, about.retries].map(cell);
  return `| ${name} (\`${provider}\`) | ${cells.join(' | ')} |`;
}

const eventsOf = ({ understands }: RegisteredSource): string =>
  understands.length === 0
    ? 'those its config describes'
    : [...understands]
        .sort()
        .map((type) => `\`${type}\``)
        .join(', ');
