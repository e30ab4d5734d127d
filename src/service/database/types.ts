/**
 * A parameter or result of a query. Adapters return `Uint8Array` for bytea, `number` for int, `Date` for timestamptz.
 */
export type SqlValue = string | number | boolean | Uint8Array | Date | null

/** One row of a result, by column name. */
export type Row = Readonly<Record<string, SqlValue>>

/** Runs SQL with `$1`-style parameters, one statement per call. */
export interface Queryable {
  /** Runs one statement. @returns its rows; none for a statement that returns none */
  query(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]>
}

/** The statements that take a schema from one version to the next; a published one is never edited. */
export type Migration = readonly string[]

/** A unit of migration: server and custodian have one each, and may share a database. */
export interface Schema {
  /** Names the schema in the table of versions. */
  readonly component: 'server' | 'custodian'
  /** From the oldest to the newest; their number is the schema's version. */
  readonly migrations: readonly Migration[]
  /**
   * The oldest version whose processes go on beside the newest tables: from 1 to the number of migrations. A migration that
   * they would break on, or would not keep what it relies on, raises it to its own number.
   */
  readonly oldest: number
}

/**
 * How much a transaction sees of others. `read committed` is for those that lock everything their result depends on: a
 * serializable one conflicts with every write near what it has read, which in a small database is nearly every write.
 */
export type Isolation = 'serializable' | 'read committed'

/** The one database interface of server and custodian: PGlite and PostgreSQL behind it. */
export interface Database extends Queryable {
  /**
   * Runs `work` in one transaction; rolls back if it throws. Serialization failures are retried. Default isolation:
   * serializable.
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>, isolation?: Isolation): Promise<T>
  /**
   * Migrates a schema to its newest version; safe to run in several processes at once, and cheap to repeat. Tables of a
   * newer version stay as they are, if processes of this one go on with them.
   *
   * @throws {Misconfigured} if the tables are of a newer version that leaves this one out
   */
  migrate(schema: Schema): Promise<void>
  /** Closes what the adapter has opened. */
  close(): Promise<void>
}
