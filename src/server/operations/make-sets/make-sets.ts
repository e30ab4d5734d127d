import { operationSessions, type SessionSpec } from '../../../wire/operation-definitions.ts'
import { importedKeyTerms } from '../../../wire/import.ts'
import { bindsLimits, operationFlags } from '../../../wire/operation-flags.ts'
import { partiesOf, WALLET_THRESHOLD } from '../../../wire/sessions.ts'
import { getGroup } from '../../../curve/index.ts'
import { createImport, restoreImport, type ImportTerms } from '../../../protocol/import/index.ts'
import { createKeygen, restoreKeygen } from '../../../protocol/keygen/index.ts'
import type { PeerSetup } from '../../../protocol/ecdsa/index.ts'
import { createReshare, restoreReshare, type ReshareResult } from '../../../protocol/reshare/index.ts'
import type { Session, Step } from '../../../protocol/session/session.ts'
import { combineShares, wipeKeyShare, type KeyShare, type WalletShares } from '../../../key-share/index.ts'
import { ProtocolError } from '../../../errors.ts'
import { partyId } from '../../../types.ts'
import { fromHex, toHex } from '../../../util/bytes.ts'
import type { ServerContext } from '../../context.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { sealOtState, storeOtState, type OtStateKey, type StoredOtState } from '../../sets/ot-states.ts'
import { ecdsaShare } from '../../sets/shares.ts'
import { commitSets } from './commit-sets.ts'
import { createWallet } from './create-wallet.ts'
import { fetchFromCustodian } from '../../sets/custody.ts'
import { openSetup, otStateOf, resumeSetup } from '../ecdsa/setup.ts'
import { prepareSets } from './prepare-sets.ts'
import { advanceSessions, exportSessions, restoreSessions, resultsOf } from '../sessions.ts'
import {
  makesWallet,
  type Completion,
  type MakeRequest,
  type NewWalletRequest,
  type ReshareRequest,
  type RoundOutput,
  type RoundInput,
} from '../round.ts'
import { openSourceShare, sourceOf } from '../source.ts'

type SetupResult = readonly PeerSetup[]
type MakeResult = KeyShare | ReshareResult | SetupResult
type MakeSession = Session<MakeResult>

/** The server is the second participant of every session, and party 2 of the old set and of the new one. */
const SELF = partyId(2)

/**
 * Runs one round of the sessions that make new sets. The results are prepared before the response that confirms them, and
 * committed with the last response.
 *
 * The ECDSA setup of a signing set ends in the second request, as a key generation does, and one request before a reshare. It
 * is stored with the response that completes it for the client, because its messages are drawn anew if a round is repeated.
 */
export async function makeSetsRound(context: ServerContext, input: RoundInput<MakeRequest>): Promise<RoundOutput> {
  const { request } = input
  const specs = operationSessions(request)
  const isFirst = input.state === undefined
  const sessions = isFirst ? await openSessions(context, input, specs) : resumeSessions(context, input, specs)
  const shares: KeyShare[] = []
  const gather = (results: readonly MakeResult[]) => {
    const made = results.map(shareOf)
    shares.push(...made)
    return gatherSets(specs, made)
  }
  try {
    const { messages, steps } = advanceSessions(sessions, input.messages, isFirst)
    const dealt = steps.filter((_, sessionIndex) => specs[sessionIndex]?.brings === 'share')
    const [prepared, done] = [resultsOf(dealt, 'prepared'), resultsOf(dealt, 'done')]
    const sets = prepared && gather(prepared)
    const otState = setupOf(context, input, { specs, steps }, sets)
    if (sets !== undefined && !makesWallet(request)) await prepareSets(context, { ...input, request }, sets)
    const writes = otState && { writes: (tx: Queryable) => storeOtState(context, tx, otState.key, otState.stored) }
    if (done !== undefined) return { messages, completion: completionOf(context, input, gather(done)), ...writes }
    return {
      messages,
      state: exportSessions(sessions.filter((_, sessionIndex) => steps[sessionIndex]?.done === undefined)),
      ...writes,
    }
  } finally {
    shares.forEach(wipeKeyShare)
    for (const session of sessions) session.dispose()
  }
}

function completionOf(
  context: ServerContext,
  input: RoundInput<MakeRequest>,
  sets: readonly WalletShares[],
): Completion {
  const { request } = input
  if (!makesWallet(request)) return commitSets(context, { ...input, request }, sets)
  return createWallet(context, { ...input, request }, sets[0] as WalletShares)
}

/** The result of the setup, if it ended in this round, bound to the new signing set. */
function setupOf(
  context: ServerContext,
  { clientId, epoch }: RoundInput<MakeRequest>,
  { specs, steps }: { readonly specs: readonly SessionSpec[]; readonly steps: readonly Step<MakeResult>[] },
  sets: readonly WalletShares[] | undefined,
): { readonly key: OtStateKey; readonly stored: StoredOtState } | undefined {
  const done = steps.find((_, sessionIndex) => specs[sessionIndex]?.brings === 'setup')?.done
  if (done === undefined) return undefined
  const set = sets?.find(({ purpose }) => purpose === 'signing')
  if (set === undefined) throw new ProtocolError('FORMAT', 0, [], 'the setup ends before its set is there')
  const otState = otStateOf(done as SetupResult, ecdsaShare(set).record)
  const key = { clientId, setId: toHex(set.setId) }
  return { key, stored: sealOtState(context, key, otState, epoch) }
}

async function openSessions(
  context: ServerContext,
  input: RoundInput<MakeRequest>,
  specs: readonly SessionSpec[],
): Promise<MakeSession[]> {
  const { request } = input
  if (makesWallet(request)) {
    return specs.map((sessionIndex): MakeSession => {
      if (sessionIndex.brings === 'setup') return openSetup(context, input)
      return openWallet(context, request, sessionIndex)
    })
  }
  const dealt = await sourceShares(context, { ...input, request })
  try {
    return specs.map((sessionIndex): MakeSession => {
      if (sessionIndex.brings === 'setup') return openSetup(context, input, ecdsaShare(dealt))
      const share = dealt.shares.find(({ record }) => record.curve === sessionIndex.curve) as KeyShare
      return createReshare({ ...reshareTerms(context, request, sessionIndex), old: share.record, share })
    })
  } finally {
    dealt.shares.forEach(wipeKeyShare)
  }
}

function resumeSessions(
  context: ServerContext,
  { request, state }: RoundInput<MakeRequest>,
  specs: readonly SessionSpec[],
): MakeSession[] {
  return restoreSessions(state as Uint8Array, (one, at): MakeSession => {
    const sessionIndex = specs[at] as SessionSpec
    if (sessionIndex.brings === 'setup') return resumeSetup(context, one)
    if (makesWallet(request)) return resumeWallet(context, request, sessionIndex, one)
    return restoreReshare(one, reshareTerms(context, request, sessionIndex))
  })
}

/** The session of one curve of a new wallet: a generation, or the import of a key that the client deals. */
function openWallet(context: ServerContext, request: NewWalletRequest, spec: SessionSpec): Session<KeyShare> {
  const terms = importTerms(context, request, spec)
  return terms === undefined ? createKeygen(keygenOptions(context, request, spec)) : createImport(terms)
}

function resumeWallet(
  context: ServerContext,
  request: NewWalletRequest,
  spec: SessionSpec,
  state: Uint8Array,
): Session<KeyShare> {
  const terms = importTerms(context, request, spec)
  return terms === undefined ? restoreKeygen(state, keygenOptions(context, request, spec)) : restoreImport(state, terms)
}

/** Undefined unless the curve's key is imported. */
function importTerms(context: ServerContext, request: NewWalletRequest, spec: SessionSpec): ImportTerms | undefined {
  const key = request.kind === 'import' ? request.keys[spec.curve] : null
  return key === null ? undefined : { ...keygenOptions(context, request, spec), ...importedKeyTerms(key) }
}

function keygenOptions({ random }: ServerContext, request: NewWalletRequest, { curve, target }: SessionSpec) {
  return {
    group: getGroup(curve),
    walletId: fromHex(request.walletId),
    purpose: target,
    threshold: WALLET_THRESHOLD,
    parties: partiesOf(target),
    self: SELF,
    random,
  }
}

/** A party that deals with a share of the old set receives the share of the new set with the same id. */
function reshareTerms({ random }: ServerContext, request: ReshareRequest, { curve, target }: SessionSpec) {
  return {
    group: getGroup(curve),
    purpose: target,
    threshold: WALLET_THRESHOLD,
    participants: partiesOf(target).map((receiver) => ({ dealer: receiver.id, receiver })),
    self: SELF,
    flags: operationFlags(request),
    ...bindsLimits(request),
    random,
  }
}

/** The share that the server deals with: its own of a signing set, or the custodian's of a backup set. */
async function sourceShares(context: ServerContext, input: RoundInput<ReshareRequest>): Promise<WalletShares> {
  const source = await sourceOf(context, input)
  return source.purpose === 'backup' ? fetchFromCustodian(context, source) : openSourceShare(context, input)
}

function shareOf(result: MakeResult): KeyShare {
  const share = 'secretShare' in result ? result : (result as ReshareResult).share
  if (share === undefined) throw new TypeError('the server receives a share in every set that is made')
  return share
}

/** The new wallet sets in the order of their specs, each with the shares of all curves. */
function gatherSets(specs: readonly SessionSpec[], shares: readonly KeyShare[]): WalletShares[] {
  const targets = [...new Set(specs.map(({ target }) => target))]
  return targets.map((target) =>
    combineShares(shares.filter((_, sessionIndex) => specs[sessionIndex]?.target === target)),
  )
}
