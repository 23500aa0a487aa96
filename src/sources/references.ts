/**
 * The same customer's id elsewhere, read from where the tenant's config says it stands: `metadata.salesforce_account_id`
 * of the provider's own customer object. Pure.
 */
import { isJsonObject, parseJson } from './json.ts';
import { longId } from './salesforce/ids.ts';

/** Bodies are bounded by their source; these bound the walk. */
const MAX_DEPTH = 8;
const MAX_OBJECTS = 2_000;
const MAX_ID = 255;

type JsonObject = Readonly<Record<string, unknown>>;

const isId = (value: unknown): value is string | number | bigint =>
  (typeof value === 'string' && value !== '' && value.length <= MAX_ID) ||
  typeof value === 'bigint' ||
  (typeof value === 'number' && Number.isSafeInteger(value));

/**
 * The value at `path` of the object in `body` that is the customer: the first, outermost first, that holds `customerId`
 * in one of its own properties and has an id at the path. Null when there is none, or the body is not JSON.
 */
export function referenceAt(body: Uint8Array, customerId: string, path: string): string | null {
  const parsed = parseJson(body);
  if (!parsed.ok) return null;
  const steps = path.split('.');
  let level: unknown[] = [parsed.value];
  let seen = 0;
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const value of level) {
      seen += 1;
      if (seen > MAX_OBJECTS) return null;
      if (isJsonObject(value) && isCustomer(value, customerId)) {
        const found = at(value, steps);
        if (isId(found)) return String(found);
      }
      if (typeof value === 'object' && value !== null) next.push(...Object.values(value).filter(isNested));
    }
    level = next;
  }
  return null;
}

const isNested = (value: unknown): boolean => typeof value === 'object' && value !== null;

const isCustomer = (object: JsonObject, customerId: string): boolean =>
  Object.values(object).some((value) => isId(value) && String(value) === customerId);

const at = (object: JsonObject, steps: readonly string[]): unknown =>
  steps.reduce<unknown>(
    (value, step) => (isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined),
    object,
  );

/** What stands at a dotted path of the body, as text: of text, whole numbers and true or false. Null otherwise. */
export function textAt(body: Uint8Array, path: string): string | null {
  const parsed = parseJson(body);
  if (!parsed.ok || !isJsonObject(parsed.value)) return null;
  const found = at(parsed.value, path.split('.'));
  return isId(found) || typeof found === 'boolean' ? String(found) : null;
}

/** As the provider's own lanes are named: one record, one form. */
export const normalReference = (provider: string, id: string): string => (provider === 'salesforce' ? longId(id) : id);
