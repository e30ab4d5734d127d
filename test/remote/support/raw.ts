import { toBase64 } from '../../../src/util/bytes.ts'
import type { Port } from '../../../src/remote/index.ts'

/** A side that writes its own messages. */
export interface RawSide {
  /** What has arrived, as JSON. */
  readonly received: Record<string, unknown>[]
  send(message: object): void
  sendText(text: unknown): void
  /** Waits for a message with these fields. */
  next(fields: object): Promise<Record<string, unknown>>
}

export const SESSION = 'AAAAAAAAAAAAAAAAAAAAAA=='

export function rawSide(port: Port): RawSide {
  const received: Record<string, unknown>[] = []
  const waiting = new Set<() => void>()
  port.listen(
    (text) => {
      received.push(JSON.parse(text as string) as Record<string, unknown>)
      for (const look of waiting) look()
    },
    () => {},
  )
  return {
    received,
    sendText: (text) => port.send(text as string),
    send: (message) => port.send(JSON.stringify({ reshare: 'remote', version: 1, session: SESSION, ...message })),
    next: async (fields) => {
      const find = () =>
        received.find((message) => Object.entries(fields).every(([name, value]) => message[name] === value))
      for (;;) {
        const found = find()
        if (found !== undefined) return found
        await new Promise<void>((resolve) => {
          waiting.add(() => resolve())
        })
      }
    },
  }
}

/** Bytes in the parameters of a call. */
export function marked(bytes: Uint8Array): { readonly base64: string } {
  return { base64: toBase64(bytes) }
}
