/** Odoo's methods as the connector uses them: transport chosen by version, answers checked by schema. */
import { z } from 'zod';
import { err, ok, type Result } from '../../canonical/result.ts';
import type { OdooTargetConfig } from '../../tenants/config.ts';
import type { TargetHttp } from '../connector.ts';
import { type Failure, isLostRace, lostRace, rejected } from './errors.ts';
import { callService, jsonRpcTransport } from './json-rpc.ts';
import { json2Transport } from './json2.ts';
import { type OdooSession, type OdooTransport, type OdooVersion, readAnswer, unexpected } from './transport.ts';

const webVersion = z.object({ version: z.string(), version_info: z.array(z.unknown()).min(1) });
const commonVersion = z.object({ server_version: z.string(), server_version_info: z.array(z.unknown()).min(1) });
const loadAnswer = z.object({
  ids: z.union([z.array(z.int()), z.literal(false)]),
  messages: z.array(z.object({ type: z.string(), message: z.string(), field: z.unknown().optional() })),
});

/** The first major version with JSON-2, and the oldest whose field names the connector knows. */
const firstJson2 = 19;
const oldestSupported = 14;
/** More rows than any answer asked for here can have; a search that would exceed it is cut by Odoo. */
const maxRows = 5000;

type Domain = readonly (readonly [field: string, operator: string, value: unknown] | '|' | '&')[];

interface Connection {
  readonly transport: OdooTransport;
  readonly version: OdooVersion;
}

export class OdooClient {
  readonly config: OdooTargetConfig;
  private readonly apiKey: string;
  private readonly http: TargetHttp;
  private readonly session: OdooSession;
  private connection: Connection | null = null;

  constructor(config: OdooTargetConfig, apiKey: string, http: TargetHttp, session: OdooSession) {
    this.config = config;
    this.apiKey = apiKey;
    this.http = http;
    this.session = session;
  }

  /** Asks which Odoo it is, unless the session knows. Only a success is remembered. */
  async connect(): Promise<Result<Connection, Failure>> {
    if (this.connection !== null) return ok(this.connection);
    const { version: known } = this.session;
    const version = known === null ? await this.askVersion() : ok(known);
    if (!version.ok) {
      const { error } = version;
      return err(error.kind === 'transient' ? { ...error, kind: 'unsent' } : error);
    }
    const { protocol } = this.config;
    const json2 = protocol === 'json-2' || (protocol === 'auto' && version.value.major >= firstJson2);
    if (version.value.major < oldestSupported || (protocol === 'json-2' && version.value.major < firstJson2)) {
      return err(rejected('config', 'unsupported_version', `Odoo ${version.value.text} does not speak this protocol`));
    }
    const transport = json2
      ? json2Transport(this.config, this.apiKey, this.http)
      : jsonRpcTransport(this.config, this.apiKey, this.http, this.session);
    this.session.version = version.value;
    this.connection = { transport, version: version.value };
    return ok(this.connection);
  }

  private async askVersion(): Promise<Result<OdooVersion, Failure>> {
    const answer = readAnswer(
      await this.http.send({
        method: 'GET',
        url: `${this.config.url.replace(/\/+$/, '')}/web/version`,
        headers: { 'user-agent': 'ledgergate' },
        body: null,
        timeoutMs: this.config.timeoutMs,
      }),
    );
    const web = answer.ok ? webVersion.safeParse(answer.value) : null;
    if (web?.success === true) return parseVersion(web.data.version, web.data.version_info[0]);
    // Before 16 there is no /web/version; what stands there is a page, a redirect or a 404.
    if (!answer.ok && answer.error.kind !== 'rejected') return answer;
    const common = await callService(this.config, this.http, 'common', 'version', []);
    if (!common.ok) return common;
    const parsed = commonVersion.safeParse(common.value);
    if (!parsed.success) return err(unexpected('common.version'));
    return parseVersion(parsed.data.server_version, parsed.data.server_version_info[0]);
  }

  /** Calls a method on records and gives its raw value. */
  async act(
    model: string,
    method: string,
    ids: readonly number[],
    args: Readonly<Record<string, unknown>> = {},
  ): Promise<Result<unknown, Failure>> {
    const connection = await this.connect();
    return connection.ok ? connection.value.transport.call(model, method, { ids, args }) : connection;
  }

  async read<T>(model: string, ids: readonly number[], row: z.ZodType<T>, fields: readonly string[]) {
    return this.rows(model, 'read', { ids, args: { fields } }, row);
  }

  async searchRead<T>(model: string, domain: Domain, row: z.ZodType<T>, fields: readonly string[]) {
    return this.rows(model, 'search_read', { args: { domain, fields, limit: maxRows, order: 'id' } }, row);
  }

  private async rows<T>(
    model: string,
    method: 'read' | 'search_read',
    request: { readonly ids?: readonly number[]; readonly args: Readonly<Record<string, unknown>> },
    row: z.ZodType<T>,
  ): Promise<Result<readonly T[], Failure>> {
    const connection = await this.connect();
    if (!connection.ok) return connection;
    const answer = await connection.value.transport.call(model, method, request);
    if (!answer.ok) return answer;
    const parsed = z.array(row).safeParse(answer.value);
    return parsed.success ? ok(parsed.data) : err(unexpected(`${model}.${method}`));
  }

  /**
   * Creates or updates records by external id: the one atomic create-with-key there is. All or nothing; a refusal is
   * a 200 whose messages name a field at most (which row is to blame is not reliable).
   */
  async load(
    model: string,
    fields: readonly string[],
    data: readonly (readonly string[])[],
    records: number,
  ): Promise<Result<readonly number[], Failure>> {
    const connection = await this.connect();
    if (!connection.ok) return connection;
    const answer = await connection.value.transport.call(model, 'load', { args: { fields, data } });
    if (!answer.ok) return answer;
    const parsed = loadAnswer.safeParse(answer.value);
    if (!parsed.success) return err(unexpected(`${model}.load`));
    const { ids, messages } = parsed.data;
    if (ids !== false) return ids.length === records ? ok(ids) : err(unexpected(`${model}.load`));
    if (messages.some((message) => isLostRace(message.message))) return err(lostRace);
    const named = messages.map((message) => message.field).find((field) => typeof field === 'string');
    const field = typeof named === 'string' && /^[\w./]{1,64}$/.test(named) ? `, field ${named}` : '';
    return err(rejected('business', 'load_refused', `Odoo refuses to import it (${model}${field})`));
  }
}

function parseVersion(version: string, first: unknown): Result<OdooVersion, Failure> {
  const major = Number(/\d+/.exec(String(first))?.[0] ?? Number.NaN);
  if (!Number.isInteger(major)) return err(unexpected('the version probe'));
  return ok({ major, text: version.slice(0, 40) });
}
