import { MpcError } from '../errors.ts'
import { type Connection, type ConnectionTimes, createConnection, type Session } from './connection.ts'
import { errorFields } from './error-shape.ts'
import { APP_MESSAGE_MAX_LENGTH, type AppMessage, type HostMessage, writeMessage } from './messages.ts'
import type { Port } from './port.ts'
import { restore, unexpectedResponse } from './restore.ts'
import { type ActionData, type ActionName, type ActionResult, RESULTS } from './result-shapes.ts'
import { optional, whole } from './shape.ts'
import type { CallOptions } from './types.ts'
import { writeParameters } from './write-parameters.ts'

/** Runs actions in the other realm. */
export interface Calls {
  run<A extends ActionName>(action: A, data: ActionData<A>, options: CallOptions<A>): Promise<ActionResult<A>>
  close(): void
}

/** Times and callbacks of the calls. */
export interface CallSettings extends ConnectionTimes {
  /** How long the host may be silent while something runs there. */
  readonly silenceMs: number
  readonly onError: (error: unknown) => void
}

/** How many times a silent host is asked before it counts as gone. */
const PINGS = 8

/** More than what a message has besides its body, in UTF-16 code units. */
const ENVELOPE_LENGTH = 200

interface Pending {
  readonly action: ActionName
  readonly body: Omit<Extract<AppMessage, { readonly type: 'call' }>, 'session' | 'id'>
  readonly onEvent: ((event: never) => void) | undefined
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  /** Whether it has ended. */
  isOver: boolean
  /** Whether it was sent again, because the host had restarted before it arrived. */
  isRepeated: boolean
}

/** The calls of one client over its port. */
export function createCalls(port: Port, settings: CallSettings, random: (length: number) => Uint8Array): Calls {
  /** What runs in the current session, by id. Ids grow over all sessions. */
  const running = new Map<number, Pending>()
  let lastId = 0
  let unanswered = 0
  let pinging: ReturnType<typeof setInterval> | undefined
  let current: Session | undefined

  const connection: Connection = createConnection(port, settings, random, { onMessage: receive, onLost: loseAll })

  function receive(message: HostMessage): void {
    unanswered = 0
    if (message.type === 'gone') return restart(message.id ?? Infinity)
    const { type, id = 0, value } = message
    const call = running.get(id)
    if (call === undefined) return
    if (type === 'event') return report(call, value)
    remove(id)
    const { result } = RESULTS[call.action]
    try {
      if (type === 'error') call.reject(restore(errorFields(value, 'error', true)))
      else call.resolve(result(value, 'result', true))
    } catch (cause) {
      call.reject(unexpectedResponse(cause))
    }
  }

  function report({ action, onEvent }: Pending, value: unknown): void {
    const { event } = RESULTS[action]
    if (event === undefined || onEvent === undefined) return
    try {
      onEvent(event(value, 'event', true) as never)
    } catch (error) {
      settings.onError(error)
    }
  }

  /** The host does not know the session: it has restarted. What arrived there since then was not begun. */
  function restart(firstId: number): void {
    const calls = [...running]
    running.clear()
    forget()
    for (const [id, call] of calls) {
      if (id < firstId) call.reject(lost())
      else if (call.isRepeated) call.reject(new MpcError('REMOTE_UNAVAILABLE', 'the host restarts again and again'))
      else {
        call.isRepeated = true
        start(call).catch(call.reject)
      }
    }
  }

  function loseAll(): void {
    const calls = [...running.values()]
    running.clear()
    forget()
    for (const call of calls) call.reject(lost())
  }

  function forget(): void {
    current = undefined
    connection.forget()
    stopPinging()
  }

  async function start(call: Pending): Promise<void> {
    const session = await connection.open()
    if (call.isOver) return
    // It may have ended again meanwhile, if a port delivers several texts at once.
    if (!connection.isCurrent(session)) return start(call)
    current = session
    const id = ++lastId
    running.set(id, call)
    unanswered = 0
    pinging ??= setInterval(ping, settings.silenceMs / PINGS)
    session.send(writeMessage({ ...call.body, session: session.id, id }))
  }

  function ping(): void {
    if (current === undefined) return stopPinging()
    // Counted, not measured: a device that was asleep has not been silent.
    if (unanswered++ >= PINGS) return loseAll()
    current.send(writeMessage({ type: 'ping', session: current.id }))
  }

  function remove(id: number): void {
    running.delete(id)
    if (running.size === 0) stopPinging()
  }

  function stopPinging(): void {
    clearInterval(pinging)
    pinging = undefined
  }

  return {
    run<A extends ActionName>(action: A, data: ActionData<A>, options: CallOptions<A>): Promise<ActionResult<A>> {
      const { signal, onEvent } = options
      const parameters = writeParameters(data)
      const timeoutMs = timeout(options.timeoutMs, 'timeoutMs', false)
      const waitForApprovalMs = approvalWait(options.waitForApprovalMs, 'waitForApprovalMs', false)
      const times = {
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...(waitForApprovalMs !== undefined && { waitForApprovalMs }),
      }
      const body: Pending['body'] = { type: 'call', action, parameters, ...times }
      // A host ignores what is longer. Session and id have room in the rest.
      if (JSON.stringify(body).length > APP_MESSAGE_MAX_LENGTH - ENVELOPE_LENGTH) {
        throw new RangeError('the parameters are too long')
      }
      return new Promise<ActionResult<A>>((resolve, reject) => {
        const settle = (end: () => void) => {
          call.isOver = true
          signal?.removeEventListener('abort', abort)
          end()
        }
        const call: Pending = {
          action,
          body,
          onEvent,
          resolve: (value) => settle(() => resolve(value as ActionResult<A>)),
          reject: (error) => settle(() => reject(error)),
          isOver: false,
          isRepeated: false,
        }
        const abort = () => {
          call.reject(new MpcError('ABORTED', 'the caller aborted', { cause: signal?.reason }))
          const id = [...running].find(([, other]) => other === call)?.[0]
          if (id === undefined) return
          remove(id)
          current?.send(writeMessage({ type: 'abort', session: current.id, id }))
        }
        signal?.addEventListener('abort', abort)
        if (signal?.aborted) abort()
        else start(call).catch(call.reject)
      })
    },
    close: () => connection.close(),
  }
}

const timeout = optional(whole(1, 2 ** 31 - 1))
const approvalWait = optional(whole(0, Number.MAX_SAFE_INTEGER))

function lost(): MpcError {
  return new MpcError('REMOTE_FAILED', 'the host ended while the action ran; whether it has taken effect is not known')
}
