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

/** The name of a request of the HTTP API, as in the OpenAPI document; `unknown` for a path or method that does not exist. */
export type RequestName =
  | 'sendRound'
  | 'abortOperation'
  | 'getJoinRound'
  | 'getSet'
  | 'retireSet'
  | 'confirmBackup'
  | 'findWallets'
  | 'listSets'
  | 'listDevices'
  | 'revokeDevice'
  | 'listApprovals'
  | 'approveRequest'
  | 'denyRequest'
  | 'sendSealed'
  | 'unknown'

/** The names of the requests by their routes. */
export const REQUEST_NAMES: Readonly<Record<string, RequestName>> = {
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
  'GET /v1/approvals': 'listApprovals',
  'POST /v1/approvals/:approvalId/approve': 'approveRequest',
  'POST /v1/approvals/:approvalId/deny': 'denyRequest',
  'POST /v1/sealed': 'sendSealed',
}

/** A request that was handled. A sealed request is two of them: `sendSealed`, and the one within. */
export interface RequestMetric {
  /** Names the event. */
  readonly name: 'request'
  /** What was requested. */
  readonly request: RequestName
  /** How it ended. */
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
  /** Names the event. */
  readonly name: 'database'
  /** Which of the two it was. */
  readonly call: 'statement' | 'transaction'
  /** `refused`: the database refused a statement. What a transaction itself throws is `ok`. */
  readonly outcome: 'ok' | 'unavailable' | 'misconfigured' | 'refused'
  /** How often the transaction was run again, because it conflicted with others. */
  readonly retries: number
  /** How long it took, in milliseconds, with the waits between. */
  readonly ms: number
}

/** An event of the audit log was committed. */
export interface SetEventMetric {
  /** Names the event. */
  readonly name: 'setEvent'
  /** Its name in the log. */
  readonly event: AuditEventName
}

/** The custodian was called, or a sweep has ended. */
export interface CallMetric {
  /** Names the event. */
  readonly name: 'custodian' | 'sweep'
  /** How it ended. */
  readonly outcome: 'ok' | 'failed'
  /** How long it took, in milliseconds. */
  readonly ms: number
}

/** An attempt to deliver an event to the app's backend has ended. */
export interface EventDeliveryMetric {
  /** Names the event. */
  readonly name: 'eventDelivery'
  /** `failed`: it is tried again; `dead`: it is not. */
  readonly outcome: 'delivered' | 'failed' | 'dead'
  /** How long it took, in milliseconds. */
  readonly ms: number
}

/** `onError` received an error. */
export interface ErrorMetric {
  /** Names the event. */
  readonly name: 'error'
  /** Its code, or what it says of the server; INTERNAL for any other. */
  readonly kind: Outcome | 'Misconfigured' | 'Unavailable'
}

/** What `onMetric` receives. No event has an id, or text of a client. */
export type MetricEvent =
  RequestMetric | DatabaseMetric | SetEventMetric | CallMetric | EventDeliveryMetric | ErrorMetric

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
export function errorKind(error: unknown): ErrorMetric['kind'] {
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
