/** The relay's edges: settings, sessions, and the signature as the vendors' own library checks it. */
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { announcements, bodiesOf, MAX_BODY_LENGTH } from '../../relay/salesforce-pubsub/batches.ts';
import { expandBitmaps } from '../../relay/salesforce-pubsub/bitmap.ts';
import { signedHeaders, signingKey } from '../../relay/salesforce-pubsub/ingress.ts';
import { clientCredentialSessions } from '../../relay/salesforce-pubsub/session.ts';
import { readSettings } from '../../relay/salesforce-pubsub/settings.ts';
import { SECRET } from './fake-gateway.ts';
import { accountSchema } from './local-pubsub.ts';

const environment = {
  SALESFORCE_INSTANCE_URL: 'https://acme.my.salesforce.com',
  SALESFORCE_CLIENT_ID: 'client',
  SALESFORCE_CLIENT_SECRET: 'client-secret',
  PUBSUB_TOPICS: '/data/AccountChangeEvent, /event/Deal_Won__e',
  LEDGERGATE_INGRESS_URL: 'https://gateway.example/in/acme/salesforce',
  LEDGERGATE_SIGNING_SECRET: SECRET,
  STATE_DIR: '/var/lib/relay',
};

describe('settings', () => {
  it('have defaults that lose nothing', () => {
    expect(readSettings(environment)).toMatchObject({
      ok: true,
      value: {
        PUBSUB_ENDPOINT: 'api.pubsub.salesforce.com:7443',
        PUBSUB_TOPICS: ['/data/AccountChangeEvent', '/event/Deal_Won__e'],
        START_FROM: 'earliest',
        NUM_REQUESTED: 50,
      },
    });
  });

  it.each([
    ['PUBSUB_TOPICS', 'AccountChangeEvent'],
    ['NUM_REQUESTED', '101'],
    ['SALESFORCE_INSTANCE_URL', 'http://acme.my.salesforce.com'],
    ['LEDGERGATE_SIGNING_SECRET', 'whsec_c2hvcnQ='],
    ['STATE_DIR', ''],
  ])('are refused by name, without their value: %s', (name, value) => {
    const read = readSettings({ ...environment, [name]: value });
    expect(read.ok ? '' : read.faults.join()).toContain(name);
    if (value !== '') expect(JSON.stringify(read)).not.toContain(`"${value}"`);
  });
});

describe('the signature', () => {
  it('is one that the Standard Webhooks library accepts', () => {
    const body = '{"events":[{"name":"Zoë"}]}';
    const headers = signedHeaders(body, signingKey(SECRET), Date.now());
    expect(new Webhook(SECRET).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Webhook(SECRET).verify(`${body} `, headers)).toThrow();
    expect(signedHeaders(body, signingKey(SECRET), 0)['webhook-id']).toBe(headers['webhook-id']);
  });
});

describe('sessions', () => {
  it('are asked for once, by client credentials, and again when they were refused', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => asked.push(chunk.toString()));
      request.on('end', () =>
        response.end(
          JSON.stringify({
            access_token: `token-${asked.length}`,
            instance_url: 'https://acme.my.salesforce.com',
            id: 'https://login.salesforce.com/id/00D5g000000AbCdEAK/0055g00000AbCdEAA1',
          }),
        ),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = address === null || typeof address === 'string' ? 0 : address.port;
    const sessions = clientCredentialSessions({
      instanceUrl: `http://127.0.0.1:${port}`,
      clientId: 'client',
      clientSecret: 'client-secret',
    });
    expect(await sessions.current()).toEqual({
      accessToken: 'token-1',
      instanceUrl: 'https://acme.my.salesforce.com',
      organizationId: '00D5g000000AbCdEAK',
    });
    expect((await sessions.current()).accessToken).toBe('token-1');
    sessions.forget();
    expect((await sessions.current()).accessToken).toBe('token-2');
    expect(new URLSearchParams(asked[0]).get('grant_type')).toBe('client_credentials');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('bitmaps', () => {
  const schema: unknown = JSON.parse(accountSchema);

  it('name fields from the lowest bit on, members of compound fields behind a dot', () => {
    expect(expandBitmaps(['0x02', '2-0x3', '3-0x2'], schema)).toEqual([
      'Name',
      'BillingAddress.Street',
      'BillingAddress.City',
      'ShippingAddress.City',
    ]);
    expect(expandBitmaps([], schema)).toEqual([]);
    expect(expandBitmaps(['Name'], schema)).toEqual(['Name']);
  });

  it.each([['0x40'], ['1-0x1'], ['9-0x1'], [`0x${'f'.repeat(2000)}`]])(
    'that do not fit are not guessed at: %s',
    (bits) => {
      expect(expandBitmaps([bits], schema)).toBeNull();
    },
  );
});

describe('bodies', () => {
  const event = (n: number) => ({ id: `e${n}`, schemaId: 's', payload: Buffer.alloc(0), replayId: Buffer.from([n]) });

  it('stay below what the ingress takes, and each says how far it goes', () => {
    const large = 'x'.repeat(MAX_BODY_LENGTH / 2);
    const bodies = bodiesOf([1, 2, 3].map((n) => ({ event: event(n), values: [{ payload: { text: large } }] })));
    expect(bodies.map(({ replayId }) => replayId?.at(0))).toEqual([1, 2, 3]);
    expect(bodies.every(({ text }) => text.length <= MAX_BODY_LENGTH + 100)).toBe(true);
  });

  it('give an event an id that the ingress takes, whatever its publisher chose', () => {
    const decoded = { outcome: 'decoded', payload: {} } as const;
    const idFor = (id: string) => announcements('/event/X__e', '00D', { ...event(255), id }, decoded);
    expect(idFor('a-1')).toMatchObject([{ event: { id: 'a-1' } }]);
    expect(idFor('an id of my own')).toMatchObject([{ event: { id: 'replay-ff' } }]);
    expect(idFor('')).toMatchObject([{ event: { id: 'replay-ff' } }]);
  });

  it('say nothing of an event that is half told', () => {
    const header = { recordIds: Array.from({ length: 150 }, () => '0015g00000AccouAAB') };
    const half = { payload: { ChangeEventHeader: header } };
    const bodies = bodiesOf([{ event: event(1), values: [half, half] }]);
    expect(bodies.map(({ replayId }) => replayId?.at(0) ?? null)).toEqual([null, 1]);
  });
});
