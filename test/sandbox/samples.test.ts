import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Sample, samples } from '../../sandbox/samples.ts';
import { signers, wrongSecret } from '../../scripts/send/signing.ts';
import type { ConfiguredSource } from '../../src/sources/registered.ts';
import { sources } from '../../src/sources/registry.ts';
import type { Delivery } from '../../src/verification/verification.ts';
import { configured, read, verdict } from '../conformance/interpreting.ts';

const root = path.resolve(import.meta.dirname, '../..');
const readText = (name: string) => readFileSync(path.join(root, name), 'utf8');
const settings = z.record(z.string(), z.unknown());

/** The source as tenant demo has it, or as the provider's manual shows it. */
function settingsOf(provider: string): Readonly<Record<string, unknown>> {
  const demo = z.object({ sources: z.record(z.string(), settings) }).parse(JSON.parse(readText('tenants/demo.json')));
  const own = demo.sources[provider];
  if (own !== undefined) return own;
  const block = /```json\n(.*?)```/s.exec(readText(`docs/sources/${provider}.md`))?.[1];
  return settings.parse(JSON.parse(block ?? 'null'));
}

const secretOf: Readonly<Record<string, string>> = {
  stripe: 'whsec_abcdefghijklmnopqrstuvwx',
  salesforce: 'abcdefghijklmnopqrstuvwx',
  chargebee: 'chargebee:abcdefghijklmnop',
  custom: 'abcdefghijklmnopqrstuvwx',
  'standard-webhooks': `whsec_${Buffer.alloc(32, 5).toString('base64')}`,
};
const moment = { key: '0abc123def45', at: Date.UTC(2026, 10, 22, 12) };

function sourceOf(provider: string): ConfiguredSource {
  const source = sources.get(provider);
  if (source === undefined) throw new Error(`no source ${provider}`);
  return configured(source, settingsOf(provider));
}

/** What the gateway would be sent, and whether it is proven with the right secret. */
async function proven(provider: string, sample: Sample, secret: string): Promise<boolean> {
  const signer = signers[provider];
  const right = secretOf[provider];
  if (signer === undefined || right === undefined) throw new Error(`no signer or secret for ${provider}`);
  const body = sample.make(moment);
  const { url, headers } = await signer(
    {
      url: 'https://gateway.test/in/demo/x',
      body,
      contentType: sample.contentType,
      eventId: sample.eventId(moment),
      at: moment.at,
    },
    secret,
  );
  const delivery: Delivery = {
    method: 'POST',
    url: new URL(url),
    headers: new Headers(headers),
    body: new Uint8Array(new TextEncoder().encode(body)),
    receivedAt: moment.at,
  };
  const verified = await sourceOf(provider).verify(delivery, [{ value: right, notBefore: null, notAfter: null }]);
  return verified.ok;
}

const all = Object.entries(samples).flatMap(([provider, events]) =>
  Object.entries(events).map(([name, sample]): [string, string, Sample] => [provider, name, sample]),
);

describe.each(all)('the sample %s %s', (provider, name, sample) => {
  it('is signed as its provider does, and not proven by another secret', async () => {
    const secret = secretOf[provider] ?? '';
    expect(await proven(provider, sample, secret)).toBe(true);
    expect(wrongSecret(secret)).not.toBe(secret);
    expect(await proven(provider, sample, wrongSecret(secret))).toBe(false);
  });

  it('becomes facts under its event id', () => {
    const body = new Uint8Array(new TextEncoder().encode(sample.make(moment)));
    // Where the id is in a header, the manual’s settings are read with the body’s.
    const source = provider === 'standard-webhooks' ? withBodyId() : sourceOf(provider);
    const [reading, other] = read(source, body, sample.contentType);
    expect(other).toBeUndefined();
    expect(reading && verdict(reading)).toMatch(/^facts:/);
    expect(reading?.event?.eventId).toBe(sample.eventId(moment));
  });

  it('comes after an event there is a sample of', () => {
    if (sample.after !== null) expect(Object.keys(samples[provider] ?? {})).toContain(sample.after);
    expect(sample.after).not.toBe(name);
  });
});

function withBodyId(): ConfiguredSource {
  const source = sources.get('standard-webhooks');
  if (source === undefined) throw new Error('no source standard-webhooks');
  const written = settingsOf('standard-webhooks');
  return configured(source, { ...written, event: { ...settings.parse(written.event), id: '$.id' } });
}
