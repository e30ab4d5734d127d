import type { SessionMessage } from '../../../wire/round-body.ts'
import { operationRounds } from '../../../wire/operation-definitions.ts'
import type { PreprocessRequest, SignEcdsaRequest } from '../../../wire/operations.ts'
import { itemBindings } from '../../../wire/sign-all.ts'
import { isEcdsaItem, type SignAllRequest, type SignEcdsaItem } from '../../../wire/sign-items.ts'
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
import type { Session, Step } from '../../../protocol/session/session.ts'
import { ProtocolError } from '../../../errors.ts'
import { wipeKeyShare, type WalletShares } from '../../../key-share/index.ts'
import { partyId } from '../../../types.ts'
import { fromHex, isBytes, utf8 } from '../../../util/bytes.ts'
import { hedgedRandom } from '../../../util/hedge.ts'
import type { RandomSource } from '../../../util/random.ts'
import type { ServerContext } from '../../context.ts'
import { openPreprocessing, type TakenPreprocessing } from '../../sets/preprocessings.ts'
import { ecdsaShare } from '../../sets/shares.ts'
import { advanceInTurns, exportSessions, restoreSessions } from '../sessions.ts'
import { openFrost } from '../sign-frost.ts'
import type { RoundInput } from '../round.ts'

export type EcdsaInput = RoundInput<SignEcdsaRequest | SignAllRequest | PreprocessRequest>

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

/** What one ECDSA session signs; undefined for a preprocessing. */
interface Statement {
  readonly of: SignEcdsaRequest | SignEcdsaItem
  /** What it is bound to. */
  readonly bound: { readonly intent?: Uint8Array }
}

/** The options of one session, and what it signs. */
interface SessionOptions {
  readonly options: EcdsaOptions
  readonly statement: Statement | undefined
}

/**
 * Runs one round of a signature, of several signatures with the same OT state, or of a preprocessing. Several signatures are
 * all made or none: the first check that fails ends all sessions, and no message leaves unless each session has advanced.
 *
 * @param secrets.serverShare the server's share of the set; wiped
 * @param secrets.otState the OT state with the client; the caller disposes of it
 * @param from the state of the previous round, or the preprocessings taken for this request; undefined in the first round
 * @throws {PROTOCOL_ABORTED} if a check fails; with `ban`, the OT state is poisoned
 */
export async function advanceEcdsa(
  context: ServerContext,
  input: EcdsaInput,
  secrets: EcdsaSecrets,
  from: Uint8Array | readonly TakenPreprocessing[] | undefined,
): Promise<EcdsaRound> {
  const statements = statementsOf(input)
  const optionsOf = (statement: Statement | undefined) => ({
    options: ecdsaOptions(context, input, secrets, statement),
    statement,
  })
  const sessions: Session<EcdsaResult>[] = []
  const others: Session<unknown>[] = []
  const isFirst = !isBytes(from)
  try {
    if (isFirst) {
      for (const [i, statement] of statements.entries()) {
        sessions.push(openSession(context, input, optionsOf(statement), from?.[i]))
      }
    } else {
      sessions.push(...restoreSessions(from, (one, i) => restoreSession(input, optionsOf(statements[i]), one)))
    }
    openOthers(context, input, secrets, others)
    const { messages, steps } = await advanceInTurns<unknown>([...sessions, ...others], input.messages, isFirst)
    if (steps.every((step) => step.done !== undefined)) return { messages, done: steps[0]?.done as EcdsaResult }
    requireNoneDone(input, steps)
    return { messages, state: exportSessions(sessions) }
  } finally {
    for (const session of [...sessions, ...others]) session.dispose()
    secrets.serverShare.shares.forEach(wipeKeyShare)
  }
}

/** A client could leave out a message of one session to get the signature shares of the others. */
function requireNoneDone({ request, round }: EcdsaInput, steps: readonly Step<unknown>[]): void {
  if (request.kind !== 'signAll') return
  const isLast = round >= operationRounds(request)
  if (isLast || steps.some((step) => step.done !== undefined)) {
    throw new ProtocolError('FORMAT', round, [], 'a message of one of the signatures is missing')
  }
}

/** What the ECDSA sessions of a request sign, in the order of the sessions. */
function statementsOf({ operationId, request }: EcdsaInput): readonly (Statement | undefined)[] {
  switch (request.kind) {
    case 'preprocess':
      return [undefined]
    case 'sign':
      return [{ of: request, bound: signedIntent(request) }]
    case 'signAll': {
      const bindings = itemBindings(operationId, request)
      return request.items.flatMap((of, i) => (isEcdsaItem(of) ? [{ of, bound: { intent: bindings[i]! } }] : []))
    }
  }
}

/** Opens the sessions that start in the last round: those of FROST beside those of ECDSA. */
function openOthers(
  context: ServerContext,
  { operationId, request, round }: EcdsaInput,
  { serverShare }: EcdsaSecrets,
  opened: Session<unknown>[],
): void {
  if (request.kind !== 'signAll' || round !== operationRounds(request)) return
  const bindings = itemBindings(operationId, request)
  for (const [i, item] of request.items.entries()) {
    if (!isEcdsaItem(item)) opened.push(openFrost(context, serverShare, item, { intent: bindings[i]! }))
  }
}

function ecdsaOptions(
  context: ServerContext,
  input: EcdsaInput,
  { serverShare, otState }: EcdsaSecrets,
  statement: Statement | undefined,
): EcdsaOptions {
  const random = operationRandom(context, input)
  const share = ecdsaShare(serverShare)
  const signers = partiesOf('signing').map(({ id }) => id)
  const derivation = statement && keyAtPath(getGroup('secp256k1'), share.record, statement.of.path)
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
  { epoch }: EcdsaInput,
  { options, statement }: SessionOptions,
  taken: TakenPreprocessing | undefined,
): Session<EcdsaResult> {
  if (statement === undefined) return createPreprocessing({ ...options, epoch })
  if (taken === undefined) return createEcdsaSigning({ ...options, ...signed(statement) })
  const preprocessed = openPreprocessing(context, taken)
  try {
    return createCompletion({ ...options, ...signed(statement), preprocessed, epoch })
  } finally {
    preprocessed.dispose()
  }
}

function restoreSession(
  { epoch }: EcdsaInput,
  { options, statement }: SessionOptions,
  state: Uint8Array,
): Session<EcdsaResult> {
  if (statement === undefined) return restorePreprocessing(state, { ...options, epoch })
  return restoreEcdsaSigning(state, { ...options, ...signed(statement) })
}

/** The client aggregates, so the server's last message is its signature share. */
function signed({ of, bound }: Statement) {
  return { digest: requestDigest(of), ...bound, aggregator: partyId(1) }
}
