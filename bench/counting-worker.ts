/**
 * The real Worker with every binding counted: what each call would be billed as, by the bindings' own figures. The
 * counters are read at `/bench/counters`, which exists in this entry only.
 */

import type { Bindings } from '../src/bindings.ts';
/**
 * The real Worker with every binding counted: what each call would be billed as, by the bindings' own figures. The
 * counters are read at `/bench/counters`, which exists in this entry only.
 */
import gateway, { TargetGate as RealGate, CustomerLane as RealLane } from '../src/index.ts';
import type { Meter, Usage } from './support/usage.ts';

interface CountedBindings extends Bindings {
  /** '1': doorbells are sent without their delay. Delays are not billed; lonely events need not wait for it. */
  readonly BENCH_AT_ONCE?: string;
}

/** Of this isolate, which is all of the Worker: handlers and Durable Objects alike. */
const usage: Record<string, number> = {};
/** Consumer batches being worked on. */
let underWay = 0;

function count(meter: Meter, what: string, amount: number): void {
  if (amount === 0) return;
  const key: keyof Usage = `${meter}: ${what}`;
  usage[key] = (usage[key] ?? 0) + amount;
}

/** The table a statement writes, for saying which rows cost what. */
const tableOf = (sql: string): string =>
  /\b(?:INTO|UPDATE|FROM|TABLE|INDEX)\s+(?:IF NOT EXISTS\s+)?(\w+)/i.exec(sql)?.[1] ?? 'other';
const isSchema = (sql: string): boolean => /^\s*CREATE\b|schema_version/i.test(sql);

/** A message is billed by the 64 KB. */
const QUEUE_UNIT_BYTES = 64 * 1024;
const unitsOf = (body: unknown): number => Math.max(1, Math.ceil(JSON.stringify(body).length / QUEUE_UNIT_BYTES));

function countD1({ meta }: D1Result, sql: string): void {
  count('D1 rows read', 'all tables', meta.rows_read);
  count('D1 rows written', tableOf(sql), meta.rows_written);
}

const realStatements = new WeakMap<D1PreparedStatement, { readonly real: D1PreparedStatement; readonly sql: string }>();

function countedStatement(real: D1PreparedStatement, sql: string): D1PreparedStatement {
  const counted: D1PreparedStatement = new Proxy(real, {
    get(target, property) {
      if (property === 'bind') return (...values: unknown[]) => countedStatement(target.bind(...values), sql);
      if (property === 'all' || property === 'run') {
        return async () => {
          const result = await target.all();
          countD1(result, sql);
          return result;
        };
      }
      if (property === 'first') {
        return async () => {
          const result = await target.all();
          countD1(result, sql);
          return result.results[0] ?? null;
        };
      }
      return notCounted("D1's", property);
    },
  });
  realStatements.set(counted, { real, sql });
  return counted;
}

/** What nobody used yet is refused, so that nothing goes uncounted. An await asks for `then`. */
function notCounted(whose: string, property: string | symbol): undefined {
  if (property === 'then' || typeof property === 'symbol') return undefined;
  throw new Error(`${whose} ${property} is not counted`);
}

const uncounted = (): never => {
  throw new Error('a statement was not prepared here');
};

const countedD1 = (db: D1Database): D1Database =>
  new Proxy(db, {
    get(target, property) {
      if (property === 'prepare') return (sql: string) => countedStatement(target.prepare(sql), sql);
      if (property === 'batch') {
        return async (statements: D1PreparedStatement[]) => {
          const known = statements.map((one) => realStatements.get(one) ?? uncounted());
          const results = await target.batch(known.map(({ real }) => real));
          results.forEach((result, at) => {
            countD1(result, known[at]?.sql ?? '');
          });
          return results;
        };
      }
      return notCounted("D1's", property);
    },
  });

/** Each call of a stub is a request to its object. Its time is what the object may be billed as active for, at most. */
function countedStub<Stub extends object>(stub: Stub): Stub {
  return new Proxy(stub, {
    get(target, property) {
      const method: unknown = Reflect.get(target, property);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]): Promise<unknown> => {
        const startedAt = Date.now();
        count('DO requests', String(property), 1);
        try {
          // A stub's methods are made on access and know their object.
          return await Reflect.apply(method, target, args);
        } finally {
          count('DO active ms', String(property), Date.now() - startedAt);
        }
      };
    },
  });
}

const countedNamespace = <Namespace extends { getByName(name: string): object }>(namespace: Namespace): Namespace =>
  new Proxy(namespace, {
    get(target, property) {
      if (property === 'getByName') return (name: string) => countedStub(target.getByName(name));
      return notCounted("a namespace's", property);
    },
  });

const countedQueue = (queue: Queue, atOnce: boolean): Queue =>
  new Proxy(queue, {
    get(target, property) {
      if (property === 'send') {
        return (body: unknown, options?: QueueSendOptions) => {
          count('queue operations', 'write', unitsOf(body));
          return target.send(body, options);
        };
      }
      if (property === 'sendBatch') {
        return (messages: MessageSendRequest[]) => {
          for (const { body } of messages) count('queue operations', 'write', unitsOf(body));
          return target.sendBatch(atOnce ? messages.map((message) => ({ ...message, delaySeconds: 0 })) : messages);
        };
      }
      return notCounted("a queue's", property);
    },
  });

const countedBucket = (bucket: R2Bucket): R2Bucket =>
  new Proxy(bucket, {
    get(target, property) {
      const method: unknown = Reflect.get(target, property);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]): unknown => {
        count(property === 'get' || property === 'head' ? 'R2 reads' : 'R2 writes', 'archive', 1);
        return Reflect.apply(method, target, args);
      };
    },
  });

const counted = new WeakMap<object, CountedBindings>();

function countedBindings(env: CountedBindings): CountedBindings {
  const known = counted.get(env);
  if (known !== undefined) return known;
  const made: CountedBindings = {
    ...env,
    LEDGER_0: countedD1(env.LEDGER_0),
    LANES: countedNamespace(env.LANES),
    TARGET_GATES: countedNamespace(env.TARGET_GATES),
    DOORBELLS: countedQueue(env.DOORBELLS, env.BENCH_AT_ONCE === '1'),
    ARCHIVE: countedBucket(env.ARCHIVE),
  };
  counted.set(env, made);
  return made;
}

/** Cursors know their rows when they have been walked, which is after they are handed out: they are read out later. */
const walked: { readonly cursor: SqlStorageCursor<Record<string, SqlStorageValue>>; readonly sql: string }[] = [];

function readCursors(): void {
  for (const { cursor, sql } of walked.splice(0)) {
    count('DO rows read', 'all tables', cursor.rowsRead);
    count('DO rows written', isSchema(sql) ? 'schema' : tableOf(sql), cursor.rowsWritten);
  }
}

const countedStorages = new WeakSet<object>();

/** An object's own storage counts from its first statement on; a setAlarm is a row, and a request when it goes off. */
function countStorage(storage: DurableObjectStorage): void {
  if (countedStorages.has(storage)) return;
  countedStorages.add(storage);
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  const setAlarm = storage.setAlarm.bind(storage);
  const countingExec: typeof sql.exec = (query, ...bindings) => {
    if (walked.length > 1000) readCursors();
    const cursor = exec<Record<string, never>>(query, ...bindings);
    walked.push({ cursor, sql: query });
    return Object.assign(cursor);
  };
  Object.defineProperty(sql, 'exec', { value: countingExec });
  Object.defineProperty(storage, 'setAlarm', {
    value: (at: number | Date, options?: DurableObjectSetAlarmOptions) => {
      // It goes off once, which is a request then.
      count('DO rows written', 'alarm', 1);
      count('DO requests', 'alarm', 1);
      return setAlarm(at, options);
    },
  });
}

export class CustomerLane extends RealLane {
  constructor(ctx: DurableObjectState, env: Bindings) {
    countStorage(ctx.storage);
    super(ctx, countedBindings(env));
  }
}

export class TargetGate extends RealGate {
  constructor(ctx: DurableObjectState, env: Bindings) {
    countStorage(ctx.storage);
    super(ctx, countedBindings(env));
  }
}

export default {
  async fetch(request, env, context) {
    const url = new URL(request.url);
    if (url.pathname === '/bench/counters') {
      readCursors();
      return Response.json({ usage, underWay });
    }
    // What the bench itself asks of the operator API is not part of an event.
    if (!url.pathname.startsWith('/in/')) return gateway.fetch(request, env, context);
    count('Worker requests', 'webhook', 1);
    return gateway.fetch(request, countedBindings(env), context);
  },
  async queue(batch, env) {
    count('Worker requests', 'queue batch', 1);
    count('queue operations', 'read', batch.messages.length);
    underWay += 1;
    try {
      await gateway.queue(countRetries(batch), countedBindings(env));
    } finally {
      underWay -= 1;
    }
  },
  async scheduled(controller, env) {
    count('Worker requests', 'cron', 1);
    await gateway.scheduled(controller, countedBindings(env));
  },
} satisfies ExportedHandler<CountedBindings>;

/** What is not retried is deleted, one operation each. */
function countRetries(batch: MessageBatch<unknown>): MessageBatch<unknown> {
  count('queue operations', 'delete', batch.messages.length);
  const messages = batch.messages.map(
    (message) =>
      new Proxy(message, {
        get(target, property) {
          const value: unknown = Reflect.get(target, property);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]): unknown => {
            if (property === 'retry') count('queue operations', 'delete', -1);
            return Reflect.apply(value, target, args);
          };
        },
      }),
  );
  return new Proxy(batch, {
    get(target, property) {
      if (property === 'messages') return messages;
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
