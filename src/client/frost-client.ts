import { getGroup } from '../curve/index.ts'
import type { ShareStore } from '../storage/types.ts'
import type { Transport } from '../transport/types.ts'
import { systemRandom, type RandomSource } from '../util/random.ts'
import { checkText, LABEL } from '../util/text.ts'
import { getPublicKey } from './actions/get-public-key.ts'
import { sign } from './actions/sign.ts'
import { signAll } from './actions/sign-all.ts'
import { approvalWaitArgument, assertMethods, assertObject, timeout } from './arguments.ts'
import type { Client } from './types.ts'
import { walletKeys } from './wallet-keys.ts'

/** Long enough for the slowest password derivation on the slowest phone and for a server failover. */
const DEFAULT_TIMEOUT_MS = 120_000

/** Options of {@link createFrostClient}. */
export interface FrostClientOptions {
  /** How the signing server is reached; `reshare/transport` has two implementations. */
  readonly transport: Transport
  /** Where this device stores its shares; `reshare/storage` has three implementations. */
  readonly storage: ShareStore
  /**
   * The name of this device in the list of sets: one line of at most 128 UTF-16 code units, in Unicode normalization
   * form C. Default: empty.
   */
  readonly label?: string
  /** How long an action may take, in milliseconds, without the time spent in backup methods. Default: two minutes. */
  readonly timeoutMs?: number
  /**
   * How long an action waits if the server asks for an approval or a delay, in milliseconds; then it ends with
   * APPROVAL_REQUIRED. Default: 0, which ends it at once.
   */
  readonly waitForApprovalMs?: number
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
 * Creates a client that signs by FROST alone: Ed25519 and BIP 340. An app that imports this and not `createClient`
 * bundles no ECDSA code.
 *
 * Its wallets have the same keys. The sets that it makes have no ECDSA setup: a client of `createClient` on the same
 * store makes one at its first ECDSA signature. With a set, this client also deletes the setup that another client has
 * made for it.
 *
 * It does not read, write or send anything.
 *
 * @throws {TypeError | RangeError} if an option is wrong
 *
 * @example
 * const client = createFrostClient({ transport: httpTransport('https://mpc.example'), storage: indexedDbStore('acme') })
 */
export function createFrostClient(options: FrostClientOptions): Client {
  return completeClient({ ...clientFrom(options, 'createFrostClient'), ecdsa: undefined, dispose: () => {} })
}

/**
 * What every client is made of.
 *
 * @param name of the function that was called
 */
export function clientFrom(
  options: FrostClientOptions,
  name: string,
): Omit<Client, 'ecdsa' | 'dispose' | 'walletKeys'> {
  const {
    transport,
    storage,
    random = systemRandom,
    now = Date.now,
    label = '',
    timeoutMs = DEFAULT_TIMEOUT_MS,
    waitForApprovalMs = 0,
    repeats = true,
    wait = waitByTimer,
    onError = logError,
  } = assertObject(options, name)
  if (typeof random !== 'function') throw new TypeError('random must be a function')
  if (typeof now !== 'function') throw new TypeError('now must be a function')
  if (typeof repeats !== 'boolean') throw new TypeError('repeats must be true or false')
  if (typeof wait !== 'function') throw new TypeError('wait must be a function')
  if (typeof onError !== 'function') throw new TypeError('onError must be a function')
  const store = assertMethods(storage, ['probe', 'read', 'write', 'delete', 'list'], 'storage')
  return {
    transport: assertMethods(transport, ['request'], 'transport'),
    store,
    storage: store,
    random,
    label: checkText(label, LABEL, 'label'),
    timeoutMs: timeout(timeoutMs),
    waitForApprovalMs: approvalWaitArgument(waitForApprovalMs),
    group: getGroup,
    now: wholeClock(now),
    operations: new Set<string>(),
    undecidedOperations: new Set<string>(),
    repeats,
    wait,
    onError: (error) => {
      try {
        onError(error)
      } catch {
        // There is nowhere left to report it.
      }
    },
  }
}

/** Adds to a client what is made of its actions. */
export function completeClient(base: Omit<Client, 'walletKeys'>): Client {
  const client: Client = Object.freeze({
    ...base,
    walletKeys: (walletId: string) => walletKeys({ getPublicKey, sign, signAll }, client, walletId),
  })
  return client
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
