/**
 * Every provider of the registry, at the built gateway over HTTP: a refusal never says which check failed, and a secret is
 * replaced without a delivery being lost.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sources } from '../../src/sources/registry.ts';
import { type RunningGateway, readTenant, runGateway } from './running-gateway.ts';
import { publishedKey, type Sender, SIGNED_PART, senders } from './senders.ts';

const HOUR = 3_600_000;
const NOW = Date.now();
/** Longer than any sender's tolerance: PayPal's are four days. */
const STALE = 5 * 24 * HOUR;

type Headers = Readonly<Record<string, string>>;

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string;
}

let gateway: RunningGateway;

async function ask(path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(`${gateway.url}${path}`, { ...init, redirect: 'manual' });
  const headers = [...response.headers].filter(([name]) => name !== 'date').sort();
  return { status: response.status, headers, text: await response.text() };
}

const iso = (at: number): string => new Date(at).toISOString();

/** Spans of the sender's own secret and of another, by the sources that have them. */
const rotations = {
  /** Its own is the old one, and still good. */
  old: (own: string, other: string) => [
    { ref: own, notAfter: iso(NOW + HOUR) },
    { ref: other, notBefore: iso(NOW - HOUR) },
  ],
  /** Its own is the new one, and good already. */
  new: (own: string, other: string) => [
    { ref: other, notAfter: iso(NOW + HOUR) },
    { ref: own, notBefore: iso(NOW - HOUR) },
  ],
  /** Its own was replaced, and the overlap is over. */
  ended: (own: string, other: string) => [{ ref: own, notAfter: iso(NOW - 1) }, other],
  /** Its own is to come. */
  early: (own: string, other: string) => [other, { ref: own, notBefore: iso(NOW + HOUR) }],
  /** Its own is not there. */
  wrong: (_: string, other: string) => [other],
} as const;
type Rotation = keyof typeof rotations;

const isRotation = (name: string): name is Rotation => Object.hasOwn(rotations, name);
const bodyOf = ({ vendor, payload }: Sender) => vendor.seal?.(payload) ?? payload.body;
const placeOf = ({ name }: Sender, rotation: Rotation): string => `/in/demo/${name}-${rotation}`;

async function proofOf(sender: Sender, path: string, now = Date.now()): Promise<Headers> {
  const { vendor, payload } = sender;
  if (vendor.sign === null) throw new Error(`${sender.name} signs nothing`);
  return vendor.sign({ url: `${gateway.url}${path}`, body: bodyOf(sender), payload, n: 1, now });
}

const send = ({ payload }: Sender, path: string, proof: Headers, body: Uint8Array<ArrayBuffer>) =>
  ask(path, { method: 'POST', headers: { 'content-type': payload.contentType ?? '', ...proof }, body });

/** Signed by the sender with its own secret, for that source. */
async function deliver(sender: Sender, rotation: Rotation): Promise<Answer> {
  const place = placeOf(sender, rotation);
  const path = sender.vendor.secretPath === true ? `${place}/${sender.vendor.secret}` : place;
  return send(sender, path, await proofOf(sender, path), bodyOf(sender));
}

beforeAll(async () => {
  gateway = await runGateway({}, async (address) => {
    const answer = await publishedKey(address);
    if (answer === null) throw new Error(`nothing is to be asked of ${address}`);
    return answer;
  });
  const configured: Record<string, object> = {};
  for (const { name, vendor, other, payload } of senders) {
    await gateway.call('PUT', `/tenants/demo/secrets/${name}`, { value: vendor.secret });
    await gateway.call('PUT', `/tenants/demo/secrets/${name}-other`, { value: other });
    for (const rotation of Object.keys(rotations).filter(isRotation)) {
      configured[`${name}-${rotation}`] = {
        provider: vendor.provider,
        secrets: rotations[rotation](`secret://${name}`, `secret://${name}-other`),
        entity: 'demo-eu',
        ...vendor.settings(payload),
      };
    }
  }
  const demo = readTenant('demo.json');
  await gateway.call('POST', '/tenants/demo/config', {
    ...demo,
    sources: configured,
    targets: { gl: demo.targets.gl },
    routes: [{ when: { event: '*' }, to: 'gl' }],
  });
}, 60_000);

afterAll(() => gateway?.stop());

it('every provider has a sender here', () => {
  const covered = new Set(senders.map(({ vendor }) => vendor.provider));
  expect([...sources.keys()].filter((provider) => !covered.has(provider))).toEqual([]);
});

function altered(body: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder().decode(body);
  if (!text.includes(SIGNED_PART)) throw new Error('nothing to alter');
  return new Uint8Array(new TextEncoder().encode(text.replace(SIGNED_PART, '1001')));
}

/** What becomes of each value of a proof. */
const spoilt: Readonly<Record<string, (old: string) => string>> = {
  'rubbish for a proof': () => 'x',
  'a long proof': () => 'x'.repeat(6_000),
  'a proof cut short': (old) => old.slice(0, -3),
  'an empty proof': () => '',
};

/** Every way of failing that the sender's proof has, and what was answered. */
async function refusals(sender: Sender): Promise<ReadonlyMap<string, Answer>> {
  const { secretPath, secret } = sender.vendor;
  const place = placeOf(sender, 'old');
  const path = secretPath === true ? `${place}/${secret}` : place;
  const body = bodyOf(sender);
  const right = await proofOf(sender, path);
  const answers = new Map<string, Answer>();
  if (sender.ourSecret) {
    for (const rotation of ['wrong', 'ended', 'early'] as const) {
      answers.set(`the secret is ${rotation}`, await deliver(sender, rotation));
    }
  }
  answers.set('no proof', await send(sender, place, {}, sender.payload.body));
  if (secretPath === true) {
    answers.set('another address', await send(sender, `${place}/${'z'.repeat(secret.length)}`, right, body));
    answers.set('a short address', await send(sender, `${place}/x`, right, body));
    return answers;
  }
  if (right.authorization === undefined) {
    answers.set('an altered body', await send(sender, path, right, altered(body)));
  }
  for (const [reason, spoil] of Object.entries(spoilt)) {
    const proof = Object.entries(right).map(([name, old]) => [name, name === 'content-type' ? old : spoil(old)]);
    // Where the proof stands in the body there is nothing to spoil.
    if (proof.length > 0) answers.set(reason, await send(sender, path, Object.fromEntries(proof), body));
  }
  for (const shift of [-STALE, STALE]) {
    const shifted = await proofOf(sender, path, Date.now() + shift);
    // Where the time changes nothing in the proof, none is bound.
    if (JSON.stringify(shifted) === JSON.stringify(await proofOf(sender, path))) continue;
    answers.set(shift < 0 ? 'a time long past' : 'a time to come', await send(sender, path, shifted, body));
  }
  return answers;
}

describe.each(senders.map((sender) => ({ name: sender.name, sender })))('$name', ({ sender }) => {
  it.skipIf(!sender.provable)('is believed', async () => {
    expect((await deliver(sender, 'old')).status).toBeLessThan(300);
  });

  it('is refused in the same words whatever is wrong', async () => {
    const answers = await refusals(sender);
    expect(answers.size).toBeGreaterThanOrEqual(5);
    const [first] = answers.values();
    if (first === undefined) throw new Error('nothing was refused');
    expect(first.status).toBeGreaterThanOrEqual(400);
    expect(first.status).toBeLessThan(500);
    for (const [reason, answer] of answers) expect({ reason, ...answer }).toEqual({ reason, ...first });
    for (const word of [sender.vendor.secret, sender.other]) expect(JSON.stringify(first)).not.toContain(word);
  });

  it('at a source or tenant that is not there is answered like anybody', async () => {
    const unknown = await ask('/in/nobody/nothing', { method: 'POST', body: '{}' });
    for (const place of ['/in/demo/no-such-source', '/in/no-such-tenant/stripe']) {
      const path = sender.vendor.secretPath === true ? `${place}/${sender.vendor.secret}` : place;
      expect(await send(sender, path, await proofOf(sender, path), bodyOf(sender))).toEqual(unknown);
      expect(await send(sender, path, {}, bodyOf(sender))).toEqual(unknown);
    }
  });

  it.skipIf(!sender.provable || !sender.ourSecret)(
    'is believed by the old and the new secret while both are live',
    async () => {
      const statuses = async (...names: Rotation[]) => {
        const found: number[] = [];
        for (const name of names) found.push((await deliver(sender, name)).status);
        return found;
      };
      for (const status of await statuses('old', 'new')) expect(status).toBeLessThan(300);
      for (const status of await statuses('ended', 'early')) expect(status).toBeGreaterThanOrEqual(400);
    },
  );
});
