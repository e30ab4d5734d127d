import { assertFunction, assertObject, walletIdArgument, wholeNumber } from '../arguments.ts'
import { clientArgument } from '../client-argument.ts'
import { POOL_MAX_SIZE } from '../ecdsa/preprocessing-pool.ts'
import { requireEcdsa } from '../ecdsa-client.ts'
import type { Client, ReportedOptions } from '../types.ts'

/** Parameters of {@link preprocessSignatures}. */
export interface PreprocessSignaturesParameters extends ReportedOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /** How many should be ready, 1 to 32. */
  readonly count: number
}

/**
 * Preprocesses ECDSA signatures, before their message and key are known, until `count` are ready. Each lets one call of
 * {@link sign} take a single request of less than 1 KB, for any key of the wallet.
 *
 * They exist in this client's memory only, and are valid for the set that this device uses now. By default a client
 * preprocesses two after its first ECDSA signature (option `pool` of `createClient`). Call this to have them earlier,
 * or to have more; it does not call `pool.mayFill`.
 *
 * @returns how many are ready
 * @throws {ECDSA_UNAVAILABLE} if the client is one of `createFrostClient`
 * @throws {OT_POISONED | PROTOCOL_ABORTED} as {@link sign}
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED | SET_MISMATCH | SET_RETIRED} if this device cannot use the wallet
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED | POLICY_DENIED | RATE_LIMITED}
 *
 * @example
 * await preprocessSignatures(client, { walletId: wallet.id, count: 4 })
 */
export async function preprocessSignatures(client: Client, options: PreprocessSignaturesParameters): Promise<number> {
  const { walletId, count, onProgress } = assertObject(options, 'preprocessSignatures')
  walletIdArgument(walletId)
  assertFunction(onProgress, 'onProgress')
  const wanted = wholeNumber(count, 1, POOL_MAX_SIZE, 'count')
  const complete = requireEcdsa(clientArgument(client))
  return complete.ecdsa.preprocess(complete, options, walletId, wanted)
}
