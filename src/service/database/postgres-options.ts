/** A new connection, as `onConnect` gets it. */
export interface PostgresConnection {
  /** Runs a statement, with `$1` … for its values. */
  query(sql: string, values?: unknown[]): Promise<unknown>
}

/**
 * Options of the pool: those of [`pg`](https://node-postgres.com/apis/pool), to which they are passed. What is left out
 * comes from `pg`'s defaults and from the variables `PGHOST`, `PGUSER` and so on.
 */
export interface PostgresOptions {
  /** A `postgres://` URL. */
  readonly connectionString?: string | undefined
  /** A host name, or the folder of a Unix socket. */
  readonly host?: string | undefined
  /** The port. */
  readonly port?: number | undefined
  /** The database's name. */
  readonly database?: string | undefined
  /** The role. */
  readonly user?: string | undefined
  /** The role's password, or a function that returns it, for passwords that expire. */
  readonly password?: string | (() => string | Promise<string>) | undefined
  /** Whether TLS is used, or options of Node's `tls.connect`. */
  readonly ssl?: boolean | object | undefined
  /** `direct`: TLS without asking first (PostgreSQL 17). */
  readonly sslnegotiation?: 'postgres' | 'direct' | undefined
  /** Whether SCRAM is bound to the TLS channel. */
  readonly enableChannelBinding?: boolean | undefined
  /** Command-line options for the server. */
  readonly options?: string | undefined
  /** The name that `pg_stat_activity` shows. */
  readonly application_name?: string | undefined
  /** The name if no other is set. */
  readonly fallback_application_name?: string | undefined
  /** The most connections. `pg`'s default: 10. */
  readonly max?: number | undefined
  /** The connections that stay open when idle. */
  readonly min?: number | undefined
  /** After how many milliseconds an idle connection is closed; 0 for never. */
  readonly idleTimeoutMillis?: number | null | undefined
  /** How many milliseconds a connection may take to open; 0 for any. */
  readonly connectionTimeoutMillis?: number | undefined
  /** After how many uses a connection is replaced. */
  readonly maxUses?: number | undefined
  /** After how many seconds a connection is replaced. */
  readonly maxLifetimeSeconds?: number | undefined
  /** Whether the process may end while connections are idle. */
  readonly allowExitOnIdle?: boolean | undefined
  /** Whether TCP keeps idle connections alive. */
  readonly keepAlive?: boolean | undefined
  /** After how many milliseconds it starts to. */
  readonly keepAliveInitialDelayMillis?: number | undefined
  /** How many milliseconds PostgreSQL gives a statement. */
  readonly statement_timeout?: number | false | undefined
  /** How many milliseconds the client waits for a statement. */
  readonly query_timeout?: number | undefined
  /** How many milliseconds a statement waits for a lock. */
  readonly lock_timeout?: number | undefined
  /** How many milliseconds a transaction may be idle. */
  readonly idle_in_transaction_session_timeout?: number | undefined
  /** Called with each new connection before its first use. */
  onConnect?(connection: PostgresConnection): unknown
  /** Makes the socket of a connection: a `Duplex` of Node. */
  stream?(): unknown
}
