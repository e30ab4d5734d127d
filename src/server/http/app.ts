import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { matchedRoutes } from 'hono/route'
import type { OperationKind } from '../../wire/operations.ts'
import { ROUND_CONTENT_TYPE } from '../../wire/round-body.ts'
import { askHook, readIds } from '../../service/hooks.ts'
import { BadRequest, errorResponse, jsonError, readBody, Unavailable } from '../../service/http.ts'
import { respondToErrors } from '../../service/middleware.ts'
import { SEALED_PATH } from '../../channel/messages.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import type { HpkeKeyPair } from '../../hpke/x25519.ts'
import type { Caller } from '../access/caller.ts'
import { approve, deny, listApprovals } from '../approvals/decide.ts'
import type { ServerContext } from '../context.ts'
import { listDevices } from '../devices/list.ts'
import { revokeDevice } from '../devices/revoke.ts'
import { admitDevice } from '../devices/devices-table.ts'
import { since, type HandledRequest, type RequestMetric } from '../observe.ts'
import { clientMoved, hasMoved, isRefusedAsMoved } from '../client-moved.ts'
import { abortFor } from '../rounds/decisions.ts'
import { handleRound } from '../rounds/handle-round.ts'
import { joinStatus } from '../rounds/join-status.ts'
import { confirmBackup, retireSet } from '../sets/actions.ts'
import { notAuthorized } from '../../service/not-authorized.ts'
import { requireSet, requireSets, setStatus } from '../sets/sets-table.ts'
import { findWallets, parseWalletQuery } from '../sets/wallets.ts'
import { within } from '../../util/within.ts'
import type { Authenticate } from '../access/tokens.ts'
import { outcomeIn, requestName } from './outcome.ts'
import { keptResponse, storeResponse } from './stored-responses.ts'
import { parseId, parseRound } from '../rounds/requests.ts'
import { respondSealed, channelFailed, type Sealed } from './sealed.ts'

/** What the HTTP side needs besides the server's own parts. */
export interface AppOptions {
  readonly authenticate: Authenticate
  /** The origins whose pages may call the server; none unless given. */
  readonly allowedOrigins: readonly string[]
  /** What sealed requests are sealed to. */
  readonly channelKeys: readonly HpkeKeyPair[]
  /** Whether a request that is not sealed is refused. */
  readonly requireSealed: boolean
  /** Resolves once the database is ready. */
  readonly ready: () => Promise<void>
}

type Env = {
  /** What the server itself says of a request; nothing that comes from outside can set it. */
  Bindings: Partial<Sealed>
  Variables: {
    clientId: string
    /** The device that sealed the request: the hex of its public key. Null for a request that came unsealed. */
    device: string | null
    /** The kind and number of the round, once they are known. */
    played: Pick<HandledRequest, 'kind' | 'round'> | undefined
  }
}

/** The HTTP API: `src/wire/paths.ts` has the paths, and what goes in and out of them. */
export function createApp(context: ServerContext, options: AppOptions): Hono<Env> {
  const app = new Hono<Env>()
  const failed = (error: unknown) => errorResponse(isRefusedAsMoved(error) ? clientMoved() : error, context.onError)
  app.onError(failed)
  app.use(observing(context))
  app.use(respondToErrors(failed))
  app.notFound(() => jsonError(404, 'BAD_REQUEST', 'no such endpoint'))
  if (options.allowedOrigins.length > 0) {
    const headers = ['authorization', 'content-type']
    const exposeHeaders = ['date', 'retry-after']
    app.use(cors({ origin: [...options.allowedOrigins], allowHeaders: headers, exposeHeaders, maxAge: 600 }))
  }
  // Before the rest: who sends it is said within.
  app.post(SEALED_PATH, (c) => {
    if (c.env.device !== undefined) throw channelFailed()
    const { channelKeys } = options
    const { random, now } = context
    const { bodyBytes, requestMs } = context.limits
    return respondSealed(c.req.raw, { channelKeys, random, bodyBytes, requestMs, now }, async (inner, sealed) =>
      app.fetch(inner, sealed),
    )
  })
  // A database that hangs, for one: the request may have been done, or be done later.
  const late = () => new Unavailable('the request took too long')
  app.use('/v1/*', async (_, next) => within(context.limits.requestMs, () => next(), late))
  app.use('/v1/*', async (c, next) => {
    const device = c.env.device ?? null
    if (device === null && options.requireSealed) throw sealedOnly()
    await options.ready()
    c.set('device', device)
    c.set('clientId', await clientOf(options.authenticate, context.limits.hookMs, c.req.raw))
    const { requestId } = c.env
    const kept = await admitDevice(context, callerOf(c), requestId)
    const asked = requestId && { clientId: c.get('clientId'), requestId }
    if (kept === undefined) await next()
    else c.res = keptResponse(kept)
    if (mayBeLeftOver(c.req.method, c.res, c.error)) await requireHere(context, c.get('clientId'))
    if (asked !== undefined && kept === undefined) await storeResponse(context, asked, c.res, c.error)
    c.header('cache-control', 'no-store')
  })

  app.post('/v1/operations/:operationId/rounds/:round', async (c) => {
    const key = { ...callerOf(c), operationId: parseId('operation', c.req.param('operationId')) }
    const round = parseRound(c.req.param('round'))
    if (c.req.header('content-type') !== ROUND_CONTENT_TYPE) {
      throw new BadRequest(`the content type must be ${ROUND_CONTENT_TYPE}`)
    }
    const body = await readBody(c.req.raw, context.limits.bodyBytes)
    const onKind = (kind: OperationKind) => c.set('played', { kind, round })
    const response = await handleRound(context, key, { round, body, onKind })
    return c.body(response as Uint8Array<ArrayBuffer>, 200, { 'content-type': ROUND_CONTENT_TYPE })
  })
  app.post('/v1/operations/:operationId/abort', async (c) => {
    await requireNoBody(c)
    const operationId = parseId('operation', c.req.param('operationId'))
    return c.json(await abortFor(context, { ...callerOf(c), operationId }))
  })
  app.get('/v1/joins/:operationId/rounds/:round', async (c) => {
    const key = { ...callerOf(c), operationId: parseId('operation', c.req.param('operationId')) }
    const body = await joinStatus(context, key, parseRound(c.req.param('round')))
    return c.body(body as Uint8Array<ArrayBuffer>, 200, { 'content-type': ROUND_CONTENT_TYPE })
  })
  app.get('/v1/sets/:setId', async (c) => {
    const setId = parseId('set', c.req.param('setId'))
    return c.json(setStatus(await requireSet(context.database, c.get('clientId'), setId)))
  })
  app.post('/v1/sets/:setId/retire', async (c) => {
    await requireNoBody(c)
    return c.json(await retireSet(context, callerOf(c), parseId('set', c.req.param('setId'))))
  })
  app.post('/v1/sets/:setId/confirm', async (c) => {
    await requireNoBody(c)
    return c.json(await confirmBackup(context, callerOf(c), parseId('set', c.req.param('setId'))))
  })
  app.get('/v1/wallets', async (c) => c.json(await findWallets(context, callerOf(c), parseWalletQuery(c.req.query()))))
  app.get('/v1/wallets/:walletId/sets', async (c) => {
    const walletId = parseId('wallet', c.req.param('walletId'))
    const sets = await requireSets(context.database, c.get('clientId'), walletId)
    return c.json({ sets: sets.map(setStatus) })
  })
  app.get('/v1/devices', async (c) => c.json({ devices: await listDevices(context.database, c.get('clientId')) }))
  app.post('/v1/devices/:deviceId/revoke', async (c) => {
    await requireNoBody(c)
    return c.json(await revokeDevice(context, callerOf(c), parseId('device', c.req.param('deviceId'))))
  })
  app.get('/v1/approvals', async (c) => c.json({ approvals: await listApprovals(context, callerOf(c)) }))
  app.post('/v1/approvals/:approvalId/approve', async (c) => {
    await requireNoBody(c)
    return c.json(await approve(context, callerOf(c), parseId('approval', c.req.param('approvalId'))))
  })
  app.post('/v1/approvals/:approvalId/deny', async (c) => {
    await requireNoBody(c)
    return c.json(await deny(context, callerOf(c), parseId('approval', c.req.param('approvalId'))))
  })
  return app
}

/** Tells the hooks of each request, once it was handled. */
function observing({ observe, onRequest }: ServerContext): MiddlewareHandler<Env> {
  return async (c, next) => {
    const started = performance.now()
    await next()
    const [route] = matchedRoutes(c).filter(({ method }) => method !== 'ALL')
    const request: Omit<RequestMetric, 'name'> = {
      request: requestName(route),
      outcome: await outcomeIn(c.res),
      status: c.res.status,
      sealed: c.env.device !== undefined,
      ms: since(started),
      ...c.get('played'),
    }
    observe({ name: 'request', ...request })
    const [, operationId] = /^\/v1\/(?:operations|joins)\/([0-9a-f]{32})\//.exec(c.req.path) ?? []
    onRequest({ ...request, ...(operationId !== undefined && { operationId }) })
  }
}

/**
 * Whether a response may say what is left of a client that has moved: it refuses for good, or lists. What was written was written
 * here, and what may be repeated is refused here then.
 */
function mayBeLeftOver(method: string, res: Response, error: unknown): boolean {
  if (error !== undefined) return res.status < 500 && !(isMpcError(error) && error.retryable)
  return method === 'GET' && res.headers.get('content-type') !== ROUND_CONTENT_TYPE
}

/** @throws {CLIENT_MOVED} */
async function requireHere({ database }: ServerContext, clientId: string): Promise<void> {
  if (await hasMoved(database, clientId)) throw clientMoved()
}

function sealedOnly(): MpcError {
  return new MpcError('CHANNEL_FAILED', 'this server answers sealed requests only: connect with sealedTransport')
}

function callerOf({ var: { clientId, device } }: { readonly var: Env['Variables'] }): Caller {
  return { clientId, device }
}

async function clientOf(
  authenticate: Authenticate,
  hookMs: number,
  { url, method, headers }: Request,
): Promise<string> {
  const response = await askHook('authenticate', hookMs, ({ signal }) =>
    authenticate(new Request(url, { method, headers, signal })),
  )
  const authenticated = readIds('authenticate', response, ['clientId'])
  if (authenticated === undefined) throw notAuthorized()
  return authenticated.clientId
}

async function requireNoBody(c: Context<Env>): Promise<void> {
  if ((await readBody(c.req.raw, 1)).length > 0) throw new BadRequest('this request has no body')
}
