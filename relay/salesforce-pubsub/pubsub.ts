/**
 * Salesforce's Pub/Sub API (gRPC), as far as a subscriber needs it: `Subscribe` and `GetSchema` of pubsub_api.proto.
 * What comes over the wire is checked here; beyond this file it has types.
 */
import path from 'node:path';
import { type ChannelCredentials, Client, type ClientDuplexStream, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { z } from 'zod';

/** What every call has to carry. */
export interface Session {
  readonly accessToken: string;
  readonly instanceUrl: string;
  /** The organization's id, 18 characters. */
  readonly organizationId: string;
}

/** Where a subscription begins. `after`: behind that event, which was delivered already. */
export type Start =
  | { readonly from: 'after'; readonly replayId: Buffer }
  | { readonly from: 'earliest' }
  | { readonly from: 'latest' };

export interface ConsumedEvent {
  readonly id: string;
  readonly schemaId: string;
  /** Avro. */
  readonly payload: Buffer;
  readonly replayId: Buffer;
}

export interface FetchedBatch {
  /** Empty in a keepalive. */
  readonly events: readonly ConsumedEvent[];
  readonly latestReplayId: Buffer;
  /** How many of the requested events are still to come. */
  readonly pending: number;
}

export interface Subscription {
  /** Ends when the server ends the stream. @throws PubSubError */
  readonly batches: AsyncIterable<FetchedBatch>;
  /** Says that this many more events can be taken. */
  request(count: number): void;
  cancel(): void;
}

export interface PubSubApi {
  subscribe(session: Session, topic: string, start: Start, count: number): Subscription;
  /** The schema as JSON text. @throws PubSubError */
  schema(session: Session, schemaId: string): Promise<string>;
  close(): void;
}

/** A call that failed. The message names codes only: Salesforce's own text may hold ids of the org. */
export class PubSubError extends Error {
  override readonly name = 'PubSubError';
  /** https://grpc.io/docs/guides/status-codes/ */
  readonly status: number;
  /** Salesforce's `error-code` trailer, `sfdc.platform.eventbus.grpc.…`; null when there is none. */
  readonly errorCode: string | null;

  constructor(status: number, errorCode: string | null) {
    super(`gRPC status ${status}${errorCode === null ? '' : `, ${errorCode}`}`);
    this.status = status;
    this.errorCode = errorCode;
  }

  /** The position is corrupt, or older than the 72 hours Salesforce keeps. */
  get replayIdRefused(): boolean {
    return this.errorCode?.includes('.replayid.') === true;
  }

  get sessionRefused(): boolean {
    return this.status === 16 || this.errorCode?.includes('.auth.') === true;
  }
}

const bytes = z.instanceof(Buffer);
const fetchResponse = z.object({
  events: z
    .array(
      z.object({
        event: z.object({ id: z.string(), schemaId: z.string(), payload: bytes }),
        replayId: bytes.refine((id) => id.length > 0),
      }),
    )
    .max(10_000),
  latestReplayId: bytes,
  pendingNumRequested: z.int(),
});
const schemaInfo = z.object({ schemaJson: z.string().min(2) });

const protoFile = path.join(import.meta.dirname, 'pubsub_api.proto');

/** The service of the published proto. @throws when the file is not the one it should be. */
export function pubSubService(): Record<'Subscribe' | 'GetSchema', MethodDefinition<object, object>> {
  const loaded = loadSync(protoFile, { longs: String, enums: String, defaults: true });
  const service = loaded['eventbus.v1.PubSub'];
  if (service === undefined || 'format' in service) throw new Error('pubsub_api.proto has no service PubSub');
  const { Subscribe, GetSchema } = service;
  if (Subscribe === undefined || GetSchema === undefined) throw new Error('pubsub_api.proto lacks a method');
  return { Subscribe, GetSchema };
}

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** @param endpoint `api.pubsub.salesforce.com:7443` */
export function pubSubApi(endpoint: string, credentials: ChannelCredentials): PubSubApi {
  const { Subscribe, GetSchema } = pubSubService();
  const client = new Client(endpoint, credentials, {
    // A connection that died in silence (a NAT, a sleeping laptop) is noticed within 80 seconds.
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 20_000,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  });
  return {
    subscribe(session, topic, start, count) {
      const stream = client.makeBidiStreamRequest(
        Subscribe.path,
        Subscribe.requestSerialize,
        Subscribe.responseDeserialize,
        metadataOf(session),
      );
      stream.write({ topicName: topic, ...presetOf(start), numRequested: count });
      return {
        batches: batchesOf(stream),
        request: (more) => void stream.write({ topicName: topic, numRequested: more }),
        cancel: () => stream.cancel(),
      };
    },
    schema: (session, schemaId) =>
      new Promise((resolve, reject) => {
        const done = (error: ServiceError | null, answer?: object): void => {
          const parsed = schemaInfo.safeParse(answer);
          if (error !== null) reject(pubSubError(error));
          else if (parsed.success) resolve(parsed.data.schemaJson);
          else reject(new PubSubError(13, 'schema in an unknown shape'));
        };
        client.makeUnaryRequest(
          GetSchema.path,
          GetSchema.requestSerialize,
          GetSchema.responseDeserialize,
          { schemaId },
          metadataOf(session),
          { deadline: Date.now() + 30_000 },
          done,
        );
      }),
    close: () => client.close(),
  };
}

function metadataOf(session: Session): Metadata {
  const metadata = new Metadata();
  metadata.set('accesstoken', session.accessToken);
  metadata.set('instanceurl', session.instanceUrl);
  metadata.set('tenantid', session.organizationId);
  return metadata;
}

const presetOf = (start: Start): object =>
  start.from === 'after'
    ? { replayPreset: 'CUSTOM', replayId: start.replayId }
    : { replayPreset: start.from === 'earliest' ? 'EARLIEST' : 'LATEST' };

async function* batchesOf(stream: ClientDuplexStream<object, object>): AsyncGenerator<FetchedBatch> {
  try {
    for await (const message of stream) {
      const parsed = fetchResponse.safeParse(message);
      if (!parsed.success) throw new PubSubError(13, 'batch in an unknown shape');
      const { events, latestReplayId, pendingNumRequested } = parsed.data;
      yield {
        events: events.map(({ event, replayId }) => ({ ...event, replayId })),
        latestReplayId,
        pending: pendingNumRequested,
      };
    }
  } catch (error) {
    throw isServiceError(error) ? pubSubError(error) : error;
  } finally {
    stream.cancel();
  }
}

const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && 'code' in error && 'metadata' in error && error.metadata instanceof Metadata;

function pubSubError(error: ServiceError): PubSubError {
  const [code] = error.metadata.get('error-code');
  return new PubSubError(error.code, code === undefined ? null : code.toString());
}
