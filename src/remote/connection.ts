import { MpcError } from '../errors.ts'
import { toBase64 } from '../util/bytes.ts'
import { type HostMessage, id, readMessage, session, writeMessage } from './messages.ts'
import type { Port } from './port.ts'
import { anything, object, oneOf, optional } from './shape.ts'

/** What a connection tells the calls that use it. */
export interface ConnectionListener {
  /** A message of the current session. */
  onMessage(message: HostMessage): void
  /** The session is over; what runs in it has an unknown outcome. */
  onLost(): void
}

/** A connection to the host, opened at its first use and again after the host has restarted. */
export interface Connection {
  /**
   * Opens a session, or returns the open one.
   *
   * @throws {REMOTE_UNAVAILABLE} if no host responds in time, or the port is closed
   * @throws {PROTOCOL_VERSION_UNSUPPORTED} if the host has another version of the messages
   */
  open(): Promise<Session>
  /** Whether a session is the open one. */
  isCurrent(session: Session): boolean
  /** Forgets the session, so that the next call opens another. */
  forget(): void
  /** Ends the session. Nothing can be opened afterwards. */
  close(): void
}

/** A session with the host. */
export interface Session {
  readonly id: string
  /** Sends a text. If that fails, the session is lost. */
  send(text: string): void
}

/** Times of a connection. */
export interface ConnectionTimes {
  /** How long the host may take to respond at first. */
  readonly connectMs: number
}

/** The longest text that is read, in UTF-16 code units: lists of wallets and sets. */
const MAX_LENGTH = 2 ** 24

const hostMessage = object<HostMessage>({
  type: oneOf(['ready', 'event', 'result', 'error', 'pong', 'gone']),
  session,
  id: optional(id),
  value: anything,
})

const FIRST_REPEAT_MS = 50
const LAST_REPEAT_MS = 1000

interface Opening {
  readonly session: Session
  readonly opened: Promise<Session>
  resolve(): void
  reject(error: MpcError): void
  isOpen: boolean
}

/**
 * A connection over a port.
 *
 * @param random draws ids of sessions
 */
export function createConnection(
  port: Port,
  { connectMs }: ConnectionTimes,
  random: (length: number) => Uint8Array,
  listener: ConnectionListener,
): Connection {
  let opening: Opening | undefined
  let stopListening: (() => void) | undefined
  /** Why nothing can be opened any more. */
  let ended: MpcError | undefined

  const unavailable = (message: string) => new MpcError('REMOTE_UNAVAILABLE', message)

  const receive = (data: unknown) => {
    const message = readMessage(data, hostMessage, MAX_LENGTH)
    if (message === undefined || message.session !== opening?.session.id) return
    if (message.type === 'otherVersion') {
      opening.reject(new MpcError('PROTOCOL_VERSION_UNSUPPORTED', 'the host has another version of reshare/remote'))
    } else if (message.type === 'ready') opening.resolve()
    else if (opening.isOpen) listener.onMessage(message)
  }

  const lose = (error: MpcError) => {
    const was = opening
    opening = undefined
    was?.reject(error)
    if (was?.isOpen) listener.onLost()
  }

  const end = (error: MpcError) => {
    ended ??= error
    stopListening?.()
    lose(error)
  }

  const send = (text: string) => {
    try {
      port.send(text)
    } catch (cause) {
      end(new MpcError('REMOTE_UNAVAILABLE', 'the port is closed', { cause, retryable: false }))
    }
  }

  const start = (): Opening => {
    stopListening ??= port.listen(receive, () => end(unavailable('the host is gone')))
    const id = toBase64(random(16))
    const session: Session = { id, send }
    let repeat: ReturnType<typeof setTimeout> | undefined
    const limit = setTimeout(() => made.reject(unavailable('no host responds')), connectMs)
    const settled = () => {
      clearTimeout(repeat)
      clearTimeout(limit)
    }
    const made = { session, isOpen: false } as Opening & { opened: Promise<Session> }
    made.opened = new Promise((resolve, reject) => {
      made.resolve = () => {
        settled()
        made.isOpen = true
        resolve(session)
      }
      made.reject = (error) => {
        settled()
        if (opening === made && !made.isOpen) opening = undefined
        reject(error)
      }
    })
    // Whoever waits for it handles it.
    made.opened.catch(() => undefined)
    // A frame that is still loading does not get the first one.
    const hello = (afterMs: number) => {
      if (opening === made) send(writeMessage({ type: 'hello', session: id }))
      if (opening === made) repeat = setTimeout(() => hello(Math.min(2 * afterMs, LAST_REPEAT_MS)), afterMs)
    }
    opening = made
    hello(FIRST_REPEAT_MS)
    return made
  }

  return {
    async open() {
      if (ended !== undefined) throw ended
      return (opening ?? start()).opened
    },
    isCurrent: (session) => opening?.session === session,
    forget() {
      opening = undefined
    },
    close() {
      if (opening !== undefined) send(writeMessage({ type: 'bye', session: opening.session.id }))
      end(new MpcError('REMOTE_UNAVAILABLE', 'this client is closed', { retryable: false }))
    },
  }
}
