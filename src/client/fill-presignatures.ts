import type { PresignRequest } from '../api/operations.ts'
import { createPresigning } from '../protocol/ecdsa/presign.ts'
import type { WalletShares } from '../share/types.ts'
import { toHex } from '../util/bytes.ts'
import { useActiveSet } from './active-set.ts'
import { parameters, walletIdArgument, wholeNumber } from './arguments.ts'
import { withDeadline, type Deadline } from './deadline.ts'
import { expectUsed } from './expect-set.ts'
import { POOL_MAX_SIZE } from './presignature-pool.ts'
import { newOperationId, runOperation } from './runner.ts'
import { ecdsaOptions } from './sign-ecdsa.ts'
import { pathArgument } from './sign-parameters.ts'
import type { ActionOptions, Client } from './types.ts'
import { usePair } from './use-pair.ts'

export interface FillPresignaturesParameters extends ActionOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /** The key that they are for: BIP 32 without hardened steps; the wallet's own key by default. */
  readonly path?: string
  /** How many are to be ready, at most 32; the size of the client's option `presignatures` by default. */
  readonly count?: number
}

/**
 * Makes ECDSA presignatures until as many are ready as asked for: {@link sign} then takes one request and one answer.
 *
 * They are held in this client's memory alone, and are good for this key of the set that this device uses now.
 *
 * @returns how many are ready for this key
 * @throws {TypeError} if neither `count` nor the client says how many
 * @throws {OT_POISONED | PROTOCOL_ABORTED} as {@link sign}
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED | SET_MISMATCH | SET_RETIRED} if this device cannot use the wallet
 * @throws {NETWORK_ERROR | TIMEOUT | ABORTED | AUTH_FAILED | POLICY_DENIED}
 *
 * @example
 * await fillPresignatures(client, { walletId: wallet.id, count: 4 })
 */
export async function fillPresignatures(client: Client, options: FillPresignaturesParameters): Promise<number> {
  const { walletId, count = client.presignatures.options?.size } = parameters(options, 'fillPresignatures')
  walletIdArgument(walletId)
  const path = pathArgument(options.path)
  const wanted = wholeNumber(count, 1, POOL_MAX_SIZE, 'count')
  return withDeadline(client, options, (deadline, client) =>
    useActiveSet(client, deadline, walletId, async (shares) => {
      const setId = toHex(shares.setId)
      while (client.presignatures.count(setId, path) < wanted) await presign(client, deadline, shares, path)
      return client.presignatures.count(setId, path)
    }),
  )
}

/** Fills the pool up again if the last signature has left too few, unless that is under way. What fails is left alone. */
export function refillInBackground(client: Client, walletId: string, setId: string, path: string): void {
  const { options, refilling } = client.presignatures
  const key = `${setId} ${path}`
  if (options === undefined || refilling.has(key) || client.presignatures.count(setId, path) >= options.refillAt) return
  refilling.add(key)
  void fillPresignatures(client, { walletId, path })
    .catch(() => undefined)
    .finally(() => refilling.delete(key))
}

async function presign(client: Client, deadline: Deadline, shares: WalletShares, path: string): Promise<void> {
  const { incarnation } = client.presignatures
  const setId = toHex(shares.setId)
  const request: PresignRequest = { kind: 'presign', walletId: toHex(shares.walletId), setId, path }
  const options = ecdsaOptions(client, shares, path)
  await usePair(client, deadline, shares, async (pair, guard) => {
    const { result, results } = await runOperation(client, deadline, {
      operationId: newOperationId(client),
      request,
      sessions: [createPresigning({ ...options, pairs: [pair], incarnation })],
      guard,
    })
    const presignature = results[0]!.presignature!
    try {
      expectUsed(result, setId)
    } catch (error) {
      presignature.dispose()
      throw error
    }
    client.presignatures.add(setId, path, pair.digest, presignature)
  })
}
