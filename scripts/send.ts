/**
 * `npm run send -- <provider> <event>`: makes one event as the provider would, signs it and sends it to a running
 * gateway. LEDGERGATE_SOURCE_SECRET is the source's secret; without it, tenant demo's own secrets are used. The secret
 * is never printed and stands in no argument.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Sample, samples } from '../sandbox/samples.ts';
import { type DemoFile, readDemoFile, stateDirectory } from './runtime/credentials.ts';
import { signers, wrongSecret } from './send/signing.ts';

const usage = `usage: npm run send -- <provider> <event> [--tenant <tenant>] [--source <source>] [--key <12 letters or digits>]
                   [--duplicate] [--out-of-order] [--bad-signature]

  --key            about which customer and documents: the same key, the same ones; a new one each time if not given
  --duplicate      sends it twice
  --out-of-order   sends it, then the event that should have come before
  --bad-signature  signs with another secret

${Object.entries(samples)
  .map(([provider, events]) => `  ${provider.padEnd(18)} ${Object.keys(events).join(', ')}`)
  .join('\n')}`;

const options = {
  tenant: { type: 'string', default: 'demo' },
  source: { type: 'string' },
  key: { type: 'string' },
  duplicate: { type: 'boolean', default: false },
  'out-of-order': { type: 'boolean', default: false },
  'bad-signature': { type: 'boolean', default: false },
} as const;

/** What an own entry of a table says; names such as `constructor` are no entries. */
const entry = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** @throws when neither the environment nor the local installation has one. */
function secretFor(provider: string, tenant: string, demo: DemoFile | null): string {
  const given = process.env.LEDGERGATE_SOURCE_SECRET;
  if (given !== undefined && given !== '') return given;
  if (tenant === 'demo' && demo !== null) {
    const { stripe, salesforce, chargebee } = demo.sources;
    if (provider === 'stripe') return stripe.secret;
    if (provider === 'salesforce') return new URL(salesforce.url).pathname.split('/').at(-1) ?? '';
    if (provider === 'chargebee') return `${chargebee.username}:${chargebee.password}`;
  }
  throw new Error(
    'Put the source’s secret into LEDGERGATE_SOURCE_SECRET: only tenant demo’s own sources are known here.',
  );
}

interface Sending {
  readonly gateway: string;
  readonly provider: string;
  readonly tenant: string;
  readonly source: string;
  readonly secret: string;
  readonly key: string;
}

/** Sends one sample and prints what it was answered. @returns whether the answer was 2xx. */
async function send(name: string, sample: Sample, at: number, to: Sending): Promise<boolean> {
  const signer = entry(signers, to.provider);
  if (signer === undefined) throw new Error(`${to.provider} has samples and no way to sign them.`);
  const moment = { key: to.key, at };
  const unsigned = {
    url: `${to.gateway}/in/${encodeURIComponent(to.tenant)}/${encodeURIComponent(to.source)}`,
    body: sample.make(moment),
    contentType: sample.contentType,
    eventId: sample.eventId(moment),
    at: Date.now(),
  };
  const { url, headers } = await signer(unsigned, to.secret);
  const answer = await fetch(url, {
    method: 'POST',
    headers,
    body: unsigned.body,
    redirect: 'manual',
    signal: AbortSignal.timeout(20_000),
  });
  console.log(`${name} ${unsigned.eventId}: ${answer.status} ${(await answer.text()).slice(0, 2000)}`);
  return answer.ok;
}

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  const [provider = '', name = ''] = positionals;
  const events = entry(samples, provider);
  const sample = events === undefined ? undefined : entry(events, name);
  const key = values.key ?? Date.now().toString(36).padStart(12, '0').slice(-12);
  if (events === undefined || sample === undefined || !/^[A-Za-z0-9]{12}$/.test(key)) {
    console.error(usage);
    return 2;
  }
  const { LEDGERGATE_URL: url } = process.env;
  const demo = url === undefined ? readDemoFile(stateDirectory(join(import.meta.dirname, '..'))) : null;
  const secret = secretFor(provider, values.tenant, demo);
  const to: Sending = {
    gateway: (url ?? demo?.gateway ?? '').replace(/\/+$/, ''),
    provider,
    tenant: values.tenant,
    source: values.source ?? provider,
    secret: values['bad-signature'] ? wrongSecret(secret) : secret,
    key,
  };
  const before = sample.after === null ? undefined : entry(events, sample.after);
  if (values['out-of-order'] && (before === undefined || sample.after === null)) {
    throw new Error(`Nothing comes before ${provider} ${name}, so it cannot come out of order.`);
  }
  const now = Date.now();
  let accepted = await send(name, sample, now, to);
  if (values.duplicate) accepted = (await send(name, sample, now, to)) && accepted;
  if (values['out-of-order'] && before !== undefined && sample.after !== null) {
    accepted = (await send(sample.after, before, now - 60_000, to)) && accepted;
  }
  if (accepted) sayWhere(to, sample.eventId({ key, at: now }));
  return accepted ? 0 : 1;
}

function sayWhere({ gateway, tenant, key, provider }: Sending, eventId: string): void {
  console.log(`what became of it:  GET ${gateway}/api/v1/events/${encodeURIComponent(eventId)}?tenant=${tenant}`);
  console.log(`to watch:           ${gateway}/console`);
  console.log(`about the same:     npm run send -- ${provider} <event> --key ${key}`);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
