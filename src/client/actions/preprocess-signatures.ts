import type { PreprocessRequest } from '../../wire/operations.ts'
import { createPreprocessing } from '../../protocol/ecdsa/signing/preprocess.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { useActiveSet } from '../wallets/active-set.ts'
import { assertObject, walletIdArgument, wholeNumber } from '../arguments.ts'
import { withDeadline, type Deadline } from '../deadline.ts'
import { verifyUsedSet } from '../operations/verify-result.ts'
import { POOL_MAX_SIZE } from '../ecdsa/preprocessing-pool.ts'
import { newOperationId, runOperation } from '../operations/run-operation.ts'
import { ecdsaOptions } from '../ecdsa/sign-ecdsa.ts'
import type { ActionOptions, Client } from '../types.ts'
import { withOtState } from '../ecdsa/with-ot-state.ts'

export interface PreprocessSignaturesParameters extends ActionOptions {
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
 * @throws {OT_POISONED | PROTOCOL_ABORTED} as {@link sign}
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED | SET_MISMATCH | SET_RETIRED} if this device cannot use the wallet
 * @throws {NETWORK_ERROR | TIMEOUT | ABORTED | AUTH_FAILED | POLICY_DENIED | RATE_LIMITED}
 *
 * @example
 * await preprocessSignatures(client, { walletId: wallet.id, count: 4 })
 */
export async function preprocessSignatures(client: Client, options: PreprocessSignaturesParameters): Promise<number> {
  const { walletId, count } = assertObject(options, 'preprocessSignatures')
  walletIdArgument(walletId)
  const wanted = wholeNumber(count, 1, POOL_MAX_SIZE, 'count')
  return fill(client, options, walletId, wanted, () => true)
}

/** Refills the pool after a signature, unless that is in progress. If it fails, the next signature tries again. */
export function fillInBackground(client: Client, walletId: string, setId: string): void {
  const { pool } = client
  if (pool.filling.has(setId) || pool.count(setId) >= pool.size || !pool.mayFill()) return
  pool.filling.add(setId)
  void fill(client, {}, walletId, pool.size, () => pool.mayFill())
    .catch(() => undefined)
    .finally(() => pool.filling.delete(setId))
}

async function fill(
  client: Client,
  options: ActionOptions,
  walletId: string,
  wanted: number,
  mayGoOn: () => boolean,
): Promise<number> {
  const { pool } = client
  return withDeadline(client, options, (deadline, client) =>
    useActiveSet(client, deadline, walletId, async (shares) => {
      const setId = toHex(shares.setId)
      while (!pool.isDisposed && pool.count(setId) < wanted && mayGoOn()) await preprocess(client, deadline, shares)
      return pool.count(setId)
    }),
  )
}

async function preprocess(client: Client, deadline: Deadline, shares: WalletShares): Promise<void> {
  const { pool } = client
  const setId = toHex(shares.setId)
  const request: PreprocessRequest = { kind: 'preprocess', walletId: toHex(shares.walletId), setId }
  const options = ecdsaOptions(client, shares, 'm')
  await withOtState(client, deadline, shares, async (otState, guard) => {
    const { result, results } = await runOperation(client, deadline, {
      operationId: newOperationId(client),
      request,
      sessions: [createPreprocessing({ ...options, pairs: [otState], epoch: pool.epoch })],
      guard,
    })
    const preprocessed = results[0]!.preprocessed!
    try {
      verifyUsedSet(result, setId)
    } catch (error) {
      preprocessed.dispose()
      throw error
    }
    pool.add(setId, otState.digest, preprocessed)
  })
}
