/** JSON-RPC, Odoo 14 to 18: always HTTP 200, errors inside it, and no `result` at all where a method returns nothing. */
import { z } from 'zod';
import { err, ok, type Result } from '../../canonical/result.ts';
import type { OdooTargetConfig } from '../../tenants/config.ts';
import type { TargetHttp } from '../connector.ts';
import { classifyName, type Failure, rejected } from './errors.ts';
import { callContext, type OdooSession, type OdooTransport, readAnswer, unexpected } from './transport.ts';

const envelope = z.object({
  jsonrpc: z.literal('2.0'),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), data: z.object({ name: z.string() }).optional() }).optional(),
});

/** One call of a service; also used without credentials, for `common.version`. */
export async function callService(
  config: OdooTargetConfig,
  http: TargetHttp,
  service: 'common' | 'object',
  method: string,
  args: readonly unknown[],
): Promise<Result<unknown, Failure>> {
  const answer = readAnswer(
    await http.send({
      method: 'POST',
      url: `${config.url.replace(/\/+$/, '')}/jsonrpc`,
      headers: { 'content-type': 'application/json', 'user-agent': 'ledgergate' },
      body: JSON.stringify({ jsonrpc: '2.0', method: 'call', id: 1, params: { service, method, args } }),
      timeoutMs: config.timeoutMs,
    }),
  );
  if (!answer.ok) return answer;
  const parsed = envelope.safeParse(answer.value);
  if (!parsed.success) return err(unexpected(`${service}.${method}`));
  const { error, result } = parsed.data;
  if (error === undefined) return ok(result ?? null);
  if (error.data !== undefined) return err(classifyName(error.data.name));
  // Without data only the router speaks: 100 is an expired session, 404 an unknown path.
  return err(rejected(error.code === 100 ? 'config' : 'contract', `rpc_${error.code}`, `JSON-RPC error ${error.code}`));
}

export function jsonRpcTransport(
  config: OdooTargetConfig,
  apiKey: string,
  http: TargetHttp,
  session: OdooSession,
): OdooTransport {
  async function authenticate(): Promise<Result<number, Failure>> {
    if (session.uid !== null) return ok(session.uid);
    if (config.login === undefined) {
      return err(rejected('config', 'login_missing', 'JSON-RPC needs the login of the Odoo user in the target config'));
    }
    const answer = await callService(config, http, 'common', 'authenticate', [
      config.database,
      config.login,
      apiKey,
      {},
    ]);
    if (!answer.ok) {
      // Nothing was written by asking who we are: a broken answer leaves nothing uncertain.
      return err(answer.error.kind === 'transient' ? { ...answer.error, kind: 'unsent' } : answer.error);
    }
    // Bad credentials are `false`, not an error.
    if (typeof answer.value !== 'number') {
      return err(rejected('config', 'access_denied', 'Odoo does not accept the login or API key'));
    }
    session.uid = answer.value;
    return ok(answer.value);
  }

  return {
    async call(model, method, { ids, args }) {
      const user = await authenticate();
      if (!user.ok) return user;
      const answer = await callService(config, http, 'object', 'execute_kw', [
        config.database,
        user.value,
        apiKey,
        model,
        method,
        ids === undefined ? [] : [ids],
        { ...args, context: callContext(config.companyId) },
      ]);
      if (!answer.ok && answer.error.code === 'access_denied') session.uid = null;
      return answer;
    },
  };
}
