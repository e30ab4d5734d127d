import { APP_MESSAGE_MAX_LENGTH, type AppMessage, id, type OtherVersion, readMessage, session } from '../messages.ts'
import { anything, object, oneOf, optional, type Shape, text, whole } from '../shape.ts'

const SHAPES: { readonly [T in AppMessage['type']]: Shape<Extract<AppMessage, { readonly type: T }>> } = {
  hello: object({ type: oneOf(['hello']), session }),
  call: object({
    type: oneOf(['call']),
    session,
    id,
    action: text(40),
    parameters: anything,
    timeoutMs: optional(whole(1, 2 ** 31 - 1)),
    waitForApprovalMs: optional(whole(0, Number.MAX_SAFE_INTEGER)),
  }),
  abort: object({ type: oneOf(['abort']), session, id }),
  ping: object({ type: oneOf(['ping']), session }),
  bye: object({ type: oneOf(['bye']), session }),
}

const type = object<{ type: string }>({ type: text(20) })

const appMessage: Shape<AppMessage | undefined> = (value, name, reading) => {
  const known = type(value, name, reading).type
  return Object.hasOwn(SHAPES, known) ? SHAPES[known as AppMessage['type']](value, name, reading) : undefined
}

/** Reads a message of the app. @returns undefined if it is not one */
export function readAppMessage(data: unknown): AppMessage | OtherVersion | undefined {
  return readMessage(data, appMessage, APP_MESSAGE_MAX_LENGTH)
}
