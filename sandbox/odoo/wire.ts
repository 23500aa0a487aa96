/** JSON as it travels to and from Odoo. Odoo writes "no value" as `false`, and Python's None as `null`. */
export type Wire = null | boolean | number | string | readonly Wire[] | WireObject;
export interface WireObject {
  readonly [key: string]: Wire;
}

export function isObject(value: Wire | undefined): value is WireObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Wire | undefined): value is readonly Wire[] {
  return Array.isArray(value);
}

/** The text, or null where Odoo would hold `false`. */
export function textOf(value: Wire | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function numberOf(value: Wire | undefined): number {
  return typeof value === 'number' ? value : 0;
}

/** The id of a many2one, given plain or as `[id, name]`; null for `false`. */
export function idOf(value: Wire | undefined): number | null {
  if (isList(value)) return idOf(value[0]);
  return typeof value === 'number' && value > 0 ? value : null;
}

export function idsOf(value: Wire | undefined): number[] {
  if (typeof value === 'number') return [value];
  return isList(value) ? value.filter((item): item is number => typeof item === 'number') : [];
}

/** Parses JSON text; undefined when it is not JSON. */
export function parseJson(text: string): Wire | undefined {
  try {
    const parsed: Wire = JSON.parse(text);
    return parsed;
  } catch {
    return undefined;
  }
}

/** A value as Python prints it in the messages of Odoo. */
export function pythonText(value: Wire): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return `'${value}'`;
  if (isList(value)) return `[${value.map(pythonText).join(', ')}]`;
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}
