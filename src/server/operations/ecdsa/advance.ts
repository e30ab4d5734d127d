import type { Parcel } from '../../../api/flight.ts'
import type { PresignRequest, SignEcdsaRequest } from '../../../api/operations.ts'
import { keyAtPath, requestDigest } from '../../../api/signing.ts'
import { setParties } from '../../../api/slots.ts'
import { getGroup } from '../../../curve/index.ts'
import {
  createEcdsaSigning,
  createPresigning,
  type EcdsaOptions,
  type EcdsaResult,
  getEcdsaBackend,
  type OtPair,
  restoreEcdsaSigning,
  restorePresigning,
} from '../../../protocol/ecdsa/index.ts'
import type { Session } from '../../../protocol/session.ts'
import { wipeKeyShare, type WalletShares } from '../../../share/index.ts'
import { partyId } from '../../../types.ts'
import type { ServerContext } from '../../context.ts'
import { ecdsaShare } from '../../sets/shares.ts'
import { advanceSessions, exportSessions, restoreSessions } from '../sessions.ts'
import type { Turn } from '../turn.ts'

export type EcdsaTurn = Turn<SignEcdsaRequest | PresignRequest>

/** What one round of threshold ECDSA brought: its end, or the state for the next round, secret and wiped by the caller. */
export interface EcdsaRound {
  readonly parcels: readonly Parcel[]
  readonly done?: EcdsaResult
  readonly state?: Uint8Array
}

/**
 * Plays one round of a signature or a presignature.
 *
 * @param half the server's half of the set; wiped
 * @param pair the set-up with the client; it stays the caller's
 * @param state what the round before left, undefined in the first
 * @throws {PROTOCOL_ABORTED} if a check fails; with `ban`, the pair is poisoned
 */
export function advanceEcdsa(
  context: ServerContext,
  turn: EcdsaTurn,
  half: WalletShares,
  pair: OtPair,
  state: Uint8Array | undefined,
): EcdsaRound {
  const opening = state === undefined
  let sessions: Session<EcdsaResult>[] = []
  try {
    const options = ecdsaOptions(context, turn, half, pair)
    sessions = opening
      ? [openSession(turn, options)]
      : restoreSessions(state, (one) => restoreSession(turn, options, one))
    const { parcels, steps } = advanceSessions(sessions, turn.parcels, opening)
    const done = steps[0]?.done
    return done === undefined ? { parcels, state: exportSessions(sessions) } : { parcels, done }
  } finally {
    for (const session of sessions) session.dispose()
    half.shares.forEach(wipeKeyShare)
  }
}

function ecdsaOptions(
  { random }: ServerContext,
  { request }: EcdsaTurn,
  half: WalletShares,
  pair: OtPair,
): EcdsaOptions {
  const share = ecdsaShare(half)
  const signers = setParties('signing').map(({ id }) => id)
  const derivation = keyAtPath(getGroup('secp256k1'), share.record, request.path)
  return { backend: getEcdsaBackend(), share, pairs: [pair], signers, ...(derivation && { derivation }), random }
}

function openSession({ request, incarnation }: EcdsaTurn, options: EcdsaOptions): Session<EcdsaResult> {
  if (request.kind === 'presign') return createPresigning({ ...options, incarnation })
  return createEcdsaSigning({ ...options, ...signed(request) })
}

function restoreSession({ request, incarnation }: EcdsaTurn, options: EcdsaOptions, state: Uint8Array) {
  if (request.kind === 'presign') return restorePresigning(state, { ...options, incarnation })
  return restoreEcdsaSigning(state, { ...options, ...signed(request) })
}

/** The client aggregates: the server's last message is its share of the signature. */
function signed(request: SignEcdsaRequest) {
  return { digest: requestDigest(request), aggregator: partyId(1) }
}
