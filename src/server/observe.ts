import type { ErrorCode } from '../errors.ts'
import { isBadRequest, isUnavailable } from '../service/http.ts'
import { sqlState } from '../service/database/serialization.ts'
import type { Database, Queryable } from '../service/database/types.ts'
import { hasBrand } from '../util/brand.ts'
import { hasServerStatus } from '../wire/error-body.ts'
import type { OperationKind } from '../wire/operations.ts'
import type { AuditEventName } from './audit/entry.ts'

/** How a request ended: OK, the code of its error, or OTHER for a code that this version does not know. */
export type Outcome = 'OK' | 'OTHER' | 'BAD_REQUEST' | 'INTERNAL' | ErrorCode

/** The requests of the HTTP API, as the OpenAPI document names them; `unknown` for a path or method that does not exist. */
export const REQUEST_NAMES = {
  'POST /v1/operations/:operationId/rounds/:round': 'sendRound',
  'POST /v1/operations/:operationId/abort': 'abortOperation',
  'GET /v1/joins/:operationId/rounds/:round': 'getJoinRound',
  'GET /v1/sets/:setId': 'getSet',
  'POST /v1/sets/:setId/retire': 'retireSet',
  'POST /v1/sets/:setId/confirm': 'confirmBackup',
  'GET /v1/wallets': 'findWallets',
  'GET /v1/wallets/:walletId/sets': 'listSets',
  'GET /v1/devices': 'listDevices',
  'POST /v1/devices/:deviceId/revoke': 'revokeDevice',
  'POST /v1/sealed': 'sendSealed',
} as const

/** The name of a request of the HTTP API. */
export type RequestName = (typeof REQUEST_NAMES)[keyof typeof REQUEST_NAMES] | 'unknown'

/** A request that was handled. A sealed request is two of them: `sendSealed`, and the one within. */
export interface RequestMetric {
  readonly name: 'request'
  readonly request: RequestName
  readonly outcome: Outcome
  /** The HTTP status. */
  readonly status: number
  /** Whether it came sealed. */
  readonly sealed: boolean
  /** How long it took, in milliseconds. */
  readonly ms: number
  /** Of a round, if the server found out which operation it belongs to. A repeated round has none. */
  readonly kind?: OperationKind
  /** The number of the round, with `kind`. */
  readonly round?: number
}

/** A request that was handled, for a log: what the metrics have of it, and the id of its operation. */
export interface HandledRequest extends Omit<RequestMetric, 'name'> {
  /** 16 bytes in lower-case hex, which the client has drawn; only if its path names an operation. */
  readonly operationId?: string
}

/** A statement outside of transactions, or a transaction, was run. */
export interface DatabaseMetric {
  readonly name: 'database'
  readonly call: 'statement' | 'transaction'
  /** `refused`: the database refused a statement. What a transaction itself throws is `ok`. */
  readonly outcome: 'ok' | 'unavailable' | 'misconfigured' | 'refused'
  /** How often the transaction was run again, because it conflicted with others. */
  readonly retries: number
  /** How long it took, in milliseconds, with the waits between. */
  readonly ms: number
}

/** What `onMetric` receives. No event has an id, or text of a client. */
export type MetricEvent =
  | RequestMetric
  | DatabaseMetric
  /** An event of the audit log was committed. */
  | { readonly name: 'setEvent'; readonly event: AuditEventName }
  /** The custodian was called. */
  | { readonly name: 'custodian'; readonly outcome: 'ok' | 'failed'; readonly ms: number }
  /** `onError` received an error. */
  | { readonly name: 'error'; readonly kind: Outcome | 'Misconfigured' | 'Unavailable' }
  /** A sweep has ended. */
  | { readonly name: 'sweep'; readonly outcome: 'ok' | 'failed'; readonly ms: number }

/** Receives an event. Never throws. */
export type Observe = (event: MetricEvent) => void

/** Wraps a hook of an app so that nothing it does fails a request: the first time that it throws goes to `onError`. */
export function safeHook<Event>(
  hook: ((event: Event) => unknown) | undefined,
  onError: (error: unknown) => void,
): (event: Event) => void {
  if (hook === undefined) return () => undefined
  let hasFailed = false
  const fail = (error: unknown): void => {
    if (hasFailed) return
    hasFailed = true
    onError(error)
  }
  return (event) => {
    try {
      const result = hook(event)
      Promise.resolve(result).catch(fail)
    } catch (error) {
      fail(error)
    }
  }
}

/** How a request ended that has failed with this error. */
export function outcomeOf(error: unknown): Outcome {
  if (isBadRequest(error)) return 'BAD_REQUEST'
  return hasServerStatus(error) ? error.code : 'INTERNAL'
}

/** The kind of an error that `onError` received. */
export function errorKind(error: unknown): (MetricEvent & { readonly name: 'error' })['kind'] {
  if (hasBrand(error, 'Misconfigured')) return 'Misconfigured'
  return isUnavailable(error) ? 'Unavailable' : outcomeOf(error)
}

/** Milliseconds since a moment of `performance.now()`. */
export function since(started: number): number {
  return performance.now() - started
}

const ON_COMMIT = new WeakMap<Queryable, MetricEvent[]>()

/** Observes the event once the transaction has committed; not at all if the database is not observed. */
export function observeOnCommit(tx: Queryable, event: MetricEvent): void {
  ON_COMMIT.get(tx)?.push(event)
}

/** The same database; what it does is observed. */
export function observeDatabase(database: Database, observe: Observe): Database {
  async function observed<T>(
    call: DatabaseMetric['call'],
    run: () => Promise<T>,
    retries: () => number = () => 0,
  ): Promise<T> {
    const started = performance.now()
    const end = (outcome: DatabaseMetric['outcome']) =>
      observe({ name: 'database', call, outcome, retries: retries(), ms: since(started) })
    try {
      const result = await run()
      end('ok')
      return result
    } catch (error) {
      end(databaseOutcome(error))
      throw error
    }
  }
  return {
    query: (sql, parameters) => observed('statement', () => database.query(sql, parameters)),
    transaction: async (work, isolation) => {
      let attempts = 0
      let pending: MetricEvent[] = []
      const attempt: typeof work = (tx) => {
        attempts += 1
        pending = []
        const inner: Queryable = { query: (sql, parameters) => tx.query(sql, parameters) }
        ON_COMMIT.set(inner, pending)
        return work(inner)
      }
      const run = () => database.transaction(attempt, isolation)
      const result = await observed('transaction', run, () => Math.max(0, attempts - 1))
      for (const event of pending) observe(event)
      return result
    },
    migrate: (schema) => database.migrate(schema),
    close: () => database.close(),
  }
}

function databaseOutcome(error: unknown): DatabaseMetric['outcome'] {
  if (hasBrand(error, 'Misconfigured')) return 'misconfigured'
  if (isUnavailable(error)) return 'unavailable'
  return sqlState(error) === undefined ? 'ok' : 'refused'
}
