/**
 * The ingress as the relay sees it, over HTTP on loopback: deliveries are verified and taken apart by the gateway's own
 * Salesforce source, and events known already are counted as duplicates, as a lane does.
 */
import { createServer, type Server } from 'node:http';
import { err } from '../../src/canonical/result.ts';
import { registerSource } from '../../src/sources/registered.ts';
import { salesforceSource } from '../../src/sources/salesforce/index.ts';
import { KeySets } from '../../src/verification/jwks.ts';
import { configured } from '../conformance/interpreting.ts';
import { always, bytes, delivery } from '../verification/deliveries.ts';
import { ORG } from './local-pubsub.ts';

export const SECRET = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`;

const source = configured(registerSource(salesforceSource(new KeySets(async () => err('unavailable')))), {
  channel: 'callout',
  auth: 'standard-webhooks',
  organizationId: ORG,
});

export class FakeGateway {
  /** Distinct events in the order they were first stored. */
  readonly events: string[] = [];
  readonly quarantined: string[] = [];
  readonly bodies: string[] = [];
  duplicates = 0;
  /** Answers to the next deliveries, instead of storing them. */
  answers: number[] = [];
  /** Stores, and then lets the connection break before the answer. */
  losesAnswers = 0;
  private readonly server: Server;
  private waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
        this.take(body, new Headers(headers)).then(
          (status) => {
            if (status === null) request.socket.destroy();
            else response.writeHead(status, status === 503 ? { 'retry-after': '1' } : {}).end('{}');
          },
          (error: unknown) => response.writeHead(500).end(String(error)),
        );
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `http://127.0.0.1:${address.port}/in/demo/salesforce`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Resolves once that many distinct events are stored. */
  until(count: number): Promise<void> {
    if (this.events.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ count, resolve }));
  }

  private async take(body: string, headers: Headers): Promise<number | null> {
    const refused = this.answers.shift();
    if (refused !== undefined) return refused;
    const verified = await source.verify(delivery(bytes(body), headers, Date.now()), always(SECRET));
    if (!verified.ok) return 401;
    const parsed = source.parse(verified.value);
    if (!parsed.ok) return 422;
    this.bodies.push(body);
    for (const event of parsed.value) {
      if (this.events.includes(event.eventId)) this.duplicates += 1;
      else this.events.push(event.eventId);
      if (event.quarantine !== null) this.quarantined.push(`${event.eventId} ${event.quarantine.code}`);
    }
    this.waiting = this.waiting.filter(({ count, resolve }) => {
      if (this.events.length >= count) resolve();
      return this.events.length < count;
    });
    if (this.losesAnswers === 0) return 200;
    this.losesAnswers -= 1;
    return null;
  }
}
