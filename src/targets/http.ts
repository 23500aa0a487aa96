/**
 * The one HTTP client for targets. Every connector sends through it, so that no target can hang the gateway, fill its
 * memory, lead it elsewhere by a redirect, or be an address inside a network.
 */
import type { EpochMs } from '../canonical/ids.ts';
import { type AddressPolicy, checkAddress } from './address.ts';
import type { HttpAnswer, TargetHttp } from './connector.ts';

export interface TargetHttpOptions {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly now: () => EpochMs;
  readonly allow: AddressPolicy;
  /** Bytes read from an answer before it is given up as broken. */
  readonly maxBytes?: number;
}

const defaultMaxBytes = 8 * 1024 * 1024;
const maxRetryAfterMs = 3_600_000;

/**
 * Errors in which no connection was made, by the code the runtime puts on the error or on its cause. What is not
 * listed counts as broken: the request may have arrived.
 */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Messages carry a kind of failure, never the address's path, a header or a body. */
export function targetHttp(options: TargetHttpOptions): TargetHttp {
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  return {
    async send(request): Promise<HttpAnswer> {
      const address = checkAddress(request.url, options.allow);
      if (!address.ok) return { kind: 'refused', message: `address not allowed: ${address.error}` };
      const signal = AbortSignal.timeout(request.timeoutMs);
      try {
        const response = await options.fetch(address.value.href, {
          method: request.method,
          headers: { ...request.headers },
          body: request.body,
          redirect: 'manual',
          signal,
        });
        const body = await readCapped(response, maxBytes, signal);
        if (body === null) return { kind: 'broken', message: `answer larger than ${maxBytes} bytes` };
        return {
          kind: 'answer',
          status: response.status,
          contentType: response.headers.get('content-type') ?? '',
          body,
          retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), options.now()),
        };
      } catch (error) {
        if (signal.aborted) return { kind: 'broken', message: `no answer within ${request.timeoutMs} ms` };
        const code = errorCode(error);
        if (neverConnected.has(code)) return { kind: 'refused', message: `no connection: ${code}` };
        return { kind: 'broken', message: code === '' ? 'connection lost' : `connection lost: ${code}` };
      }
    },
  };
}

/**
 * The same client for work that must end in time: no request starts when nothing is left, none outlasts what is left.
 *
 * @param leftMs milliseconds left, asked before each request.
 */
export const withDeadline = (http: TargetHttp, leftMs: () => number): TargetHttp => ({
  async send(request) {
    const left = leftMs();
    if (left < 1) return { kind: 'refused', message: 'out of time' };
    return http.send({ ...request, timeoutMs: Math.min(request.timeoutMs, left) });
  },
});

/** Rejects when the signal aborts first: not every runtime aborts a body that is already streaming. */
async function within(text: Promise<string>, signal: AbortSignal): Promise<string> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([text, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Null when it is longer than `maxBytes`; the rest is not read. */
async function readCapped(response: Response, maxBytes: number, signal: AbortSignal): Promise<string | null> {
  if (response.body === null) return '';
  const declared = response.headers.get('content-length');
  // A whole answer of known, allowed length is read in one piece: the runtime holds it to that length.
  if (declared !== null && Number(declared) <= maxBytes) return within(response.text(), signal);
  const reader = response.body.getReader();
  // Not every runtime aborts a body that is already streaming; cancelling the reader ends the read.
  const cancel = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', cancel, { once: true });
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  try {
    for (;;) {
      const chunk = await reader.read();
      signal.throwIfAborted();
      if (chunk.done) return text + decoder.decode();
      length += chunk.value.byteLength;
      if (length > maxBytes) {
        cancel();
        return null;
      }
      text += decoder.decode(chunk.value, { stream: true });
    }
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** RFC 9110 10.2.3: seconds or an HTTP date. At most an hour is believed. */
export function parseRetryAfter(header: string | null, now: EpochMs): number | null {
  if (header === null) return null;
  const text = header.trim();
  const isSeconds = /^\d{1,9}$/.test(text);
  if (!isSeconds && !/^[A-Z][a-z]{2}/.test(text)) return null;
  const wait = isSeconds ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), maxRetryAfterMs);
}

function errorCode(error: unknown): string {
  for (const candidate of [error, error instanceof Error ? error.cause : undefined]) {
    if (typeof candidate === 'object' && candidate !== null && 'code' in candidate) {
      if (typeof candidate.code === 'string' && /^[A-Z0-9_]{1,64}$/.test(candidate.code)) return candidate.code;
    }
  }
  return '';
}
