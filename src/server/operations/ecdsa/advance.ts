import type { SessionMessage } from '../../../wire/round-body.ts'
import type { PreprocessRequest, SignEcdsaRequest } from '../../../wire/operations.ts'
import { keyAtPath, requestDigest } from '../../../wire/signing.ts'
import { partiesOf } from '../../../wire/sessions.ts'
import { getGroup } from '../../../curve/index.ts'
import {
  createCompletion,
  createEcdsaSigning,
  createPreprocessing,
  type EcdsaOptions,
  type EcdsaResult,
  getEcdsaBackend,
  type OtState,
  restoreEcdsaSigning,
  restorePreprocessing,
} from '../../../protocol/ecdsa/index.ts'
import type { Session } from '../../../protocol/session/session.ts'
import { wipeKeyShare, type WalletShares } from '../../../key-share/index.ts'
import { partyId } from '../../../types.ts'
import { fromHex, isBytes, utf8 } from '../../../util/bytes.ts'
import { hedgedRandom } from '../../../util/hedge.ts'
import type { RandomSource } from '../../../util/random.ts'
import type { ServerContext } from '../../context.ts'
import { openPreprocessing, type TakenPreprocessing } from '../../sets/preprocessings.ts'
import { ecdsaShare } from '../../sets/shares.ts'
import { advanceSessions, exportSessions, restoreSessions } from '../sessions.ts'
import type { RoundInput } from '../round.ts'

export type EcdsaInput = RoundInput<SignEcdsaRequest | PreprocessRequest>

/** What one round of threshold ECDSA brought: its end, or the state for the next round, secret and wiped by the caller. */
export interface EcdsaRound {
  readonly messages: readonly SessionMessage[]
  readonly done?: EcdsaResult
  readonly state?: Uint8Array
}

/** What the server signs with. */
export interface EcdsaSecrets {
  readonly serverShare: WalletShares
  readonly otState: OtState
}

/**
 * Plays one round of a signature or a preprocessing.
 *
 * @param secrets.serverShare the server's share of the set; wiped
 * @param secrets.otState the setup with the client; it stays the caller's
 * @param from what the round before left, or a preprocessing that was taken for this request; undefined where it begins
 * @throws {PROTOCOL_ABORTED} if a check fails; with `ban`, the setup is poisoned
 */
export function advanceEcdsa(
  context: ServerContext,
  input: EcdsaInput,
  secrets: EcdsaSecrets,
  from: Uint8Array | TakenPreprocessing | undefined,
): EcdsaRound {
  const opening = !isBytes(from)
  let sessions: Session<EcdsaResult>[] = []
  try {
    const options = ecdsaOptions(context, input, secrets)
    sessions = opening
      ? [openSession(context, input, options, from)]
      : restoreSessions(from, (one) => restoreSession(input, options, one))
    const { messages, steps } = advanceSessions(sessions, input.messages, opening)
    const done = steps[0]?.done
    return done === undefined ? { messages, state: exportSessions(sessions) } : { messages, done }
  } finally {
    for (const session of sessions) session.dispose()
    secrets.serverShare.shares.forEach(wipeKeyShare)
  }
}

function ecdsaOptions(context: ServerContext, input: EcdsaInput, { serverShare, otState }: EcdsaSecrets): EcdsaOptions {
  const { request } = input
  const random = operationRandom(context, input)
  const share = ecdsaShare(serverShare)
  const signers = partiesOf('signing').map(({ id }) => id)
  const derivation = 'path' in request ? keyAtPath(getGroup('secp256k1'), share.record, request.path) : undefined
  return { backend: getEcdsaBackend(), share, otStates: [otState], signers, ...(derivation && { derivation }), random }
}

/**
 * What is drawn also depends on the operation: the server commits to the nonce of a preprocessing before it knows of anything
 * but the client's greeting, so that to a client that repeats that, a source that repeats would give one nonce for two
 * signatures. Ids of operations are forgotten in time; the time differs by then.
 */
function operationRandom(
  { random, now }: ServerContext,
  { clientId, operationId, epoch, round }: EcdsaInput,
): RandomSource {
  const time = new Uint8Array(Float64Array.of(now()).buffer)
  return hedgedRandom(random, 'operation', new Uint8Array(0), utf8(clientId), fromHex(operationId), epoch, round, time)
}

function openSession(
  context: ServerContext,
  { request, epoch }: EcdsaInput,
  options: EcdsaOptions,
  taken: TakenPreprocessing | undefined,
): Session<EcdsaResult> {
  if (request.kind === 'preprocess') return createPreprocessing({ ...options, epoch })
  if (taken === undefined) return createEcdsaSigning({ ...options, ...signed(request) })
  const preprocessed = openPreprocessing(context, taken)
  try {
    return createCompletion({ ...options, ...signed(request), preprocessed, epoch })
  } finally {
    preprocessed.dispose()
  }
}

function restoreSession({ request, epoch }: EcdsaInput, options: EcdsaOptions, state: Uint8Array) {
  if (request.kind === 'preprocess') return restorePreprocessing(state, { ...options, epoch })
  return restoreEcdsaSigning(state, { ...options, ...signed(request) })
}

/** The client aggregates: the server's last message is its share of the signature. */
function signed(request: SignEcdsaRequest) {
  return { digest: requestDigest(request), aggregator: partyId(1) }
}
