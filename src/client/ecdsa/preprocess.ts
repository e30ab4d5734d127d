import type { PreprocessRequest } from '../../wire/operations.ts'
import { createPreprocessing } from '../../protocol/ecdsa/signing/preprocess.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { useActiveSet } from '../wallets/active-set.ts'
import { withDeadline } from '../deadline.ts'
import { verifyUsedSet } from '../operations/verify-result.ts'
import { newOperationId, runOperation } from '../operations/run-operation.ts'
import { ecdsaOptions } from './sign-ecdsa.ts'
import { createProgress, plans } from '../progress.ts'
import type { EcdsaClient, ReportedCall, ReportedOptions } from '../types.ts'
import { withOtState } from './with-ot-state.ts'

/** Preprocesses signatures until `count` are ready. @returns how many are */
export function preprocess(
  client: EcdsaClient,
  options: ReportedOptions,
  walletId: string,
  count: number,
): Promise<number> {
  return fill(client, options, { walletId, count, mayGoOn: () => true })
}

/** Refills the pool after a signature, unless that is in progress. If it fails, the next signature tries again. */
export function refill(client: EcdsaClient, walletId: string, setId: string): void {
  const { pool } = client.ecdsa
  if (pool.filling.has(setId) || pool.count(setId) >= pool.size || !pool.mayFill()) return
  pool.filling.add(setId)
  void fill(client, {}, { walletId, count: pool.size, mayGoOn: () => pool.mayFill() })
    .catch(() => undefined)
    .finally(() => pool.filling.delete(setId))
}

/** What the pool should hold of a wallet's set. */
interface Filling {
  readonly walletId: string
  readonly count: number
  /** Asked before each. */
  readonly mayGoOn: () => boolean
}

async function fill(client: EcdsaClient, options: ReportedOptions, filling: Filling): Promise<number> {
  const { walletId, count, mayGoOn } = filling
  const { pool } = client.ecdsa
  const progress = createProgress(client, plans.preprocess, options.onProgress)
  progress.begin('Reading share')
  return withDeadline(client, options, async (deadline, client) => {
    const call = { client, deadline, progress }
    const ready = await useActiveSet(client, deadline, walletId, async (shares) => {
      const setId = toHex(shares.setId)
      while (!pool.isDisposed && pool.count(setId) < count && mayGoOn()) {
        await preprocessOne(call, shares, pool.count(setId) / count)
      }
      return pool.count(setId)
    })
    progress.finish()
    return ready
  })
}

/** @param part how much of what is wanted is ready */
async function preprocessOne(call: ReportedCall<EcdsaClient>, shares: WalletShares, part: number): Promise<void> {
  const { client, deadline, progress } = call
  const { pool } = client.ecdsa
  const setId = toHex(shares.setId)
  const request: PreprocessRequest = { kind: 'preprocess', walletId: toHex(shares.walletId), setId }
  const options = ecdsaOptions(client, shares, 'm')
  await withOtState(call, shares, async (otState, guard) => {
    progress.goTo('Preprocessing signatures')
    progress.within(part)
    const { result, results } = await runOperation(client, deadline, {
      operationId: newOperationId(client),
      request,
      sessions: [createPreprocessing({ ...options, otStates: [otState], epoch: pool.epoch })],
      hooks: { guard },
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
