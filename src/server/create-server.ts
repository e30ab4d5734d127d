import { requireArithmetic } from '../service/arithmetic.ts'
import { errorLog } from '../service/hooks.ts'
import { checkLimit, checkLockOut } from '../service/rates.ts'
import { reportOnce } from '../service/report-once.ts'
import type { Custodian } from '../custodian/types.ts'
import type { MasterKeys, Rotation } from '../util/master-keys.ts'
import { toHex } from '../util/bytes.ts'
import { checkClock } from '../util/clock.ts'
import { checkRandom, systemRandom, type RandomSource } from '../util/random.ts'
import { createSealer } from '../util/seal.ts'
import { createAuditLog } from './audit/log.ts'
import type { AuthorizeExport } from './access/authorize-export.ts'
import { readChannelKeys } from './access/channel-keys.ts'
import { DEFAULT_LIMITS, type OnCheating, type ServerContext, type ServerLimits } from './context.ts'
import type { Database } from '../service/database/types.ts'
import { createApp } from './http/app.ts'
import type { Policy } from './access/policy.ts'
import { mergeRates, type RateLimits } from './access/rate-limits.ts'
import { rotate } from './maintenance/rotate.ts'
import { createTurns } from './rounds/turns.ts'
import { serverSchema } from './schema.ts'
import { sweep } from './maintenance/sweep.ts'
import type { Authenticate } from './access/tokens.ts'
import { assertObject } from '../util/arguments.ts'

/** {@link ServerLimits} that differ from the defaults; `rates: null` is no rates at all. */
export type LimitOptions = Partial<Omit<ServerLimits, 'rates'>> & { readonly rates?: Partial<RateLimits> | null }

/** Options of {@link createServer}. */
export interface ServerOptions {
  /** Where shares and sessions are kept. It stays the caller's to close. */
  readonly database: Database
  /** The app's backend; a server without one makes no backups and recovers nothing. Each call may take `limits.custodianMs`. */
  readonly custodian?: Custodian
  /** Tells who a request comes from. There is no default: whoever it lets in may act for the clients it names. */
  readonly authenticate: Authenticate
  /** Asked before every action; all are allowed unless given. */
  readonly policy?: Policy
  /** Asked before a private key is exported, besides the policy; without it every export is denied. */
  readonly authorizeExport?: AuthorizeExport
  /**
   * What becomes of ECDSA on a set after its client was caught cheating: `refuse` (unless given), or `ephemeralSetup`, by
   * which it signs on with a setup of its own for each signature. Refreshing or recovering gives a new set either way.
   */
  readonly onCheating?: OnCheating
  /**
   * 32 bytes that seal what the database keeps. Without it the wallets' server shares are lost. While one key takes the
   * place of another: both, with their ids.
   */
  readonly masterKey: MasterKeys
  readonly limits?: LimitOptions
  /**
   * X25519 secret keys of 32 bytes to which clients seal their requests: the current one first, then those that clients
   * still have pinned. Without any no sealed request opens.
   */
  readonly channelKeys?: readonly Uint8Array[]
  /** Whether requests that are not sealed are refused; false unless given. */
  readonly requireSealed?: boolean
  /** The origins whose pages may call the server from a browser; none unless given. */
  readonly allowedOrigins?: readonly string[]
  /**
   * Told of errors that are answered as INTERNAL, of hooks and custodians that fail, and of what a sweep leaves undone; the
   * console unless given.
   */
  readonly onError?: (error: unknown) => unknown
  /** Milliseconds since 1970; the system's clock unless given. */
  readonly now?: () => number
  readonly random?: RandomSource
}

/** The signing server that {@link createServer} made. */
export interface Server {
  /** The public key that clients pin (`serverKey` of `reshare/channel`), as hex; undefined without channel keys. */
  readonly channelKey: string | undefined
  /** Answers one request. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>
  /**
   * Aborts expired operations, finishes interrupted retirements and forgets old answers. Begins with the first request;
   * call it from time to time. What fails is told to `onError`, holds up nothing else, and is left for the next call; only a
   * database that does not answer makes it reject.
   */
  readonly sweep: () => Promise<void>
  /**
   * Seals what other master keys have sealed again, by the current one. Call it until nothing remains, then take the
   * others away.
   */
  readonly rotate: () => Promise<Rotation>
}

/**
 * The signing server as a function from Request to Response. It keeps nothing in memory between requests, but for a ban
 * that the database would not take: any of several processes on one database can take the next.
 *
 * @throws {TypeError | RangeError} for options that do not fit
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
  const sweepOnce = () => (sweeping ??= sweep(context).finally(() => (sweeping = undefined)))
  const migrate = () => context.database.migrate(serverSchema)
  const ready = async () => {
    await migrate()
    // Whoever cannot open the log changes no set, and is told so then; it signs on.
    await context.audit.open().catch(() => undefined)
    if (swept) return
    swept = true
    // Requests wait for none of it: what a sweep finds or leaves undone concerns nobody but the next sweep.
    void sweepOnce().catch(context.onError)
  }
  const app = createApp(context, { authenticate, allowedOrigins, channelKeys, requireSealed, ready })
  return {
    channelKey: channelKeys[0] && toHex(channelKeys[0].publicKey),
    fetch: async (request) => app.fetch(request, {}),
    sweep: async () => {
      swept = true
      await migrate()
      // What needs no log is done nevertheless.
      await context.audit.open().catch(context.onError)
      await sweepOnce()
    },
    rotate: async () => {
      await migrate()
      await context.audit.open().catch(() => undefined)
      return rotate(context)
    },
  }
}

function serverContext(options: ServerOptions): ServerContext {
  const { database, custodian, policy, authorizeExport, onCheating = 'refuse' } = options
  if (typeof database?.transaction !== 'function') throw new TypeError('database is required')
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
  const limits = mergeLimits(options.limits)
  const now = checkClock(options.now ?? Date.now)
  const random = checkRandom(options.random ?? systemRandom)
  const sealer = createSealer(options.masterKey, random)
  return {
    database,
    custodian,
    policy,
    authorizeExport,
    onCheating,
    caught: new Map(),
    turns: createTurns(limits.requestMs),
    sealer,
    audit: createAuditLog({ database, sealer, random, now }),
    random,
    limits,
    now,
    onError: reportOnce(errorLog(options.onError)),
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
