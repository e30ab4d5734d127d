import { getGroup } from '../curve/index.ts'
import { getEcdsaBackend } from '../protocol/ecdsa/ot/backend.ts'
import type { ShareStore } from '../storage/types.ts'
import type { Transport } from '../transport/types.ts'
import { systemRandom, type RandomSource } from '../util/random.ts'
import { checkText, LABEL } from '../util/text.ts'
import { assertMethods, oneOf, assertObject, timeout } from './arguments.ts'
import { createPreprocessingPool, type PoolOptions } from './ecdsa/preprocessing-pool.ts'
import type { OnCheating, Client } from './types.ts'

/** Long enough for the slowest password derivation on the slowest phone and for a server failover. */
const DEFAULT_TIMEOUT_MS = 120_000

/** Options of {@link createClient}. */
export interface ClientOptions {
  /** How the signing server is reached; `reshare/transport` has two implementations. */
  readonly transport: Transport
  /** Where this device stores its shares; `reshare/storage` has three implementations. */
  readonly storage: ShareStore
  /**
   * The name of this device in the list of sets: one line of at most 128 UTF-16 code units, in Unicode normalization
   * form C. Default: empty.
   */
  readonly label?: string
  /**
   * What an ECDSA signature does once the server has been caught cheating with a set: `refuse` until the set is
   * refreshed, or `ephemeralSetup`, which makes each signature with its own setup, in twice the time. Default:
   * `refuse`.
   */
  readonly onCheating?: OnCheating
  /**
   * What is preprocessed in the background, in memory, for the next ECDSA signatures of each wallet that makes any. A
   * preprocessed signature takes one small request instead of two of 91 KB. Default: two signatures.
   */
  readonly pool?: PoolOptions
  /** How long an action may take, in milliseconds, without the time spent in backup methods. Default: two minutes. */
  readonly timeoutMs?: number
  /**
   * Whether actions repeat, within their timeout, requests that failed in transit or met a busy or restarting server.
   * Default: true.
   */
  readonly repeats?: boolean
  /** Waits between two attempts. Default: a timer. */
  readonly wait?: (delayMs: number, signal: AbortSignal) => Promise<void>
  /** Receives the errors of the app's callbacks, such as `onProgress`. Default: the console. */
  readonly onError?: (error: unknown) => void
  /** The source of randomness. Default: the platform's generator. */
  readonly random?: RandomSource
  /** The current time in milliseconds since 1970. Default: the system clock. */
  readonly now?: () => number
}

/**
 * Creates a client from a transport and a share store. The actions take the client as their first argument.
 *
 * It does not read, write or send anything.
 *
 * @throws {TypeError | RangeError} if an option is wrong
 *
 * @example
 * const client = createClient({ transport: httpTransport('https://mpc.example'), storage: indexedDbStore('acme') })
 */
export function createClient(options: ClientOptions): Client {
  const {
    transport,
    storage,
    random = systemRandom,
    now = Date.now,
    label = '',
    onCheating = 'refuse',
    pool: poolOptions,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    repeats = true,
    wait = waitByTimer,
    onError = logError,
  } = assertObject(options, 'createClient')
  if (typeof random !== 'function') throw new TypeError('random must be a function')
  if (typeof now !== 'function') throw new TypeError('now must be a function')
  if (typeof repeats !== 'boolean') throw new TypeError('repeats must be true or false')
  if (typeof wait !== 'function') throw new TypeError('wait must be a function')
  if (typeof onError !== 'function') throw new TypeError('onError must be a function')
  const store = assertMethods(storage, ['probe', 'read', 'write', 'delete', 'list'], 'storage')
  const clock = wholeClock(now)
  const tellError = (error: unknown) => {
    try {
      onError(error)
    } catch {
      // There is nowhere left to report it.
    }
  }
  const epoch = new DataView(random(4).slice().buffer).getUint32(0)
  const pool = createPreprocessingPool({ epoch, now: clock, onError: tellError }, poolOptions)
  return Object.freeze({
    transport: assertMethods(transport, ['request'], 'transport'),
    store,
    storage: store,
    random,
    label: checkText(label, LABEL, 'label'),
    timeoutMs: timeout(timeoutMs),
    group: getGroup,
    ecdsa: getEcdsaBackend,
    now: clock,
    operations: new Set<string>(),
    undecidedOperations: new Set<string>(),
    onCheating: oneOf(onCheating, ['refuse', 'ephemeralSetup'], 'onCheating'),
    bans: new Map(),
    pool,
    dispose: () => pool.dispose(),
    repeats,
    wait,
    onError: tellError,
  })
}

/**
 * Records hold whole milliseconds. The result of a clock that returns anything else is replaced, since it would be
 * stored.
 */
function wholeClock(now: () => number): () => number {
  return () => {
    const time = Math.floor(now())
    return Number.isSafeInteger(time) && time >= 0 ? time : Date.now()
  }
}

function waitByTimer(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, delayMs)
    signal.addEventListener('abort', end)
  })
}

function logError(error: unknown): void {
  // eslint-disable-next-line no-console -- an app without a log still has to see that its callback fails
  console.error(error)
}
