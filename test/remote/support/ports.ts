import type { Port } from '../../../src/remote/index.ts'

/** Two ends of a port within this realm, and every text that was sent. */
export interface PortPair {
  readonly app: Port & { close(): void }
  readonly host: Port & { close(): void }
  /** Texts of the app to the host. */
  readonly toHost: string[]
  /** Texts of the host to the app. */
  readonly toApp: string[]
}

/** Ports that carry strings only, as a WebView does. */
export function stringPorts(origin?: string): PortPair {
  const toHost: string[] = []
  const toApp: string[] = []
  const app = end(toHost)
  const host = end(toApp, origin)
  app.other = host
  host.other = app
  return { app, host, toHost, toApp }
}

interface End extends Port {
  other: End | undefined
  readonly texts: Set<(text: unknown) => void>
  readonly closed: Set<() => void>
  close(): void
}

function end(sent: string[], origin?: string): End {
  const made: End = {
    ...(origin !== undefined && { origin }),
    other: undefined,
    texts: new Set(),
    closed: new Set(),
    send(text) {
      sent.push(text)
      const { other } = made
      queueMicrotask(() => other?.texts.forEach((receive) => receive(text)))
    },
    listen(onText, onClosed) {
      made.texts.add(onText)
      made.closed.add(onClosed)
      return () => {
        made.texts.delete(onText)
        made.closed.delete(onClosed)
      }
    },
    close() {
      for (const side of [made, made.other]) [...(side?.closed ?? [])].forEach((tell) => tell())
    },
  }
  return made
}
