import { getGroup } from '../curve/index.ts'
import { getEcdsaBackend } from '../protocol/ecdsa/backend.ts'
import type { ShareStore } from '../storage/types.ts'
import type { Transport } from '../transport/types.ts'
import { systemRandom, type RandomSource } from '../util/random.ts'
import { checkText, LABEL } from '../util/text.ts'
import { implementation, oneOf, parameters, timeout } from './arguments.ts'
import { createPresignaturePool, type PresignatureOptions } from './presignature-pool.ts'
import type { AfterCheat, Client } from './types.ts'

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
   * or `freshSetUp`, which makes each signature with a set-up of its own, in twice the time.
   */
  readonly afterCheat?: AfterCheat
  /** How many ECDSA presignatures are held ready in memory for each key that signs; none by default. */
  readonly presignatures?: PresignatureOptions
  /** How long an action may take, in milliseconds; two minutes by default. */
  readonly timeoutMs?: number
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
    afterCheat = 'refuse',
    presignatures,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  } = parameters(options, 'createClient')
  if (typeof random !== 'function') throw new TypeError('random must be a function')
  if (typeof now !== 'function') throw new TypeError('now must be a function')
  return Object.freeze({
    transport: implementation(transport, ['request'], 'transport'),
    storage: implementation(storage, ['probe', 'read', 'write', 'delete', 'list'], 'storage'),
    random,
    label: checkText(label, LABEL, 'label'),
    timeoutMs: timeout(timeoutMs),
    group: getGroup,
    ecdsa: getEcdsaBackend,
    now,
    operations: new Set<string>(),
    unheard: new Set<string>(),
    afterCheat: oneOf(afterCheat, ['refuse', 'freshSetUp'], 'afterCheat'),
    bans: new Map(),
    presignatures: createPresignaturePool(random, presignatures),
  })
}
