import { getGroup } from '../curve/index.ts'
import { getEcdsaBackend } from '../protocol/ecdsa/ot/backend.ts'
import type { ShareStore } from '../storage/types.ts'
import type { Transport } from '../transport/types.ts'
import { systemRandom, type RandomSource } from '../util/random.ts'
import { checkText, LABEL } from '../util/text.ts'
import { assertMethods, oneOf, assertObject, timeout } from './arguments.ts'
import { createPreprocessingPool, type PoolOptions } from './preprocessing-pool.ts'
import type { OnCheating, Client } from './types.ts'

/** Long enough for the slowest password work on the slowest phone and a server that fails over. */
const DEFAULT_TIMEOUT_MS = 120_000

/** What a client is made of. */
export interface ClientOptions {
  /** How the signing server is reached; `reshare/transport` has two. */
  readonly transport: Transport
  /** Where this device keeps its shares; `reshare/storage` has three. */
  readonly storage: ShareStore
  /**
   * The name under which other devices see this one in the list of sets: one line of at most 128 UTF-16 code units, in normal
   * form C; empty by default.
   */
  readonly label?: string
  /**
   * What becomes of ECDSA once the server was caught cheating in a set: `refuse` (the default) until the set is refreshed,
   * or `ephemeralSetup`, which makes each signature with a setup of its own, in twice the time.
   */
  readonly onCheating?: OnCheating
  /**
   * What is made ready in the background, in memory, for the next ECDSA signatures of each wallet that makes any: with it a
   * signature takes one small request in place of two of 91 KB. Default: for two signatures.
   */
  readonly pool?: PoolOptions
  /** How long an action may take, in milliseconds; two minutes by default. What a backup method takes does not count. */
  readonly timeoutMs?: number
  /**
   * Whether actions send again, within their time, what failed on the way or met a server that is busy or restarts; true by
   * default. Without it one attempt decides.
   */
  readonly repeats?: boolean
  /** Waits between two attempts; a timer by default. */
  readonly wait?: (delayMs: number, signal: AbortSignal) => Promise<void>
  /** Told of what a callback of the app fails with, such as `onProgress`; the console by default. */
  readonly onError?: (error: unknown) => void
  /** Where the secrets come from; the platform's generator by default. */
  readonly random?: RandomSource
  /** Milliseconds since 1970; the system's clock by default. */
  readonly now?: () => number
}

/**
 * Binds a transport and a share store together; the actions take the client as their first argument.
 *
 * Nothing is read, written or sent.
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
      // Nobody is left to be told.
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

/** Records hold whole milliseconds. A clock that gives none is not asked: what it says would be stored. */
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
  // eslint-disable-next-line no-console -- an app that chose no log still has to see that its callback fails
  console.error(error)
}
