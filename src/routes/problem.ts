/** Errors as RFC 9457 `application/problem+json`, with a closed set of codes. Never a stack, a secret or a schema dump. */

const problems = {
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  payload_too_large: { status: 413, title: 'Payload too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  /** One answer for every failed proof: which check failed is nobody's business but ours. */
  not_authenticated: { status: 401, title: 'Not authenticated' },
  forbidden: { status: 403, title: 'Forbidden' },
  invalid_request: { status: 400, title: 'Invalid request' },
  invalid_config: { status: 422, title: 'The config is not valid' },
  conflict: { status: 409, title: 'Conflict' },
  overloaded: { status: 503, title: 'Overloaded, try again' },
  unavailable: { status: 503, title: 'Unavailable, try again' },
  internal_error: { status: 500, title: 'Internal error' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

export interface FieldError {
  /** Dotted path into the request, `routes.2.to`. */
  readonly path: string;
  readonly message: string;
}

export interface ProblemExtras {
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Stable `type` URIs: `urn:ledgergate:problem:<code>`, explained in docs/api.md. */
export function problem(code: ProblemCode, extras: ProblemExtras = {}): Response {
  const { status, title } = problems[code];
  const body = {
    type: `urn:ledgergate:problem:${code}`,
    title,
    status,
    code,
    detail: extras.detail,
    errors: extras.errors,
  };
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...extras.headers,
  });
  if (extras.retryAfterSeconds !== undefined) headers.set('retry-after', String(extras.retryAfterSeconds));
  return new Response(JSON.stringify(body), { status, headers });
}
