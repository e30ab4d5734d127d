import { object, oneOf, type Shape, text, whole } from './shape.ts'

// Every message is one text of JSON, whatever the port. `reshare`, `version` and `session` keep their place in all versions.

/** The version of these messages. */
const VERSION = 1

interface AnyMessage {
  /** 16 random bytes in base64, drawn by the app: whoever cannot read the port cannot guess it. */
  readonly session: string
}

/** A message of the app to the host. */
export type AppMessage =
  /** Begins a session, and ends the one before. Repeated until the host responds. */
  | (AnyMessage & { readonly type: 'hello' })
  /** Runs an action. Ids only grow in a session, so that no call runs twice. */
  | (AnyMessage & {
      readonly type: 'call'
      readonly id: number
      readonly action: string
      readonly parameters: unknown
      readonly timeoutMs?: number | undefined
      readonly waitForApprovalMs?: number | undefined
    })
  /** Aborts a call. */
  | (AnyMessage & { readonly type: 'abort'; readonly id: number })
  /** Asks whether the host is alive. */
  | (AnyMessage & { readonly type: 'ping' })
  /** Ends the session, and aborts what runs in it. */
  | (AnyMessage & { readonly type: 'bye' })

/** A message of the host to the app. */
export interface HostMessage extends AnyMessage {
  /**
   * - `ready`: the session has begun;
   * - `event`: what a call reports while it runs, by the shape of its action;
   * - `result`, `error`: how a call ended, by the shape of its action, and of errors;
   * - `pong`: the host is alive;
   * - `gone`: there is no such session. A call with this id, and every later one, was not begun.
   */
  readonly type: 'ready' | 'event' | 'result' | 'error' | 'pong' | 'gone'
  /** Of the call. */
  readonly id?: number
  /** What is reported or returned, or the error. */
  readonly value?: unknown
}

/** A message of the other side in another version; of such a message, nothing but its session is known. */
export type OtherVersion = AnyMessage & { readonly type: 'otherVersion' }

/** The longest text that a host reads, in UTF-16 code units: a message of 64 KiB or a cipherText, with room to spare. */
export const APP_MESSAGE_MAX_LENGTH = 2 ** 19

/** What ids of sessions are. */
export const session = text(24)
/** What ids of calls are. */
export const id = whole(1, Number.MAX_SAFE_INTEGER)

/** What a message of every version has. */
const envelope = object<AnyMessage & { reshare: 'remote'; version: number }>({
  reshare: oneOf(['remote']),
  version: whole(1, 2 ** 31),
  session,
})

/** The text of a message. */
export function writeMessage(message: AppMessage | HostMessage): string {
  return JSON.stringify({ reshare: 'remote', version: VERSION, ...message })
}

/**
 * The door: whatever a port delivers becomes a message, or nothing. Never throws.
 *
 * @returns undefined if it is no message of this shape
 */
export function readMessage<M>(data: unknown, shape: Shape<M>, mostLength: number): M | OtherVersion | undefined {
  if (typeof data !== 'string' || data.length > mostLength) return undefined
  try {
    const json: unknown = JSON.parse(data)
    const { version, session } = envelope(json, 'message', true)
    return version === VERSION ? shape(json, 'message', true) : { type: 'otherVersion', session }
  } catch {
    return undefined
  }
}
