import type { Wire } from '../wire.ts';

export type FieldType =
  | 'char'
  | 'text'
  | 'integer'
  | 'float'
  | 'monetary'
  | 'boolean'
  | 'date'
  | 'selection'
  | 'many2one'
  | 'one2many'
  | 'many2many';

/** One field of a model: what it may hold, and what Odoo calls it in messages. */
export interface Field {
  readonly type: FieldType;
  readonly label: string;
  readonly relation?: string;
  readonly selection?: readonly (readonly [key: string, label: string])[];
  readonly required?: boolean;
  readonly readonly?: boolean;
}

/**
 * A model as calls see it. `value` gives what a search compares: an id for many2one, ids for x2many, a decimal number for
 * money. Reading turns a many2one into `[id, display name]`.
 */
export interface Model {
  readonly name: string;
  readonly label: string;
  readonly order: string;
  readonly fields: Readonly<Record<string, Field>>;
  ids(): Iterable<number>;
  has(id: number): boolean;
  value(id: number, field: string): Wire;
  display(id: number): string;
  /** Ids by an index, or undefined when the field has none. */
  indexed(field: string, key: Wire): readonly number[] | undefined;
}

export const char = (label: string, more: Partial<Field> = {}): Field => ({ type: 'char', label, ...more });
export const text = (label: string): Field => ({ type: 'text', label });
export const integer = (label: string): Field => ({ type: 'integer', label });
export const float = (label: string): Field => ({ type: 'float', label });
export const monetary = (label: string): Field => ({ type: 'monetary', label, readonly: true });
export const boolean = (label: string): Field => ({ type: 'boolean', label });
export const date = (label: string): Field => ({ type: 'date', label });
export const many2one = (label: string, relation: string): Field => ({ type: 'many2one', label, relation });
export const one2many = (label: string, relation: string): Field => ({ type: 'one2many', label, relation });
export const many2many = (label: string, relation: string): Field => ({ type: 'many2many', label, relation });
export const selection = (label: string, options: readonly (readonly [string, string])[]): Field => ({
  type: 'selection',
  label,
  selection: options,
});
