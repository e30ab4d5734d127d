/** A value that a query takes or gives. Adapters give `Uint8Array` for bytea, `number` for int, `Date` for timestamptz. */
export type SqlValue = string | number | boolean | Uint8Array | Date | null

export type Row = Readonly<Record<string, SqlValue>>

/** Runs SQL with `$1`-style parameters, one statement a call. */
export interface Queryable {
  query(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]>
}

/** The statements that take a schema from one version to the next; a published one is never edited. */
export type Migration = readonly string[]

/** What is migrated on its own: server and custodian may share a database or not. */
export interface Schema {
  readonly component: 'server' | 'custodian'
  readonly migrations: readonly Migration[]
}

/**
 * How much of other transactions a transaction sees. `read committed` is for those that hold a lock on all they decide by:
 * a serializable one conflicts with whoever writes near what it has read, in a new database with nearly everybody.
 */
export type Isolation = 'serializable' | 'read committed'

/** The one database interface of server and custodian: PGlite and PostgreSQL behind it. */
export interface Database extends Queryable {
  /**
   * Runs `work` in one transaction, serializable unless said otherwise; rolls back if it throws. Serialization failures are
   * retried.
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>, isolation?: Isolation): Promise<T>
  /**
   * Brings a schema to its newest version, whatever other processes do at the same time; cheap to repeat.
   *
   * @throws {Error} if the database was written by a newer version of the package
   */
  migrate(schema: Schema): Promise<void>
  close(): Promise<void>
}
