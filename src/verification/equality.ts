/** Comparing secrets without telling, by the time it takes, how much of a guess was right. */

const encoder = new TextEncoder();

const digest = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

const bytesOf = (value: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  typeof value === 'string' ? new Uint8Array(encoder.encode(value)) : value;

/**
 * Whether both are the same bytes (text as UTF-8). SHA-256 digests are compared in full, so the time depends neither on
 * where they differ nor on the secret's length.
 */
export async function equalSecrets(
  a: string | Uint8Array<ArrayBuffer>,
  b: string | Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const [left, right] = await Promise.all([digest(bytesOf(a)), digest(bytesOf(b))]);
  let difference = 0;
  for (let index = 0; index < 32; index += 1) difference |= (left[index] ?? 0) ^ (right[index] ?? 1);
  return difference === 0;
}

/** Whether any of `candidates` equals `presented`. Looks at every one, so the time tells not which matched. */
export async function equalsAny(presented: string, candidates: readonly string[]): Promise<boolean> {
  let found = false;
  for (const candidate of candidates) {
    if (await equalSecrets(presented, candidate)) found = true;
  }
  return found;
}
