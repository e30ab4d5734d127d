import type { SessionMessage } from '../../../wire/round-body.ts'
import type { PreprocessRequest, SignEcdsaRequest } from '../../../wire/operations.ts'
import { keyAtPath, requestDigest, signedIntent } from '../../../wire/signing.ts'
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

/** The outcome of one round of threshold ECDSA: the result, or the state for the next round. Secret, wiped by the caller. */
export interface EcdsaRound {
  readonly messages: readonly SessionMessage[]
  readonly done?: EcdsaResult
  readonly state?: Uint8Array
}

/** The server's share and OT state. */
export interface EcdsaSecrets {
  readonly serverShare: WalletShares
  readonly otState: OtState
}

/**
 * Runs one round of a signature or a preprocessing.
 *
 * @param secrets.serverShare the server's share of the set; wiped
 * @param secrets.otState the OT state with the client; the caller disposes of it
 * @param from the state of the previous round, or the preprocessing taken for this request; undefined in the first round
 * @throws {PROTOCOL_ABORTED} if a check fails; with `ban`, the OT state is poisoned
 */
export function advanceEcdsa(
  context: ServerContext,
  input: EcdsaInput,
  secrets: EcdsaSecrets,
  from: Uint8Array | TakenPreprocessing | undefined,
): EcdsaRound {
  const isFirst = !isBytes(from)
  let sessions: Session<EcdsaResult>[] = []
  try {
    const options = ecdsaOptions(context, input, secrets)
    sessions = isFirst
      ? [openSession(context, input, options, from)]
      : restoreSessions(from, (one) => restoreSession(input, options, one))
    const { messages, steps } = advanceSessions(sessions, input.messages, isFirst)
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
 * Hedges randomness with the operation and the time. The server commits to the nonce of a preprocessing when it knows only
 * the client's greeting. If a client repeated its greeting and the random source repeated, two signatures would have the same
 * nonce. Operation ids are deleted after some time, so an id may come again; the time is different then.
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

/** The client aggregates, so the server's last message is its signature share. */
function signed(request: SignEcdsaRequest) {
  return { digest: requestDigest(request), ...signedIntent(request), aggregator: partyId(1) }
}
