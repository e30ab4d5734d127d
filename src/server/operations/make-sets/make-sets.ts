import type { GenerateRequest } from '../../../wire/operations.ts'
import { operationFlags } from '../../../wire/operation-flags.ts'
import { operationSlots, setParties, WALLET_THRESHOLD, type OperationSlot } from '../../../wire/sessions.ts'
import { getGroup } from '../../../curve/index.ts'
import { createKeygen, restoreKeygen } from '../../../protocol/keygen/index.ts'
import type { PairSetup } from '../../../protocol/ecdsa/index.ts'
import { createReshare, restoreReshare, type ReshareResult } from '../../../protocol/reshare/index.ts'
import type { Session, Step } from '../../../protocol/session/session.ts'
import { combineShares, wipeKeyShare, type KeyShare, type WalletShares } from '../../../key-share/index.ts'
import { ProtocolError } from '../../../errors.ts'
import { partyId } from '../../../types.ts'
import { fromHex, toHex } from '../../../util/bytes.ts'
import type { Caller } from '../../access/caller.ts'
import type { ServerContext } from '../../context.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { sealPair, storePair, type PairKey, type StoredPair } from '../../sets/ot-states.ts'
import { ecdsaShare, readShare } from '../../sets/shares.ts'
import { requireSource } from '../../rounds/admission.ts'
import { commitSets } from './commit-sets.ts'
import { fetchFromCustodian } from '../../sets/custody.ts'
import { openSetUp, pairOf, resumeSetUp } from '../ecdsa/setup.ts'
import { prepareSets } from './prepare-sets.ts'
import { advanceSessions, exportSessions, restoreSessions, resultsOf } from '../../rounds/sessions.ts'
import type { MakeRequest, Played, Turn } from '../../rounds/round.ts'

type SetUpResult = readonly PairSetup[]
type MakeResult = KeyShare | ReshareResult | SetUpResult
type MakeSession = Session<MakeResult>
type ReshareRequest = Exclude<MakeRequest, GenerateRequest>

/** The server's machine is the second participant of every protocol; it plays party 2 of the old set and the new. */
const SELF = partyId(2)

/**
 * Plays one round of the sessions that make new sets. The results are prepared before the round that says so is
 * answered, and committed with the answer to the last.
 *
 * The ECDSA set-up of a signing set ends in the second request, like a key generation and a round before a reshare. It is
 * stored with the answer that completes it at the client, not before: its messages are made anew when a round is repeated.
 */
export async function playMaking(context: ServerContext, turn: Turn<MakeRequest>): Promise<Played> {
  const slots = operationSlots(turn.request)
  const opening = turn.state === undefined
  const sessions = opening ? await openSessions(context, turn, slots) : resumeSessions(context, turn, slots)
  const shares: KeyShare[] = []
  const gather = (results: readonly MakeResult[]) => {
    const made = results.map(shareOf)
    shares.push(...made)
    return gatherSets(slots, made)
  }
  try {
    const { parcels, steps } = advanceSessions(sessions, turn.parcels, opening)
    const dealt = steps.filter((_, slot) => slots[slot]?.brings === 'share')
    const [prepared, done] = [resultsOf(dealt, 'prepared'), resultsOf(dealt, 'done')]
    const sets = prepared && gather(prepared)
    const pair = setUpOf(context, turn, slots, steps, sets)
    if (sets !== undefined) await prepareSets(context, turn, sets)
    const writes = pair && { writes: (tx: Queryable) => storePair(context, tx, pair.key, pair.stored) }
    if (done !== undefined) return { parcels, ending: commitSets(context, turn, gather(done)), ...writes }
    return { parcels, state: exportSessions(sessions.filter((_, slot) => steps[slot]?.done === undefined)), ...writes }
  } finally {
    shares.forEach(wipeKeyShare)
    for (const session of sessions) session.dispose()
  }
}

/** The set-up that has ended in this round, bound to the signing set that has just got its id. */
function setUpOf(
  context: ServerContext,
  { clientId, incarnation }: Turn<MakeRequest>,
  slots: readonly OperationSlot[],
  steps: readonly Step<MakeResult>[],
  sets: readonly WalletShares[] | undefined,
): { readonly key: PairKey; readonly stored: StoredPair } | undefined {
  const done = steps.find((_, slot) => slots[slot]?.brings === 'setUp')?.done
  if (done === undefined) return undefined
  const set = sets?.find(({ purpose }) => purpose === 'signing')
  if (set === undefined) throw new ProtocolError('FORMAT', 0, [], 'the set-up ends before its set is there')
  const pair = pairOf(done as SetUpResult, ecdsaShare(set).record)
  const key = { clientId, setId: toHex(set.setId) }
  return { key, stored: sealPair(context, key, pair, incarnation) }
}

async function openSessions(
  context: ServerContext,
  turn: Turn<MakeRequest>,
  slots: readonly OperationSlot[],
): Promise<MakeSession[]> {
  const { request } = turn
  if (request.kind === 'generate') {
    return slots.map((slot): MakeSession => {
      if (slot.brings === 'setUp') return openSetUp(context, turn)
      return createKeygen(keygenOptions(context, request, slot))
    })
  }
  const dealt = await sourceShares(context, turn, request)
  try {
    return slots.map((slot): MakeSession => {
      if (slot.brings === 'setUp') return openSetUp(context, turn, ecdsaShare(dealt))
      const share = dealt.shares.find(({ record }) => record.curve === slot.curve) as KeyShare
      return createReshare({ ...reshareTerms(context, request, slot), old: share.record, share })
    })
  } finally {
    dealt.shares.forEach(wipeKeyShare)
  }
}

function resumeSessions(
  context: ServerContext,
  { request, state }: Turn<MakeRequest>,
  slots: readonly OperationSlot[],
): MakeSession[] {
  return restoreSessions(state as Uint8Array, (one, at): MakeSession => {
    const slot = slots[at] as OperationSlot
    if (slot.brings === 'setUp') return resumeSetUp(context, one)
    if (request.kind === 'generate') return restoreKeygen(one, keygenOptions(context, request, slot))
    return restoreReshare(one, reshareTerms(context, request, slot))
  })
}

function keygenOptions({ random }: ServerContext, request: GenerateRequest, { curve, target }: OperationSlot) {
  return {
    group: getGroup(curve),
    walletId: fromHex(request.walletId),
    purpose: target,
    threshold: WALLET_THRESHOLD,
    parties: setParties(target),
    self: SELF,
    random,
  }
}

/** The party that deals a share of the old set receives the share of the new one that has its id. */
function reshareTerms({ random }: ServerContext, request: ReshareRequest, { curve, target }: OperationSlot) {
  return {
    group: getGroup(curve),
    purpose: target,
    threshold: WALLET_THRESHOLD,
    participants: setParties(target).map((receiver) => ({ dealer: receiver.id, receiver })),
    self: SELF,
    flags: operationFlags(request),
    random,
  }
}

/** The half that the server deals: its own of a signing set, or the custodian's of a backup set. */
async function sourceShares(context: ServerContext, caller: Caller, request: ReshareRequest): Promise<WalletShares> {
  const source = await requireSource(context.database, caller, request)
  if (request.kind === 'recover') return fetchFromCustodian(context, source)
  return readShare(context, context.database, caller.clientId, source.setId)
}

function shareOf(result: MakeResult): KeyShare {
  const share = 'secretShare' in result ? result : (result as ReshareResult).share
  if (share === undefined) throw new TypeError('the server receives a share in every set that is made')
  return share
}

/** The new sets in the order of their slots, each with its curves put together. */
function gatherSets(slots: readonly OperationSlot[], shares: readonly KeyShare[]): WalletShares[] {
  const targets = [...new Set(slots.map(({ target }) => target))]
  return targets.map((target) => combineShares(shares.filter((_, slot) => slots[slot]?.target === target)))
}
