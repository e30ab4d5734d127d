import { isMpcError, MpcError } from '../../errors.ts'
import type { BackupMethod, BackupSource, Client } from '../../index.ts'
import { assertMethods, assertObject } from '../../util/arguments.ts'
import { isArgumentError } from '../../util/brand.ts'
import { type AppMessage, type HostMessage, type OtherVersion, writeMessage } from '../messages.ts'
import { type Port, portArgument } from '../port.ts'
import { whole } from '../shape.ts'
import { readAppMessage } from './app-message.ts'
import type { Approve } from './approval.ts'
import { describe } from './describe.ts'
import { type Makers, runAction, type Served, type ServedActions } from './run-action.ts'

/** Options of {@link serveClient}. */
export interface ServeOptions {
  /**
   * The actions that the app may call, by their names: `{ generateWallet, sign }`, or all of `reshare`. Others are refused,
   * and not bundled.
   */
  readonly actions: ServedActions
  /**
   * Decides before any action that changes something or uses a key; `() => true` where the app's page may do what the client
   * may. It is asked for one action at a time, also with several ports.
   */
  readonly approve: Approve
  /** How long an approval may take, in milliseconds; the action's own time begins afterwards. Default: two minutes. */
  readonly approvalTimeoutMs?: number
  /** What makes backup methods from their descriptions, by their `type`. Default: none. */
  readonly methods?: Makers<BackupMethod>
  /** What makes sources of backups from their descriptions, by their `type`. Default: none. */
  readonly sources?: Makers<BackupSource>
  /** How many actions of this port may run or wait at the same time. Default: 64. */
  readonly maxCalls?: number
  /** Receives errors that the app must not see. Default: the client's `onError`. */
  readonly onError?: (error: unknown) => void
}

/** A client that is served over a port. */
export interface RemoteHost {
  /** Aborts what runs, and serves no more. The port stays open, and the client can still be used. */
  readonly close: () => void
}

const TIMER_MAX_MS = 2 ** 31 - 1

/**
 * Serves a client to an app in another realm, which has a `remoteClient` on the other end of the port. Several ports can be
 * served with the same client.
 *
 * Shares, OT states and exported keys do not leave this realm, and every message is checked. Messages that are not of this
 * package are ignored. Never throws because of a message.
 *
 * @throws {TypeError | RangeError} if an argument is wrong
 *
 * @example
 * serveClient(client, messagePort(self), {
 *   actions: { generateWallet, backupWallet, recoverWallet, sign },
 *   methods: { password: ({ password: secret }) => password(secret ?? '') },
 *   approve: () => true, // the page may do what this worker may
 * })
 */
export function serveClient(client: Client, port: Port, options: ServeOptions): RemoteHost {
  assertMethods(client, ['group', 'now', 'random', 'onError'], 'client')
  portArgument(port)
  const {
    actions,
    approve,
    approvalTimeoutMs = 120_000,
    methods = {},
    sources = {},
    maxCalls = 64,
  } = assertObject(options, 'serveClient')
  const { onError = client.onError } = options
  assertObject(actions, 'actions')
  assertMakers(methods, 'methods')
  assertMakers(sources, 'sources')
  if (typeof approve !== 'function') throw new TypeError('approve must be a function')
  if (typeof onError !== 'function') throw new TypeError('onError must be a function')
  whole(1, TIMER_MAX_MS)(approvalTimeoutMs, 'approvalTimeoutMs', false)
  whole(1, 1000)(maxCalls, 'maxCalls', false)
  return serve({ client, actions, approve, approvalTimeoutMs, methods, sources, onError }, port, maxCalls)
}

function assertMakers(makers: Makers<unknown>, name: string): void {
  for (const maker of Object.values(assertObject(makers, name))) {
    if (typeof maker !== 'function') throw new TypeError(`${name} must be functions`)
  }
}

/** A session of the app on the other side. */
interface Session {
  readonly id: string
  /** The largest id of a call; each is larger than the one before. */
  lastId: number
  readonly running: Map<number, AbortController>
}

function serve(served: Served, port: Port, maxCalls: number): RemoteHost {
  const { onError } = served
  let session: Session | undefined
  /** How many calls of all sessions run or wait: one that is aborted may go on for a while. */
  let active = 0

  const send = (message: HostMessage) => {
    try {
      port.send(writeMessage(message))
    } catch (error) {
      onError(error)
    }
  }

  const end = () => {
    for (const controller of session?.running.values() ?? []) controller.abort()
    session = undefined
  }

  const begin = (id: string) => {
    if (session?.id !== id) {
      end()
      session = { id, lastId: 0, running: new Map() }
    }
    send({ type: 'ready', session: id })
  }

  const receive = (message: AppMessage | OtherVersion) => {
    // The response has this version, which tells the app.
    if (message.type === 'otherVersion') return send({ type: 'pong', session: message.session })
    if (message.type === 'hello') return begin(message.session)
    if (session === undefined || session.id !== message.session) {
      return send({ type: 'gone', session: message.session, ...(message.type === 'call' && { id: message.id }) })
    }
    if (message.type === 'ping') return send({ type: 'pong', session: session.id })
    if (message.type === 'bye') return end()
    if (message.type === 'abort') return session.running.get(message.id)?.abort()
    if (message.id > session.lastId) void run(session, message)
  }

  const run = async (own: Session, message: AppMessage & { readonly type: 'call' }) => {
    const { id, action, parameters, timeoutMs, waitForApprovalMs } = message
    const respond = (message: HostMessage) => {
      if (session === own) send(message)
    }
    own.lastId = id
    const controller = new AbortController()
    active++
    try {
      if (active > maxCalls) throw new MpcError('RATE_LIMITED', 'too many actions run at the same time')
      own.running.set(id, controller)
      const call = { action, parameters, timeoutMs, waitForApprovalMs, origin: port.origin, signal: controller.signal }
      const value = await runAction(served, call, (value) => respond({ type: 'event', session: own.id, id, value }))
      respond({ type: 'result', session: own.id, id, value })
    } catch (error) {
      if (!isMpcError(error) && !isArgumentError(error)) onError(error)
      respond({ type: 'error', session: own.id, id, value: describe(error) })
    } finally {
      active--
      own.running.delete(id)
    }
  }

  const stop = port.listen((data) => {
    const message = readAppMessage(data)
    if (message !== undefined) receive(message)
  }, end)
  return Object.freeze({
    close: () => {
      stop()
      if (session !== undefined) send({ type: 'gone', session: session.id })
      end()
    },
  })
}
