import { requireArithmetic } from '../../service/arithmetic.ts'
import { errorLog } from '../../service/hooks.ts'
import { errorResponse } from '../../service/http.ts'
import { loadOptional } from '../../service/optional-packages.ts'
import { reportOnce } from '../../service/report-once.ts'
import type { Database } from '../../service/database/types.ts'
import type { MasterKeys, Rotation } from '../../util/master-keys.ts'
import { assertObject } from '../../util/arguments.ts'
import { checkClock } from '../../util/clock.ts'
import { checkRandom, systemRandom, type RandomSource } from '../../util/random.ts'
import { createSealer } from '../../util/seal.ts'
import { createCipherTexts } from './cipher-texts.ts'
import { createExports } from './exports.ts'
import { createShareNames } from './share-names.ts'
import { createShares } from './shares.ts'
import { mergeLimits, type CustodianLimitOptions } from './limits.ts'
import { rotate } from './rotate.ts'
import { custodianSchema } from './schema.ts'
import type { AuthorizeBackupExport, CustodianUser } from '../types.ts'
import { createSecretCheck } from '../webhook-secret.ts'

/** Options of {@link createCustodian}. */
export interface CustodianOptions {
  /** Stores shares and cipherTexts; it may be the app's own database. The caller closes it. */
  readonly database: Database
  /** What the signing server must send as `X-Webhook-Secret`: printable ASCII, 16 characters or more. */
  readonly webhookSecret: string
  /**
   * 32 bytes. Custodian shares are sealed with it, and stored under names derived from it; without it they are lost.
   * While one key replaces another: both, with their ids.
   */
  readonly masterKey: MasterKeys
  /** Returns the app's user that a request comes from, by its headers; undefined if there is none. */
  readonly authenticateUser: (request: Request) => CustodianUser | undefined | Promise<CustodianUser | undefined>
  /** Called before a share is released to its user. Default: every export is denied. */
  readonly authorizeExport?: AuthorizeBackupExport
  /** How many exports a user may start, and when failures lock the user out. */
  readonly limits?: CustodianLimitOptions
  /** The origins whose pages may call the client's endpoints from a browser. Default: none. */
  readonly allowedOrigins?: readonly string[]
  /**
   * Receives errors whose response is INTERNAL, failures of hooks, and shares that `rotate` could not reseal. Default: the
   * console.
   */
  readonly onError?: (error: unknown) => unknown
  /** The clock, in milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number
  /** Cryptographically secure random bytes. Default: the platform's. */
  readonly random?: RandomSource
}

/** A custodian: its request handler and its maintenance. Made by {@link createCustodian}. */
export interface CustodianApp {
  /** Handles one request. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>
  /** Deletes expired exports and counts. The first request starts a sweep; call it regularly. */
  readonly sweep: () => Promise<void>
  /**
   * Reseals and renames the shares of other master keys with the current one. Call it until nothing remains, then remove
   * the other keys.
   */
  readonly rotate: () => Promise<Rotation>
}

/**
 * Creates the custodian as a fetch handler to mount in the app's backend: the webhooks for the signing server and the
 * endpoints for the client. Users can access only their own rows. It needs the packages `hono` and `valibot`, which it
 * imports at its first request.
 *
 * @throws {TypeError | RangeError} if an option is invalid
 * @throws {Error} if WebAssembly is missing or not allowed
 */
export function createCustodian(options: CustodianOptions): CustodianApp {
  requireArithmetic()
  const { database, authenticateUser, authorizeExport, allowedOrigins = [] } = assertObject(options, 'createCustodian')
  if (typeof database?.transaction !== 'function') throw new TypeError('database is required')
  if (typeof authenticateUser !== 'function') throw new TypeError('authenticateUser is required')
  if (authorizeExport !== undefined && typeof authorizeExport !== 'function') {
    throw new TypeError('authorizeExport must be a function')
  }
  const onError = reportOnce(errorLog(options.onError))
  const now = checkClock(options.now ?? Date.now)
  const random = checkRandom(options.random ?? systemRandom)
  const sealer = createSealer(options.masterKey, random)
  const namesOf = createShareNames(options.masterKey)
  const requireSecret = createSecretCheck(options.webhookSecret)
  const shares = createShares({ database, sealer, namesOf, now })
  const cipherTexts = createCipherTexts({ database, hasShare: (...key) => shares.has(...key), now })
  const limits = mergeLimits(options.limits)
  const exports = createExports({ database, shares, authorizeExport, limits, onError, now, random })

  let swept = false
  const ready = async () => {
    await database.migrate(custodianSchema)
    if (swept) return
    swept = true
    // Requests do not wait for it: what a sweep does or leaves undone matters only to the next sweep.
    void exports.sweep().catch(onError)
  }
  let app: ReturnType<Parts['createApp']> | undefined
  const openApp = async () => {
    const { createApp } = await loadParts()
    const stores = { shares, cipherTexts, exports }
    return (app ??= createApp({ ...stores, limits, authenticateUser, allowedOrigins, requireSecret, ready, onError }))
  }
  return {
    fetch: async (request) => {
      try {
        return await (app ?? (await openApp())).fetch(request)
      } catch (error) {
        return errorResponse(error, onError)
      }
    },
    sweep: async () => {
      swept = true
      await database.migrate(custodianSchema)
      await exports.sweep()
    },
    rotate: async () => {
      await database.migrate(custodianSchema)
      return rotate({ database, sealer, namesOf, onError })
    },
  }
}

type Parts = typeof import('./app.ts')

/** @throws {Misconfigured} if a package is missing */
function loadParts(): Promise<Parts> {
  return loadOptional('reshare/custodian', ['hono', 'valibot'], () => import('./app.ts'))
}
