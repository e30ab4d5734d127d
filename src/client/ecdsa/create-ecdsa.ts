import { getEcdsaBackend } from '../../protocol/ecdsa/ot/backend.ts'
import { oneOf } from '../arguments.ts'
import type { EcdsaSetup, OnCheating } from '../../types.ts'
import type { Client, Ecdsa } from '../types.ts'
import { preprocess, refill } from './preprocess.ts'
import { createPreprocessingPool, type PoolOptions } from './preprocessing-pool.ts'
import { setupRole, setupSession } from './setup-session.ts'
import { signAllEcdsa } from './sign-all-ecdsa.ts'
import { signEcdsa } from './sign-ecdsa.ts'
import { makeSetup } from './with-ot-state.ts'

/** The options of a client that are about ECDSA. */
interface EcdsaOptions {
  readonly onCheating?: OnCheating
  readonly ecdsaSetup?: EcdsaSetup
  readonly pool?: PoolOptions
}

/**
 * Makes the ECDSA of one client.
 *
 * @throws {TypeError | RangeError} if an option is wrong
 */
export function createEcdsa(
  { random, now, onError }: Pick<Client, 'random' | 'now' | 'onError'>,
  { onCheating = 'refuse', ecdsaSetup, pool }: EcdsaOptions,
): Ecdsa {
  const epoch = new DataView(random(4).slice().buffer).getUint32(0)
  if (ecdsaSetup !== undefined) oneOf(ecdsaSetup, ['withSet', 'firstSignature'], 'ecdsaSetup')
  return {
    backend: getEcdsaBackend,
    onCheating: oneOf(onCheating, ['refuse', 'ephemeralSetup'], 'onCheating'),
    bans: new Map(),
    pool: createPreprocessingPool({ epoch, now, onError }, pool),
    setupTime: ({ ecdsa }) => ecdsaSetup ?? (ecdsa.backend().isSlow ? 'firstSignature' : 'withSet'),
    setupRole,
    setupSession,
    makeSetup,
    sign: signEcdsa,
    signAll: signAllEcdsa,
    preprocess,
    refill,
  }
}
