import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { askHook, readIds } from '../../service/hooks.ts'
import { errorResponse, jsonError, Unavailable } from '../../service/http.ts'
import { respondToErrors } from '../../service/middleware.ts'
import { notAuthorized } from '../../service/not-authorized.ts'
import { within } from '../../util/within.ts'
import type { CustodianUser } from '../types.ts'
import type { CipherTexts } from './cipher-texts.ts'
import type { Exports } from './exports.ts'
import type { CustodianLimits } from './limits.ts'
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
import type { CustodianShares } from './shares.ts'

/** What the custodian's HTTP side needs. */
export interface AppOptions {
  readonly shares: CustodianShares
  readonly cipherTexts: CipherTexts
  readonly exports: Exports
  readonly limits: CustodianLimits
  readonly authenticateUser: (request: Request) => CustodianUser | undefined | Promise<CustodianUser | undefined>
  /** The origins whose pages may call the client's endpoints. */
  readonly allowedOrigins: readonly string[]
  /** Throws unless the request has the webhook's secret. */
  readonly requireSecret: (request: Request) => void
  /** Resolves once the database is ready. */
  readonly ready: () => Promise<void>
  readonly onError: (error: unknown) => void
}

/** The custodian's HTTP API: its webhooks, and its endpoints for the client. */
export function createApp(options: AppOptions): Hono {
  const { shares, cipherTexts, exports, limits, authenticateUser, allowedOrigins, requireSecret, ready } = options
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

  const app = new Hono()
  const failed = (error: unknown) => errorResponse(error, options.onError)
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
    await ready()
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
  return app
}
