/** The port both protocols implement: call one method, in one transaction of Odoo's. */
import type { Result } from '../../canonical/result.ts';
import type { HttpAnswer } from '../connector.ts';
import { classifyAnswer, classifySilence, type Failure, rejected } from './errors.ts';
import { parseJson } from './wire.ts';

export interface OdooRequest {
  /** Records it is called on; absent for methods of the model. */
  readonly ids?: readonly number[];
  /** Named arguments, without `context`, which the transport adds. */
  readonly args: Readonly<Record<string, unknown>>;
}

export interface OdooTransport {
  /** The method's value, not checked yet; null when it returns nothing. Never throws for what the network did. */
  call(model: string, method: string, request: OdooRequest): Promise<Result<unknown, Failure>>;
}

export interface OdooVersion {
  readonly major: number;
  /** As Odoo writes it, `19.0` or `saas~18.2`. */
  readonly text: string;
}

/** What is learnt once about an Odoo and stays true for the connector's life. */
export interface OdooSession {
  version: OdooVersion | null;
  /** The user's id, which JSON-RPC wants in every call. */
  uid: number | null;
}

/** English messages whatever the user's language, and the company the target is configured for. */
export const callContext = (companyId: number) => ({ lang: 'en_US', allowed_company_ids: [companyId] });

/** A JSON body with status 200, or why there is none. */
export function readAnswer(answer: HttpAnswer): Result<unknown, Failure> {
  if (answer.kind !== 'answer') return { ok: false, error: classifySilence(answer) };
  let body: unknown;
  try {
    body = parseJson(answer.body);
  } catch {
    return { ok: false, error: classifyAnswer(answer, null) };
  }
  return answer.status === 200 ? { ok: true, value: body } : { ok: false, error: classifyAnswer(answer, body) };
}

export const unexpected = (what: string): Failure =>
  rejected('contract', 'unexpected_answer', `Odoo's answer to ${what} is not of the documented shape`);
