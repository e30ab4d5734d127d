import { assertMethods, assertObject } from '../util/arguments.ts'

/**
 * A way to another realm. Both sides need one: `reshare/remote` writes texts of JSON to it and checks every text that it
 * delivers. {@link messagePort} and {@link windowPort} make one; for anything else that carries strings, such as a WebView,
 * an app makes it itself.
 */
export interface Port {
  /** Sends a text. It may throw if nothing can be sent any more. */
  send(text: string): void
  /**
   * Receives texts from now on.
   *
   * @param onText called with each text, in the order in which they were sent. Anything but a string is ignored.
   * @param onClosed called if it is known that the other side is gone. Not every port can know it.
   * @returns ends the receiving
   */
  listen(onText: (text: unknown) => void, onClosed: () => void): () => void
  /** The origin of the other side as the browser states it; undefined if the port does not know one. */
  readonly origin?: string
}

/** What {@link messagePort} takes: a `Worker`, a `MessagePort`, or `self` within a dedicated worker. */
export interface MessageTarget {
  /** Sends a message. */
  postMessage(message: unknown): void
  /** Adds a listener. */
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void
  /** Removes a listener. */
  removeEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void
  /** A `MessagePort` delivers nothing before. */
  start?(): void
}

/**
 * A port on a `Worker`, on a `MessagePort`, or on `self` within a dedicated worker: whatever has a single other side.
 *
 * A worker that cannot be loaded closes it. Not every engine tells a `MessagePort` that its other side is gone.
 *
 * @throws {TypeError} if it is none of these, or a window: use {@link windowPort}
 *
 * @example
 * const client = remoteClient(messagePort(new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })))
 */
export function messagePort(target: MessageTarget): Port {
  assertMethods(target, ['postMessage', 'addEventListener', 'removeEventListener'], 'target')
  if ('document' in target || 'frames' in target) throw new TypeError('target is a window: use windowPort')
  return {
    send: (text) => target.postMessage(text),
    listen(onText, onClosed) {
      let hasReceived = false
      const receive = ({ data }: { readonly data?: unknown }) => {
        hasReceived = true
        onText(data)
      }
      // Once a worker runs, its uncaught errors do not end it.
      const fail = () => {
        if (!hasReceived) onClosed()
      }
      const listeners = { message: receive, error: fail, close: onClosed }
      for (const [type, listener] of Object.entries(listeners)) target.addEventListener(type, listener)
      target.start?.()
      return () => {
        for (const [type, listener] of Object.entries(listeners)) target.removeEventListener(type, listener)
      }
    },
  }
}

/** Parameters of {@link windowPort}. */
export interface WindowPortParameters {
  /** The other window: `iframe.contentWindow` in the app, `window.parent` in the iframe. */
  readonly window: typeof globalThis extends { readonly Window: { readonly prototype: infer Window } } ? Window : object
  /** The exact origin of the other window, such as `https://wallet.example`. */
  readonly origin: string
  /** Where this side's messages arrive. Default: this window. */
  readonly receiver?: Pick<
    typeof globalThis extends { readonly Window: { readonly prototype: infer Window } } ? Window : MessageTarget,
    'addEventListener' | 'removeEventListener'
  >
}

/**
 * A port to another window, in an iframe or around one. Texts are sent to this origin only, and received from this window and
 * origin only.
 *
 * A sandboxed iframe without `allow-same-origin` has the origin `null`, which stands for any other such frame too: it is
 * refused, as `*` is.
 *
 * @throws {TypeError | RangeError} if `origin` is not an exact origin, or `window` is not another window
 *
 * @example
 * const client = remoteClient(windowPort({ window: iframe.contentWindow, origin: 'https://wallet.example' }))
 */
export function windowPort(parameters: WindowPortParameters): Port {
  const { window: other, origin, receiver = globalThis } = assertObject(parameters, 'windowPort')
  assertMethods(other, ['postMessage'], 'window')
  assertMethods(receiver, ['addEventListener', 'removeEventListener'], 'receiver')
  if (other === (receiver as unknown)) throw new RangeError('window must be another window')
  exactOrigin(origin)
  return {
    origin,
    send: (text) => other.postMessage(text, origin),
    listen(onText) {
      const receive = (event: MessageEvent) => {
        if (event.source === other && event.origin === origin) onText(event.data)
      }
      receiver.addEventListener('message', receive)
      return () => receiver.removeEventListener('message', receive)
    },
  }
}

/** @throws {TypeError | RangeError} unless it is an origin, as a browser writes it */
function exactOrigin(origin: string): void {
  if (typeof origin !== 'string') throw new TypeError('origin must be a string')
  let exact: string | undefined
  try {
    exact = new URL(origin).origin
  } catch {
    // It is no URL: `*`, `null`, a path.
  }
  if (exact !== origin || origin === 'null')
    throw new RangeError('origin must be an exact origin, such as https://a.example')
}

/** Asserts a port. @throws {TypeError} if it is not one */
export function portArgument(port: Port): Port {
  return assertMethods(port, ['send', 'listen'], 'port')
}
