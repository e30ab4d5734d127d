import { assertObject } from '../util/arguments.ts'
import { platformRandom } from '../util/platform-random.ts'
import { createCalls } from './calls.ts'
import { keysOf } from './keys.ts'
import { type Port, portArgument } from './port.ts'
import { whole } from './shape.ts'
import type { RemoteClient } from './types.ts'

/** Options of {@link remoteClient}. */
export interface RemoteClientOptions {
  /** How long the host may take to respond at first, in milliseconds. Default: 30 seconds. */
  readonly connectMs?: number
  /**
   * How long the host may be silent while an action runs there, in milliseconds. The key of a password may keep a worker busy
   * for a minute where the engine does not compile. Default: two minutes.
   */
  readonly silenceMs?: number
  /** Receives what callbacks of the app throw, such as `onProgress`. Default: the console. */
  readonly onError?: (error: unknown) => void
  /** Secure random bytes. Default: the platform's `crypto.getRandomValues`. */
  readonly random?: (length: number) => Uint8Array
}

const TIMER_MAX_MS = 2 ** 31 - 1

/**
 * A client in another realm: a worker, an iframe of another origin, a WebView, an extension's page. There, `serveClient`
 * serves it (`reshare/remote/serve`). This side has no share, no WebAssembly and no cryptography.
 *
 * Actions throw what the local ones throw, and besides:
 * - REMOTE_UNAVAILABLE if no host responds: nothing was begun;
 * - REMOTE_FAILED if the host ended while the action ran there: whether it has taken effect is not known. `resume` says;
 * - REMOTE_DENIED if the host does not serve the action, or its user did not approve it;
 * - RATE_LIMITED if more actions run than the host allows;
 * - PROTOCOL_VERSION_UNSUPPORTED if the host has another version of this package's messages.
 *
 * Nothing is sent before the first action.
 *
 * @throws {TypeError | RangeError} if an argument is wrong
 *
 * @example
 * const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
 * const client = remoteClient(messagePort(worker))
 */
export function remoteClient(port: Port, options: RemoteClientOptions = {}): RemoteClient {
  portArgument(port)
  const { connectMs = 30_000, silenceMs = 120_000, onError = logError } = assertObject(options, 'remoteClient')
  const { random = platformRandom } = options
  whole(1, TIMER_MAX_MS)(connectMs, 'connectMs', false)
  whole(8, TIMER_MAX_MS)(silenceMs, 'silenceMs', false)
  if (typeof onError !== 'function') throw new TypeError('onError must be a function')
  if (typeof random !== 'function') throw new TypeError('random must be a function')
  const calls = createCalls(port, { connectMs, silenceMs, onError }, random)
  const client: RemoteClient = Object.freeze({ ...calls, walletKeys: (walletId: string) => keysOf(client, walletId) })
  return client
}

function logError(error: unknown): void {
  // eslint-disable-next-line no-console -- an app without a log still has to see that its callback fails
  console.error(error)
}
