/** Salesforce's Pub/Sub API on loopback, by the published proto, with the faults a subscriber meets. */
import { Metadata, Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { z } from 'zod';
import { avroType } from '../../relay/salesforce-pubsub/avro.ts';
import { pubSubService } from '../../relay/salesforce-pubsub/pubsub.ts';

export const SCHEMA_ID = 'accountSchema1';
export const ORG = '00D5g000000AbCdEAK';
export const TOPIC = '/data/AccountChangeEvent';

const optional = (type: unknown) => ['null', type];
/** As Salesforce writes them: the header first, then the record's fields, compound fields as records. */
export const accountSchema = JSON.stringify({
  type: 'record',
  name: 'AccountChangeEvent',
  namespace: 'com.sforce.eventbus',
  fields: [
    {
      name: 'ChangeEventHeader',
      type: {
        type: 'record',
        name: 'ChangeEventHeader',
        fields: [
          { name: 'entityName', type: 'string' },
          { name: 'recordIds', type: { type: 'array', items: 'string' } },
          {
            name: 'changeType',
            type: { type: 'enum', name: 'ChangeType', symbols: ['CREATE', 'UPDATE', 'DELETE', 'UNDELETE'] },
          },
          { name: 'transactionKey', type: 'string' },
          { name: 'sequenceNumber', type: 'int' },
          { name: 'commitTimestamp', type: 'long' },
          { name: 'commitNumber', type: 'long' },
          { name: 'nulledFields', type: { type: 'array', items: 'string' } },
          { name: 'diffFields', type: { type: 'array', items: 'string' } },
          { name: 'changedFields', type: { type: 'array', items: 'string' } },
        ],
      },
    },
    { name: 'Name', type: optional('string') },
    {
      name: 'BillingAddress',
      type: optional({
        type: 'record',
        name: 'Address',
        fields: [
          { name: 'Street', type: optional('string') },
          { name: 'City', type: optional('string') },
        ],
      }),
    },
    { name: 'ShippingAddress', type: optional('Address') },
    { name: 'AnnualRevenue', type: optional('double') },
    { name: 'LastModifiedDate', type: optional('long') },
  ],
});

export const accountId = (n: number): string => `0015g00000${String(n).padStart(5, '0')}`;

/** The n-th change: the creation of the n-th account. */
export const accountCreated = (n: number, header: object = {}, fields: object = {}): Buffer =>
  avroType(accountSchema).type.toBuffer({
    ChangeEventHeader: {
      entityName: 'Account',
      recordIds: [accountId(n)],
      changeType: 'CREATE',
      transactionKey: `0000be70-a756-e601-9202-${String(n).padStart(12, '0')}`,
      sequenceNumber: 1,
      commitTimestamp: 1_778_192_987_000n,
      commitNumber: 1_778_192_987_716_501_506n,
      nulledFields: [],
      diffFields: [],
      changedFields: [],
      ...header,
    },
    Name: `Account ${n}`,
    BillingAddress: null,
    ShippingAddress: null,
    AnnualRevenue: null,
    LastModifiedDate: null,
    ...fields,
  });

const fetchRequest = z.object({
  topicName: z.string(),
  replayPreset: z.union([z.number(), z.string()]),
  replayId: z.instanceof(Buffer),
  numRequested: z.int(),
});

/** Positions as Salesforce gives them: bytes that only it can read. */
const replayIdOf = (position: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(position));
  return bytes;
};

interface Opened {
  readonly preset: string;
  readonly after: number | null;
}

type Stream = ServerDuplexStream<object, object>;

export class LocalPubSub {
  /** Payloads in the bus, oldest first. */
  readonly bus: { readonly schemaId: string; readonly payload: Buffer }[] = [];
  /** How each subscription began. */
  readonly opened: Opened[] = [];
  readonly requested: number[] = [];
  readonly tokens: string[] = [];
  schemaCalls = 0;
  /** Events sent in a stream before it breaks, one number per stream to come. */
  breakAfter: number[] = [];
  /** Sends each event twice. */
  doubled = false;
  /** Refuses positions, as after 72 hours. */
  refusesPositions = false;
  /** Refuses that many sessions. */
  refusesSessions = 0;
  private server = new Server();
  private port = 0;
  private readonly streams = new Set<() => void>();

  async start(): Promise<string> {
    this.server = new Server();
    this.server.addService(pubSubService(), {
      Subscribe: (stream: Stream) => this.subscribe(stream),
      GetSchema: (call: { request: object }, done: (error: object | null, answer?: object) => void) => {
        this.schemaCalls += 1;
        const { schemaId } = z.object({ schemaId: z.string() }).parse(call.request);
        if (schemaId === SCHEMA_ID) done(null, { schemaJson: accountSchema, schemaId });
        else done({ code: status.INVALID_ARGUMENT, details: 'no such schema' });
      },
    });
    this.port = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync(`127.0.0.1:${this.port}`, ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    return `127.0.0.1:${this.port}`;
  }

  /** Drops every connection, as a restart does; `start` brings it back under the same address. */
  stop(): void {
    this.streams.clear();
    this.server.forceShutdown();
  }

  publish(...payloads: readonly Buffer[]): void {
    this.bus.push(...payloads.map((payload) => ({ schemaId: SCHEMA_ID, payload })));
    for (const wake of this.streams) wake();
  }

  private subscribe(stream: Stream): void {
    let next = -1;
    let wanted = 0;
    let sent = 0;
    const limit = this.breakAfter.shift() ?? Number.POSITIVE_INFINITY;
    const pump = (): void => {
      while (next >= 0 && wanted > 0 && next < this.bus.length) {
        const events = [];
        while (events.length < 3 && wanted > 0 && next < this.bus.length && sent < limit) {
          const { schemaId, payload } = this.bus[next] ?? { schemaId: '', payload: Buffer.alloc(0) };
          const one = { event: { id: `uuid-${next}`, schemaId, payload }, replayId: replayIdOf(next) };
          events.push(...(this.doubled ? [one, one] : [one]));
          next += 1;
          wanted -= 1;
          sent += 1;
        }
        const latestReplayId = replayIdOf(next - 1);
        if (events.length > 0) stream.write({ events, latestReplayId, rpcId: 'r', pendingNumRequested: wanted });
        if (sent >= limit) {
          this.fail(stream, status.UNAVAILABLE, 'sfdc.platform.eventbus.grpc.service.unavailable');
          return;
        }
      }
    };
    this.streams.add(pump);
    stream.on('close', () => this.streams.delete(pump));
    stream.on('cancelled', () => this.streams.delete(pump));
    stream.on('error', () => this.streams.delete(pump));
    stream.on('end', () => stream.end());
    stream.on('data', (message: unknown) => {
      const request = fetchRequest.parse(message);
      this.requested.push(request.numRequested);
      if (next < 0) {
        const opened = this.begin(stream, request);
        if (opened === null) return;
        next = opened;
      }
      wanted += request.numRequested;
      pump();
    });
  }

  private begin(stream: Stream, request: z.infer<typeof fetchRequest>): number | null {
    const token = String(stream.metadata.get('accesstoken')[0] ?? '');
    this.tokens.push(token);
    const preset = ['LATEST', 'EARLIEST', 'CUSTOM'][Number(request.replayPreset)] ?? String(request.replayPreset);
    const after = request.replayId.length === 8 ? Number(request.replayId.readBigInt64BE()) : null;
    this.opened.push({ preset, after });
    if (this.refusesSessions > 0) {
      this.refusesSessions -= 1;
      this.fail(stream, status.UNAUTHENTICATED, 'sfdc.platform.eventbus.grpc.service.auth.error');
      return null;
    }
    if (preset === 'CUSTOM' && this.refusesPositions) {
      this.fail(stream, status.INVALID_ARGUMENT, 'sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted');
      return null;
    }
    if (preset === 'CUSTOM') return (after ?? -1) + 1;
    return preset === 'EARLIEST' ? 0 : this.bus.length;
  }

  private fail(stream: Stream, code: status, errorCode: string): void {
    const metadata = new Metadata();
    metadata.set('error-code', errorCode);
    stream.emit('error', { code, details: 'failed', metadata });
  }
}
