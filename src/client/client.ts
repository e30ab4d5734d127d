import { createEcdsa } from './ecdsa/create-ecdsa.ts'
import type { PoolOptions } from './ecdsa/preprocessing-pool.ts'
import { clientFrom, completeClient, type FrostClientOptions } from './frost-client.ts'
import type { EcdsaSetup, OnCheating } from '../types.ts'
import type { Client } from './types.ts'

/** Options of {@link createClient}. */
export interface ClientOptions extends FrostClientOptions {
  /**
   * What an ECDSA signature does once the server has been caught cheating with a set: `refuse` until the set is
   * refreshed, or `ephemeralSetup`, which makes each signature with its own setup, in twice the time. Default:
   * `refuse`.
   */
  readonly onCheating?: OnCheating
  /**
   * When a new set gets its ECDSA setup: `withSet`, in the requests that make it, or `firstSignature`, in two more
   * requests before its first ECDSA signature or preprocessing. Default: `firstSignature` on the backend of
   * `reshare/portable`, where a setup takes seconds; otherwise `withSet`.
   */
  readonly ecdsaSetup?: EcdsaSetup
  /**
   * What is preprocessed in the background, in memory, for the next ECDSA signatures of each wallet that makes any. A
   * preprocessed signature takes one small request instead of two of 91 KB. Default: two signatures.
   */
  readonly pool?: PoolOptions
}

/**
 * Creates a client from a transport and a share store. The actions take the client as their first argument.
 *
 * It signs by every scheme. For an app that never signs by ECDSA, `createFrostClient` bundles less.
 *
 * It does not read, write or send anything.
 *
 * @throws {TypeError | RangeError} if an option is wrong
 *
 * @example
 * const client = createClient({ transport: httpTransport('https://mpc.example'), storage: indexedDbStore('acme') })
 */
export function createClient(options: ClientOptions): Client {
  const base = clientFrom(options, 'createClient')
  const ecdsa = createEcdsa(base, options)
  return completeClient({ ...base, ecdsa, dispose: () => ecdsa.pool.dispose() })
}
