export interface Row {
  readonly id: number;
}

export type IndexKey = string | number | null;
type Indexes<R> = Readonly<Record<string, (row: R) => IndexKey>>;

/** What a table tells of each change: enough to undo it and to store it. */
export interface Change {
  readonly table: string;
  readonly id: number;
  readonly undo: () => void;
}

/**
 * Rows by id with equality indexes, held in memory. Rows are immutable: a change puts a whole new row, so that undoing it
 * is putting the old one back. Ids are never given twice, also not after a rollback, as with PostgreSQL's sequences.
 */
export class Table<R extends Row> {
  readonly #rows = new Map<number, R>();
  readonly #indexes: {
    readonly name: string;
    readonly key: (row: R) => IndexKey;
    readonly ids: Map<IndexKey, Set<number>>;
  }[];
  #lastId = 0;

  constructor(
    readonly name: string,
    indexes: Indexes<R>,
    private readonly changed: (change: Change) => void,
  ) {
    this.#indexes = Object.entries(indexes).map(([index, key]) => ({ name: index, key, ids: new Map() }));
  }

  get size(): number {
    return this.#rows.size;
  }

  get lastId(): number {
    return this.#lastId;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  get(id: number): R | undefined {
    return this.#rows.get(id);
  }

  all(): IterableIterator<R> {
    return this.#rows.values();
  }

  put(row: R): R {
    const before = this.#rows.get(row.id);
    this.#place(row, before);
    this.changed({ table: this.name, id: row.id, undo: () => this.#restore(row, before) });
    return row;
  }

  delete(id: number): void {
    const before = this.#rows.get(id);
    if (before === undefined) return;
    this.#remove(before);
    this.changed({ table: this.name, id, undo: () => this.#place(before, undefined) });
  }

  /** Rows whose indexed value is `key`, in the order they got it. */
  find(index: string, key: IndexKey): R[] {
    const ids = this.#indexes.find((entry) => entry.name === index)?.ids.get(key);
    return ids === undefined ? [] : [...ids].flatMap((id) => this.#rows.get(id) ?? []);
  }

  first(index: string, key: IndexKey): R | undefined {
    return this.find(index, key)[0];
  }

  hasIndex(index: string): boolean {
    return this.#indexes.some((entry) => entry.name === index);
  }

  /** Puts a stored row back when the state is read from disk; not a change. */
  restore(row: R): void {
    this.#place(row, undefined);
  }

  #restore(now: R, before: R | undefined): void {
    if (before === undefined) this.#remove(now);
    else this.#place(before, now);
  }

  #place(row: R, before: R | undefined): void {
    this.#rows.set(row.id, row);
    if (row.id > this.#lastId) this.#lastId = row.id;
    for (const { key, ids } of this.#indexes) {
      const now = key(row);
      if (before !== undefined) {
        const then = key(before);
        if (then === now) continue;
        drop(ids, then, row.id);
      }
      const set = ids.get(now);
      if (set === undefined) ids.set(now, new Set([row.id]));
      else set.add(row.id);
    }
  }

  #remove(row: R): void {
    this.#rows.delete(row.id);
    for (const { key, ids } of this.#indexes) drop(ids, key(row), row.id);
  }
}

function drop(ids: Map<IndexKey, Set<number>>, key: IndexKey, id: number): void {
  const set = ids.get(key);
  set?.delete(id);
  if (set?.size === 0) ids.delete(key);
}
