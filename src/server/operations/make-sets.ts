import type { GenerateRequest } from '../../api/operations.ts'
import { operationFlags } from '../../api/flags.ts'
import { operationSlots, setParties, WALLET_THRESHOLD, type OperationSlot } from '../../api/slots.ts'
import { getGroup } from '../../curve/index.ts'
import { createKeygen, restoreKeygen } from '../../protocol/keygen/index.ts'
import { createReshare, restoreReshare, type ReshareResult } from '../../protocol/reshare/index.ts'
import type { Session } from '../../protocol/session.ts'
import { combineShares, wipeKeyShare, type KeyShare, type WalletShares } from '../../share/index.ts'
import { partyId } from '../../types.ts'
import { fromHex } from '../../util/bytes.ts'
import type { ServerContext } from '../context.ts'
import { readShare } from '../sets/shares.ts'
import { requireSource } from './admit.ts'
import { commitSets } from './commit-sets.ts'
import { fetchFromCustodian } from './custody.ts'
import { prepareSets } from './prepare-sets.ts'
import { advanceSessions, exportSessions, restoreSessions } from './sessions.ts'
import type { MakeRequest, Played, Turn } from './turn.ts'

type MakeSession = Session<KeyShare | ReshareResult>

/** The server's machine is the second participant of every protocol; it plays party 2 of the old set and the new. */
const SELF = partyId(2)

/**
 * Plays one round of the sessions that make new sets. The results are prepared before the round that says so is
 * answered, and committed with the answer to the last.
 */
export async function playMaking(context: ServerContext, turn: Turn<MakeRequest>): Promise<Played> {
  const slots = operationSlots(turn.request)
  const opening = turn.state === undefined
  const sessions = opening ? await openSessions(context, turn, slots) : resumeSessions(context, turn, slots)
  const shares: KeyShare[] = []
  const gather = (results: readonly (KeyShare | ReshareResult)[]) => {
    shares.push(...results.map(shareOf))
    return gatherSets(slots, results.map(shareOf))
  }
  try {
    const { parcels, prepared, done } = advanceSessions(sessions, turn.parcels, opening)
    if (prepared !== undefined) await prepareSets(context, turn, gather(prepared))
    if (done !== undefined) return { parcels, ending: commitSets(context, turn, gather(done)) }
    return { parcels, state: exportSessions(sessions) }
  } finally {
    shares.forEach(wipeKeyShare)
    for (const session of sessions) session.dispose()
  }
}

async function openSessions(
  context: ServerContext,
  turn: Turn<MakeRequest>,
  slots: readonly OperationSlot[],
): Promise<MakeSession[]> {
  const { request } = turn
  const { random } = context
  const threshold = WALLET_THRESHOLD
  if (request.kind === 'generate') {
    const walletId = fromHex(request.walletId)
    return slots.map(({ curve, target: purpose }) =>
      createKeygen({
        group: getGroup(curve),
        walletId,
        purpose,
        threshold,
        parties: setParties(purpose),
        self: SELF,
        random,
      }),
    )
  }
  const flags = operationFlags(request)
  const dealt = await sourceShares(context, turn.clientId, request)
  try {
    return slots.map(({ curve, target: purpose }) => {
      const share = dealt.shares.find(({ record }) => record.curve === curve) as KeyShare
      const participants = setParties(purpose).map((receiver) => ({ dealer: receiver.id, receiver }))
      const group = getGroup(curve)
      const old = share.record
      return createReshare({ group, old, purpose, threshold, participants, self: SELF, flags, share, random })
    })
  } finally {
    dealt.shares.forEach(wipeKeyShare)
  }
}

function resumeSessions(
  { random }: ServerContext,
  { request, state }: Turn<MakeRequest>,
  slots: readonly OperationSlot[],
): MakeSession[] {
  const restore = request.kind === 'generate' ? restoreKeygen : restoreReshare
  return restoreSessions(state as Uint8Array, (one, slot): MakeSession => {
    const { curve } = slots[slot] as OperationSlot
    return restore(one, { group: getGroup(curve), random })
  })
}

/** The half that the server deals: its own of a signing set, or the custodian's of a backup set. */
async function sourceShares(
  context: ServerContext,
  clientId: string,
  request: Exclude<MakeRequest, GenerateRequest>,
): Promise<WalletShares> {
  const source = await requireSource(context.database, clientId, request)
  if (request.kind === 'recover') return fetchFromCustodian(context, source)
  return readShare(context, context.database, clientId, source.setId)
}

function shareOf(result: KeyShare | ReshareResult): KeyShare {
  const share = 'secretShare' in result ? result : result.share
  if (share === undefined) throw new TypeError('the server receives a share in every set that is made')
  return share
}

/** The new sets in the order of their slots, each with its curves put together. */
function gatherSets(slots: readonly OperationSlot[], shares: readonly KeyShare[]): WalletShares[] {
  const targets = [...new Set(slots.map(({ target }) => target))]
  return targets.map((target) => combineShares(shares.filter((_, slot) => slots[slot]?.target === target)))
}
