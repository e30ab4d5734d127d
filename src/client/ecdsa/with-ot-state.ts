import type { SetupRequest } from '../../wire/operations.ts'
import { isProtocolError } from '../../errors.ts'
import type { OtState } from '../../protocol/ecdsa/ot/ot-state.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import type { Deadline } from '../deadline.ts'
import { verifyUsedSet } from '../operations/verify-result.ts'
import { withOtStateLock } from './ot-state-lock.ts'
import { readOtState, storeBan, type StoredOtState } from './ot-state-store.ts'
import { newOperationId, runOperation, type StepGuard } from '../operations/run-operation.ts'
import { setupRole, setupSession } from './setup-session.ts'
import type { EcdsaClient } from '../types.ts'
import { shareNotFound } from '../wallets/wallet-store.ts'

/**
 * Loads the OT state that this device shares with the server for a set, and wipes it after use.
 *
 * If one side has lost its own, or the two are not from the same run, a new setup is made, once.
 *
 * @param use runs a session with the state, each step within the guard
 * @throws {OT_POISONED} if the server was caught cheating with this set, or says that this device was
 */
export async function withOtState<T>(
  client: EcdsaClient,
  deadline: Deadline,
  shares: WalletShares,
  use: (otState: OtState, guard: StepGuard) => Promise<T>,
): Promise<T> {
  const attempt = async ({ otState }: StoredOtState): Promise<T> => {
    try {
      return await use(otState, guardOtState(client, deadline, shares, otState))
    } finally {
      otState.dispose()
    }
  }
  const stored = await readOtState(client, shares)
  if (stored === undefined) return attempt(await renewOtState(client, deadline, shares, null))
  try {
    return await attempt(stored)
  } catch (error) {
    if (!(isProtocolError(error) && error.reason === 'OT_DESYNC')) throw error
  }
  return attempt(await renewOtState(client, deadline, shares, stored.version))
}

/** Makes the setup of a set that has none yet, and stores it. */
export async function makeSetup(client: EcdsaClient, deadline: Deadline, shares: WalletShares): Promise<void> {
  const { otState } = await renewOtState(client, deadline, shares, null)
  otState.dispose()
}

/**
 * Makes a new setup to replace the one with this version, unless another tab has done so.
 *
 * @param version null if there is no setup
 */
async function renewOtState(
  client: EcdsaClient,
  deadline: Deadline,
  shares: WalletShares,
  version: string | null,
): Promise<StoredOtState> {
  return withOtStateLock(deadline, toHex(shares.setId), async () => {
    const current = await readOtState(client, shares)
    if (current !== undefined && (current.version !== version || current.otState.cheat !== undefined)) return current
    current?.otState.dispose()
    await runSetup(client, deadline, shares, current?.version ?? null)
    const renewed = await readOtState(client, shares)
    if (renewed === undefined) throw shareNotFound()
    return renewed
  })
}

async function runSetup(client: EcdsaClient, deadline: Deadline, shares: WalletShares, version: string | null) {
  const setId = toHex(shares.setId)
  const request: SetupRequest = { kind: 'setup', walletId: toHex(shares.walletId), setId, ...setupRole(client) }
  const operationId = newOperationId(client)
  const { result, setup } = await runOperation(client, deadline, {
    operationId,
    request,
    sessions: [],
    setup: setupSession(client, operationId, request, shares),
  })
  client.ecdsa.pool.drop(setId)
  await setup!.store(client, shares, version)
  verifyUsedSet(result, setId)
}

/**
 * The ban rule (docs/ecdsa.md#the-ban-rule): each step is made while nothing else uses the setup, and only if no
 * session in any tab has caught the server cheating. A session that catches it stores that durably before anything else
 * is sent.
 */
function guardOtState(client: EcdsaClient, deadline: Deadline, shares: WalletShares, otState: OtState): StepGuard {
  const setId = toHex(shares.setId)
  return (step) =>
    withOtStateLock(deadline, setId, async () => {
      const stored = await readOtState(client, shares)
      if (stored === undefined) throw shareNotFound()
      stored.otState.dispose()
      if (stored.otState.cheat !== undefined) otState.poison(stored.otState.cheat)
      // Throws OT_POISONED even for a session that needs no more transfers.
      void otState.secrets
      try {
        return step()
      } catch (error) {
        if (isProtocolError(error) && error.ban) await storeBan(client, setId, otState)
        throw error
      }
    })
}
