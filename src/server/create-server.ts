import { requireArithmetic } from '../service/arithmetic.ts'
import { errorLog } from '../service/hooks.ts'
import { errorResponse } from '../service/http.ts'
import { loadOptional } from '../service/optional-packages.ts'
import { checkLimit, checkLockOut } from '../service/rates.ts'
import { reportOnce } from '../service/report-once.ts'
import type { Custodian } from '../custodian/types.ts'
import type { MasterKeys, Rotation } from '../util/master-keys.ts'
import { toHex } from '../util/bytes.ts'
import { checkClock } from '../util/clock.ts'
import { checkRandom, systemRandom, type RandomSource } from '../util/random.ts'
import { createSealer } from '../util/seal.ts'
import { serverApprovals, type ServerApprovals } from './approvals/operator.ts'
import { createAuditLog } from './audit/log.ts'
import type { AuthorizeExport } from './access/authorize-export.ts'
import { readChannelKeys } from './access/channel-keys.ts'
import type { OnCheating } from '../types.ts'
import { DEFAULT_LIMITS, type ServerContext, type ServerLimits } from './context.ts'
import type { Database } from '../service/database/types.ts'
import { createDelivery, type DeliverEvents } from './events/deliver.ts'
import { readEventReceiver, type EventOptions } from './events/receiver.ts'
import { readIntentRules } from './access/intents.ts'
import type { IntentDecoder } from '../policy/types.ts'
import type { Policy } from './access/policy.ts'
import { mergeRates, type RateLimits } from './access/rate-limits.ts'
import { isRefusedAsMoved } from './client-moved.ts'
import { createTurns } from './rounds/turns.ts'
import { errorKind, observeDatabase, safeHook, since, type HandledRequest, type MetricEvent } from './observe.ts'
import { createReadiness, type Readiness } from './readiness.ts'
import { serverSchema } from './schema.ts'
import type { Authenticate } from './access/tokens.ts'
import { assertObject } from '../util/arguments.ts'

/** {@link ServerLimits} that differ from the defaults; `rates: null` disables rates. */
export type LimitOptions = Partial<Omit<ServerLimits, 'rates'>> & {
  /** Rates that differ from the defaults; null for no rates. */
  readonly rates?: Partial<RateLimits> | null
}

/** Options of {@link createServer}. */
export interface ServerOptions {
  /** Stores shares and sessions. The caller closes it. */
  readonly database: Database
  /** The app's backend; a server without one cannot back up or recover. Each call may take `limits.custodianMs`. */
  readonly custodian?: Custodian
  /** Identifies the sender of a request. There is no default: whoever it accepts may act for the client it returns. */
  readonly authenticate: Authenticate
  /** Called before every action. Default: all are allowed. */
  readonly policy?: Policy
  /**
   * Decode what is signed, such as `ethereumIntents()` of `reshare/policy/ethereum`: the server computes the digest from it,
   * refuses another one, and shows the policy what it is. Default: none, and the policy sees digests and messages only.
   */
  readonly intents?: readonly IntentDecoder[]
  /** Whether the server signs only what `intents` can decode. Default: false. */
  readonly requireIntent?: boolean
  /** Called before a private key is exported, after the policy. Default: every export is denied. */
  readonly authorizeExport?: AuthorizeExport
  /**
   * What a set does about ECDSA after its client was caught cheating: `refuse`, or `ephemeralSetup`, which makes each
   * signature with its own setup. Refreshing or recovering makes a new set either way. Default: `refuse`.
   */
  readonly onCheating?: OnCheating
  /**
   * 32 bytes that seal what the database stores. If it is lost, the wallets' server shares are lost. During a rotation,
   * pass both keys with their ids.
   */
  readonly masterKey: MasterKeys
  /**
   * Where the events of sets and devices are sent, as Standard Webhooks: to the app's backend. All processes of a database
   * need the same setting: one without it records no events. Call `deliverEvents` regularly. Default: none are recorded.
   */
  readonly events?: EventOptions
  /** Limits that differ from the defaults. */
  readonly limits?: LimitOptions
  /**
   * X25519 secret keys of 32 bytes to which clients seal their requests: the current one first, then those that clients
   * still have pinned. Without one, no sealed request can be opened.
   */
  readonly channelKeys?: readonly Uint8Array[]
  /** Whether unsealed requests are refused. Default: false. */
  readonly requireSealed?: boolean
  /** The origins whose pages may call the server from a browser. Default: none. */
  readonly allowedOrigins?: readonly string[]
  /**
   * Receives errors that clients see as INTERNAL, failures of hooks and custodians, and what a sweep could not finish.
   * Default: the console.
   */
  readonly onError?: (error: unknown) => unknown
  /**
   * Receives what the metrics count: `onMetric` of `createMetrics`, or a function of your own. If it throws, nothing else
   * happens. Default: nothing is counted.
   */
  readonly onMetric?: (event: MetricEvent) => unknown
  /** Receives each request once it was handled, for a log. If it throws, nothing else happens. Default: none does. */
  readonly onRequest?: (request: HandledRequest) => unknown
  /** The current time in milliseconds since 1970. Default: the system clock. */
  readonly now?: () => number
  /** Cryptographically secure random bytes. Default: the platform's. */
  readonly random?: RandomSource
}

/** The signing server that {@link createServer} made. */
export interface Server {
  /** The public key that clients pin (`serverKey` of `reshare/channel`), as hex; undefined without channel keys. */
  readonly channelKey: string | undefined
  /** Handles one request. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>
  /**
   * Aborts expired operations, finishes interrupted retirements and deletes old responses. The first request starts
   * one; call it regularly. Failures go to `onError`, do not block the rest, and are retried by the next call. It
   * rejects only if the database does not respond.
   */
  readonly sweep: () => Promise<void>
  /**
   * Delivers the events that are due; call it every second or so, from any number of processes, also while an earlier call
   * runs. Failures of the receiver go to `onError` (the first in a row) and are repeated later. It rejects only if the
   * database fails. Without the option `events` it does nothing.
   */
  readonly deliverEvents: DeliverEvents
  /**
   * Whether requests can be handled now: the database responds, has its tables, and the audit log opens. It takes at most
   * 10 seconds. Never rejects; the first of failures in a row goes to `onError`.
   */
  readonly ready: () => Promise<Readiness>
  /** Requests that wait for an approval or a time: what the policy has allowed on conditions. */
  readonly approvals: ServerApprovals
  /**
   * Reseals with the current master key what other master keys have sealed. Call it until nothing remains, then remove
   * the others.
   */
  readonly rotate: () => Promise<Rotation>
}

/**
 * Creates the signing server, a function from Request to Response. It keeps no state in memory between requests, except
 * a ban that could not be stored, so several processes can share one database. It needs the packages `hono` and
 * `valibot`, which it imports at its first use.
 *
 * @throws {TypeError | RangeError} if an option is wrong
 * @throws {Error} where WebAssembly is missing or refused
 */
export function createServer(options: ServerOptions): Server {
  requireArithmetic()
  assertObject(options, 'createServer')
  const context = serverContext(options)
  const { authenticate, allowedOrigins = [], requireSealed = false } = options
  const channelKeys = readChannelKeys(options.channelKeys, requireSealed)
  let swept = false
  let sweeping: Promise<void> | undefined
  const sweepOnce = async () => {
    const { sweep } = await loadParts()
    await (sweeping ??= observedSweep(context, sweep).finally(() => (sweeping = undefined)))
  }
  const migrate = () => context.database.migrate(serverSchema)
  const ready = async () => {
    await migrate()
    // A server that cannot open the log refuses to change sets, with an error then; it still signs.
    await context.audit.open().catch(() => undefined)
    if (swept) return
    swept = true
    // Requests do not wait for the sweep.
    void sweepOnce().catch(context.onError)
  }
  const deliver = context.events && createDelivery(context, context.events)
  let app: ReturnType<Parts['createApp']> | undefined
  const openApp = async () => {
    const { createApp } = await loadParts()
    return (app ??= createApp(context, { authenticate, allowedOrigins, channelKeys, requireSealed, ready }))
  }
  return {
    channelKey: channelKeys[0] && toHex(channelKeys[0].publicKey),
    fetch: async (request) => {
      try {
        return await (app ?? (await openApp())).fetch(request, {})
      } catch (error) {
        return errorResponse(error, context.onError)
      }
    },
    sweep: async () => {
      swept = true
      await migrate()
      // What does not need the log is done anyway.
      await context.audit.open().catch(context.onError)
      await sweepOnce()
    },
    deliverEvents: async (deliveryOptions = {}) => {
      assertObject(deliveryOptions, 'deliverEvents')
      await migrate()
      await deliver?.(deliveryOptions)
    },
    ready: createReadiness(context),
    approvals: serverApprovals(context, async () => {
      await migrate()
      await context.audit.open()
    }),
    rotate: async () => {
      const { rotate } = await loadParts()
      await migrate()
      await context.audit.open().catch(() => undefined)
      return rotate(context)
    },
  }
}

type Parts = typeof import('./with-packages.ts')

/** @throws {Misconfigured} if a package is missing */
function loadParts(): Promise<Parts> {
  return loadOptional('reshare/server', ['hono', 'valibot'], () => import('./with-packages.ts'))
}

/** What the parts of a server with these options share. @throws {TypeError | RangeError} as {@link createServer} */
export function serverContext(options: ServerOptions): ServerContext {
  const { custodian, policy, authorizeExport, onCheating = 'refuse' } = options
  if (typeof options.database?.transaction !== 'function') throw new TypeError('database is required')
  if (typeof options.authenticate !== 'function') throw new TypeError('authenticate is required')
  for (const method of ['store', 'fetch'] as const) {
    if (custodian !== undefined && typeof custodian?.[method] !== 'function') {
      throw new TypeError(`custodian must have a method ${method}`)
    }
  }
  if (policy !== undefined && typeof policy !== 'function') throw new TypeError('policy must be a function')
  if (authorizeExport !== undefined && typeof authorizeExport !== 'function') {
    throw new TypeError('authorizeExport must be a function')
  }
  requireCustodianMethods(custodian)
  if (onCheating !== 'refuse' && onCheating !== 'ephemeralSetup') {
    throw new TypeError("onCheating must be 'refuse' or 'ephemeralSetup'")
  }
  for (const name of ['onMetric', 'onRequest'] as const) {
    const hook = options[name]
    if (hook !== undefined && typeof hook !== 'function') throw new TypeError(`${name} must be a function`)
  }
  const report = reportOnce(errorLog(options.onError))
  const observe = safeHook(options.onMetric, report)
  const database = options.onMetric === undefined ? options.database : observeDatabase(options.database, observe)
  const limits = mergeLimits(options.limits)
  const now = checkClock(options.now ?? Date.now)
  const random = checkRandom(options.random ?? systemRandom)
  const sealer = createSealer(options.masterKey, random)
  const events = readEventReceiver(options.events)
  return {
    database,
    custodian,
    policy,
    intents: readIntentRules(options.intents, options.requireIntent),
    authorizeExport,
    onCheating,
    caught: new Map(),
    turns: createTurns(limits.requestMs),
    sealer,
    audit: createAuditLog({ database, sealer, random, now, sendsEvents: events !== undefined }),
    events,
    random,
    limits,
    now,
    observe,
    onRequest: safeHook(options.onRequest, report),
    onError(error) {
      // The client is told so, and whatever is not done here is done where it is.
      if (isRefusedAsMoved(error)) return
      observe({ name: 'error', kind: errorKind(error) })
      report(error)
    },
  }
}

async function observedSweep(context: ServerContext, sweep: Parts['sweep']): Promise<void> {
  const started = performance.now()
  const end = (outcome: 'ok' | 'failed') => context.observe({ name: 'sweep', outcome, ms: since(started) })
  try {
    await sweep(context)
    end('ok')
  } catch (error) {
    end('failed')
    throw error
  }
}

function requireCustodianMethods(custodian: Custodian | undefined): void {
  if (custodian === undefined) return
  const kindOf = (name: keyof Custodian) => typeof custodian[name]
  const deletes = kindOf('delete') === 'function' || kindOf('delete') === 'undefined'
  if (kindOf('store') === 'function' && kindOf('fetch') === 'function' && deletes) return
  throw new TypeError('custodian must have the functions store and fetch, and may have delete')
}

function mergeLimits({ rates, lockOut, ...numbers }: LimitOptions = {}): ServerLimits {
  for (const [name, value] of Object.entries(numbers)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new TypeError(`unknown limit ${name}`)
    checkLimit(name, value)
  }
  return { ...DEFAULT_LIMITS, ...numbers, rates: mergeRates(rates), lockOut: checkLockOut(lockOut) }
}
