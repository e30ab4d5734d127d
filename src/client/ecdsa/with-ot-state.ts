import { operationRounds } from '../../wire/operation-definitions.ts'
import type { SetupRequest } from '../../wire/operations.ts'
import { isProtocolError } from '../../errors.ts'
import type { OtState } from '../../protocol/ecdsa/ot/ot-state.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { verifyUsedSet } from '../operations/verify-result.ts'
import { withOtStateLock } from './ot-state-lock.ts'
import { readOtState, storeBan, type StoredOtState } from './ot-state-store.ts'
import { newOperationId, runOperation, type StepGuard } from '../operations/run-operation.ts'
import { setupRole, setupSession } from './setup-session.ts'
import type { Call, EcdsaClient, ReportedCall } from '../types.ts'
import { shareNotFound } from '../wallets/wallet-store.ts'

/**
 * Loads the OT state that this device shares with the server for a set, and wipes it after use.
 *
 * If there is none yet, one side has lost its own, or the two are not from the same run, a new setup is made, once. That is
 * reported as a step of its own.
 *
 * @param use runs a session with the state, each step within the guard
 * @throws {OT_POISONED} if the server was caught cheating with this set, or says that this device was
 */
export async function withOtState<T>(
  call: ReportedCall<EcdsaClient>,
  shares: WalletShares,
  use: (otState: OtState, guard: StepGuard) => Promise<T>,
): Promise<T> {
  const attempt = async ({ otState }: StoredOtState): Promise<T> => {
    try {
      return await use(otState, guardOtState(call, shares, otState))
    } finally {
      otState.dispose()
    }
  }
  const renew = (version: string | null): Promise<StoredOtState> => {
    const { progress } = call
    progress.goTo('Making ECDSA setup')
    return renewOtState(call, shares, { version, onPart: (part) => progress.within(part) })
  }
  const stored = await readOtState(call.client, shares)
  if (stored === undefined) return attempt(await renew(null))
  try {
    return await attempt(stored)
  } catch (error) {
    if (!(isProtocolError(error) && error.reason === 'OT_DESYNC')) throw error
  }
  return attempt(await renew(stored.version))
}

/** Makes the setup of a set that has none yet, and stores it. */
export async function makeSetup(call: Call<EcdsaClient>, shares: WalletShares): Promise<void> {
  const { otState } = await renewOtState(call, shares, { version: null, onPart: () => {} })
  otState.dispose()
}

/** A setup that is to be made. */
interface Renewal {
  /** The version that it replaces; null if there is no setup. */
  readonly version: string | null
  /** Gets how much of it is done, from 0 to 1. */
  readonly onPart: (part: number) => void
}

/** Makes a new setup to replace the one with this version, unless another tab has done so. */
async function renewOtState(
  call: Call<EcdsaClient>,
  shares: WalletShares,
  { version, onPart }: Renewal,
): Promise<StoredOtState> {
  const { client, deadline } = call
  return withOtStateLock(deadline, toHex(shares.setId), async () => {
    const current = await readOtState(client, shares)
    if (current !== undefined && (current.version !== version || current.otState.cheat !== undefined)) return current
    current?.otState.dispose()
    await runSetup(call, shares, { version: current?.version ?? null, onPart })
    const renewed = await readOtState(client, shares)
    if (renewed === undefined) throw shareNotFound()
    return renewed
  })
}

async function runSetup({ client, deadline }: Call<EcdsaClient>, shares: WalletShares, { version, onPart }: Renewal) {
  const setId = toHex(shares.setId)
  const request: SetupRequest = { kind: 'setup', walletId: toHex(shares.walletId), setId, ...setupRole(client) }
  const operationId = newOperationId(client)
  const { result, setup } = await runOperation(client, deadline, {
    operationId,
    request,
    sessions: [],
    setup: setupSession(client, operationId, request, shares),
    hooks: { onRound: (round) => onPart((round - 1) / operationRounds(request)) },
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
function guardOtState({ client, deadline }: Call<EcdsaClient>, shares: WalletShares, otState: OtState): StepGuard {
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
        return await step()
      } catch (error) {
        if (isProtocolError(error) && error.ban) await storeBan(client, setId, otState)
        throw error
      }
    })
}
