/** The operator API of the gateway that a command is meant for. */
import { join } from 'node:path';
import { z } from 'zod';
import { readDemoFile, stateDirectory } from './credentials.ts';

export const fault = z.object({ path: z.string(), message: z.string() });
const refusal = z.object({ title: z.string(), detail: z.string().optional(), errors: z.array(fault).optional() });

export interface GatewayAddress {
  readonly url: string;
  readonly token: string;
}

/**
 * LEDGERGATE_URL and LEDGERGATE_TOKEN, or the local gateway. @throws when there is neither, or one without the other: what
 * was meant for a gateway elsewhere must not be done to the local one.
 */
export function gateway(): GatewayAddress {
  const { LEDGERGATE_URL: url, LEDGERGATE_TOKEN: token } = process.env;
  if (url !== undefined && token !== undefined) return { url: url.replace(/\/+$/, ''), token };
  if (url !== undefined || token !== undefined)
    throw new Error(`${url === undefined ? 'LEDGERGATE_URL' : 'LEDGERGATE_TOKEN'} is not set, and the other one is.`);
  const demo = readDemoFile(stateDirectory(join(import.meta.dirname, '../..')));
  return { url: demo.gateway, token: demo.operatorToken };
}

/** @throws with a line per wrong field when the gateway refuses. */
export async function call(
  at: GatewayAddress,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: string,
): Promise<unknown> {
  const response = await fetch(`${at.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${at.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  const problem =
    response.headers.get('content-type')?.includes('json') === true ? refusal.safeParse(JSON.parse(text)) : null;
  if (problem?.success !== true) throw new Error(`The gateway answered ${response.status}.`);
  const { title, detail, errors = [] } = problem.data;
  throw new Error(
    [
      `${title}${detail === undefined ? '' : `: ${detail}`}`,
      ...errors.map((each) => `  ${each.path}: ${each.message}`),
    ].join('\n'),
  );
}
