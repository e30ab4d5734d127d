import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { requireArithmetic } from '../../service/arithmetic.ts'
import { askHook, errorLog, readIds } from '../../service/hooks.ts'
import { errorResponse, jsonError, Unavailable } from '../../service/http.ts'
import { reportOnce } from '../../service/report-once.ts'
import { respondToErrors } from '../../service/middleware.ts'
import type { Database } from '../../service/database/types.ts'
import type { MasterKeys, Rotation } from '../../util/master-keys.ts'
import { assertObject } from '../../util/arguments.ts'
import { checkClock } from '../../util/clock.ts'
import { checkRandom, systemRandom, type RandomSource } from '../../util/random.ts'
import { createSealer } from '../../util/seal.ts'
import { within } from '../../util/within.ts'
import { createCipherTexts } from './cipher-texts.ts'
import { createExports } from './exports.ts'
import { createShareNames } from './share-names.ts'
import { createShares } from './shares.ts'
import { mergeLimits, type CustodianLimitOptions } from './limits.ts'
import {
  parseBackup,
  parseChallenge,
  parseCipherText,
  parseClientQuery,
  parseDelete,
  parseExportId,
  parseFetch,
  parseListQuery,
  parseShare,
  parseUserQuery,
} from './requests.ts'
import { rotate } from './rotate.ts'
import { custodianSchema } from './schema.ts'
import type { AuthorizeBackupExport, CustodianUser } from '../types.ts'
import { notAuthorized } from '../../service/not-authorized.ts'
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
 * endpoints for the client. Users can access only their own rows.
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

  const requireUser = async (
    { url, method, headers }: Request,
    requested: Partial<CustodianUser>,
  ): Promise<CustodianUser> => {
    const hookResult = await askHook('authenticateUser', limits.hookMs, ({ signal }) =>
      authenticateUser(new Request(url, { method, headers, signal })),
    )
    const user = readIds('authenticateUser', hookResult, ['userId', 'clientId'])
    if (user === undefined) throw notAuthorized()
    const { userId, clientId } = user
    const isOwn = (requested.userId ?? userId) === userId && (requested.clientId ?? clientId) === clientId
    if (!isOwn) throw notAuthorized()
    return user
  }

  let swept = false
  const app = new Hono()
  const failed = (error: unknown) => errorResponse(error, onError)
  app.onError(failed)
  app.use(respondToErrors(failed))
  app.notFound(() => jsonError(404, 'BAD_REQUEST', 'no such endpoint'))
  if (allowedOrigins.length > 0) {
    const allowHeaders = ['authorization', 'content-type']
    const allowMethods = ['GET', 'PUT', 'POST']
    const exposeHeaders = ['retry-after']
    const paths = cors({ origin: [...allowedOrigins], allowHeaders, allowMethods, exposeHeaders, maxAge: 600 })
    app.use('/users/*', paths)
    app.use('/clients/*', paths)
    app.use('/v1/*', paths)
  }
  // For example if the database hangs: the request may have been carried out, or may be later.
  const late = () => new Unavailable('the request took too long')
  app.use(async (_, next) => within(limits.requestMs, () => next(), late))
  app.use(async (c, next) => {
    await database.migrate(custodianSchema)
    if (!swept) {
      swept = true
      // Requests do not wait for it: what a sweep does or leaves undone matters only to the next sweep.
      void exports.sweep().catch(onError)
    }
    await next()
    c.header('cache-control', 'no-store')
  })

  app.post('/backup', async (c) => {
    requireSecret(c.req.raw)
    await shares.store(await parseBackup(c.req.raw))
    return c.json({})
  })
  app.post('/backup/fetch', async (c) => {
    requireSecret(c.req.raw)
    return c.json({ backupShares: await shares.fetch(await parseFetch(c.req.raw)) })
  })
  app.post('/backup/delete', async (c) => {
    requireSecret(c.req.raw)
    await shares.delete(await parseDelete(c.req.raw))
    return c.json({})
  })
  app.get('/users/:userId/encrypted-user-backup-shares', async (c) => {
    const user = await requireUser(c.req.raw, { userId: c.req.param('userId') })
    return c.json({ cipherText: await cipherTexts.find(user, parseUserQuery(c.req.query())) })
  })
  app.put('/users/:userId/encrypted-user-backup-shares', async (c) => {
    const user = await requireUser(c.req.raw, { userId: c.req.param('userId') })
    await cipherTexts.put(user, await parseCipherText(c.req.raw))
    return c.body(null, 204)
  })
  app.get('/clients/:clientId/backup', async (c) => {
    const user = await requireUser(c.req.raw, { clientId: c.req.param('clientId') })
    return c.json({ cipherText: await cipherTexts.find(user, parseClientQuery(c.req.query())) })
  })
  app.get('/v1/backups', async (c) => {
    const user = await requireUser(c.req.raw, {})
    return c.json({ backups: await cipherTexts.list(user, parseListQuery(c.req.query())) })
  })
  app.post('/v1/exports/:exportId/challenge', async (c) => {
    const user = await requireUser(c.req.raw, {})
    const exportId = parseExportId(c.req.param('exportId'))
    return c.json(await exports.challenge(user, exportId, await parseChallenge(c.req.raw)))
  })
  app.post('/v1/exports/:exportId/share', async (c) => {
    const user = await requireUser(c.req.raw, {})
    const exportId = parseExportId(c.req.param('exportId'))
    return c.json(await exports.share(user, exportId, await parseShare(c.req.raw)))
  })
  return {
    fetch: async (request) => app.fetch(request),
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
