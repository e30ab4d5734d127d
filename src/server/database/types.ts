/** A value that a query takes or gives. Adapters give `Uint8Array` for bytea, `number` for int, `Date` for timestamptz. */
export type SqlValue = string | number | boolean | Uint8Array | Date | null

export type Row = Readonly<Record<string, SqlValue>>

/** Runs SQL with `$1`-style parameters, one statement a call. */
export interface Queryable {
  query(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]>
}

/** The one database interface of server and custodian: PGlite and PostgreSQL behind it. */
export interface Database extends Queryable {
  /** Runs `work` in one serializable transaction; rolls back if it throws. Serialization failures are retried. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  close(): Promise<void>
}
