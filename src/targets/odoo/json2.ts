/** JSON-2, Odoo 19 and later: one method a request, named arguments, bare result. */
import type { OdooTargetConfig } from '../../tenants/config.ts';
import type { TargetHttp } from '../connector.ts';
import { callContext, type OdooTransport, readAnswer } from './transport.ts';

export function json2Transport(config: OdooTargetConfig, apiKey: string, http: TargetHttp): OdooTransport {
  const base = config.url.replace(/\/+$/, '');
  return {
    async call(model, method, { ids, args }) {
      const answer = await http.send({
        method: 'POST',
        url: `${base}/json/2/${model}/${method}`,
        headers: {
          authorization: `bearer ${apiKey}`,
          'content-type': 'application/json',
          'x-odoo-database': config.database,
          'user-agent': 'ledgergate',
        },
        body: JSON.stringify({
          ...(ids === undefined ? {} : { ids }),
          ...args,
          context: callContext(config.companyId),
        }),
        timeoutMs: config.timeoutMs,
      });
      return readAnswer(answer);
    },
  };
}
