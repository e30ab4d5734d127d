import * as v from 'valibot'
import type { SessionMessage } from '../../../wire/round-body.ts'
import type { OperationRequest, SetupRequest, SignEcdsaRequest } from '../../../wire/operations.ts'
import { setupBinding, setupParties } from '../../../wire/setup-binding.ts'
import {
  bindOtState,
  createOtSetup,
  getEcdsaBackend,
  type OtState,
  type PeerSetup,
  restoreOtSetup,
} from '../../../protocol/ecdsa/index.ts'
import type { Session } from '../../../protocol/session/session.ts'
import { wipeKeyShare, type KeyShare, type ShareSetRecord } from '../../../key-share/index.ts'
import { partyId } from '../../../types.ts'
import type { ServerContext } from '../../context.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { assertUnpoisoned, sealOtState, storeOtState } from '../../sets/ot-states.ts'
import { ecdsaRecord } from '../../sets/sets-table.ts'
import { ecdsaShare } from '../../sets/shares.ts'
import { deletePreprocessings } from '../../sets/preprocessings.ts'
import { advanceSessions, exportSessions, restoreSessions } from '../sessions.ts'
import type { RoundOutput, RoundInput } from '../round.ts'
import { setupCompletion } from '../completions.ts'
import type { ServerOperation } from '../operation.ts'
import { setId, slowClient, walletId } from '../schemas.ts'
import { openSourceShare, sourceOf } from '../source.ts'

export type SetupSession = Session<readonly PeerSetup[]>

/**
 * The server's session of a new ECDSA setup, bound to its operation.
 *
 * @param share the server's share of the source set, if there is one; randomness is hedged with it
 */
export function openSetup(
  { random }: ServerContext,
  { operationId, request }: RoundInput<OperationRequest>,
  share?: KeyShare,
): SetupSession {
  return createOtSetup({
    backend: getEcdsaBackend(),
    ...setupParties(request),
    self: partyId(2),
    binding: setupBinding(operationId, request),
    random,
    ...(share && { secret: share.secretShare }),
  })
}

export function resumeSetup({ random }: ServerContext, state: Uint8Array): SetupSession {
  return restoreOtSetup(state, { backend: getEcdsaBackend(), random })
}

/** The OT state that results from a setup, bound to the set on secp256k1. Secret, wiped by the caller. */
export function otStateOf([setup]: readonly PeerSetup[], { setId }: Pick<ShareSetRecord, 'setId'>): OtState {
  return bindOtState(setup as PeerSetup, setId)
}

/** The session of a setup for a set whose share the server holds. */
function openForSet(context: ServerContext, input: RoundInput<SetupRequest | SignEcdsaRequest>): SetupSession {
  const serverShare = openSourceShare(context, input)
  try {
    return openSetup(context, input, ecdsaShare(serverShare))
  } finally {
    serverShare.shares.forEach(wipeKeyShare)
  }
}

/** The outcome of one round of a setup: the result, or the state for the next round. Secret, wiped by the caller. */
interface SetupRound {
  readonly messages: readonly SessionMessage[]
  readonly setups?: readonly PeerSetup[]
  readonly state?: Uint8Array
}

export function advanceSetup(context: ServerContext, input: RoundInput<SetupRequest | SignEcdsaRequest>): SetupRound {
  const { state, messages: received } = input
  const isFirst = state === undefined
  const sessions = isFirst
    ? [openForSet(context, input)]
    : restoreSessions(state, (one): SetupSession => resumeSetup(context, one))
  try {
    const { messages, steps } = advanceSessions(sessions, received, isFirst)
    const setups = steps[0]?.done
    return setups === undefined ? { messages, state: exportSessions(sessions) } : { messages, setups }
  } finally {
    for (const session of sessions) session.dispose()
  }
}

/** Makes a new ECDSA setup for a set, if one side has lost its OT state. */
export const setupOperation: ServerOperation<SetupRequest> = {
  schema: () => v.strictObject({ kind: v.literal('setup'), walletId, setId, slowClient }),
  policyFields: () => ({}),
  checkStart: (context, _, request) => assertUnpoisoned(context, context.database, request.setId),
  failuresCountAgainst: [],
  keepsDecision: false,
  handle: setupRound,
}

/** Makes a new setup for a set in two rounds. It replaces the OT state and deletes the preprocessings made with it. */
async function setupRound(context: ServerContext, input: RoundInput<SetupRequest>): Promise<RoundOutput> {
  const { clientId, epoch, request } = input
  const set = await sourceOf(context, input)
  const { setups, ...unfinished } = advanceSetup(context, input)
  if (setups === undefined) return unfinished
  const key = { clientId, setId: request.setId }
  const stored = sealOtState(context, key, otStateOf(setups, ecdsaRecord(set)), epoch)
  const writes = async (tx: Queryable) => {
    await storeOtState(context, tx, key, stored)
    await deletePreprocessings(tx, request.setId)
  }
  return { messages: unfinished.messages, writes, completion: setupCompletion(context, input) }
}
