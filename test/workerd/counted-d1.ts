/** D1 as it is, with its own count of rows read and written summed up. */
export interface CountedD1 {
  readonly db: D1Database;
  read: number;
  written: number;
}

export function countedD1(db: D1Database): CountedD1 {
  const real = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  const totals = { read: 0, written: 0 };
  const count = ({ meta }: D1Result): void => {
    totals.read += meta.rows_read;
    totals.written += meta.rows_written;
  };
  const statement = (inner: D1PreparedStatement): D1PreparedStatement => {
    const counted: D1PreparedStatement = new Proxy(inner, {
      get(target, property) {
        if (property === 'bind') return (...values: unknown[]) => statement(target.bind(...values));
        const method: unknown = Reflect.get(target, property);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          const result = await target.all();
          count(result);
          // `first` and `raw` do not say what they read: asked again, in their own form. Both are for reading only.
          return property === 'all' || property === 'run' ? result : Reflect.apply(method, target, args);
        };
      },
    });
    real.set(counted, inner);
    return counted;
  };
  const counted = new Proxy(db, {
    get(target, property) {
      if (property === 'prepare') return (sql: string) => statement(target.prepare(sql));
      if (property !== 'batch') return Reflect.get(target, property);
      return async (statements: D1PreparedStatement[]) => {
        const results = await target.batch(statements.map((one) => real.get(one) ?? one));
        results.forEach(count);
        return results;
      };
    },
  });
  return Object.assign(totals, { db: counted });
}
