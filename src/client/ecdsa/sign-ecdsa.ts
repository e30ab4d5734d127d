import type { SignatureSource, SignEcdsaRequest } from '../../wire/operations.ts'
import { keyAtPath, publicKeyAtPath, requestDigest, signedIntent } from '../../wire/signing.ts'
import { partiesOf } from '../../wire/sessions.ts'
import { MpcError, isMpcError } from '../../errors.ts'
import type { OtState } from '../../protocol/ecdsa/ot/ot-state.ts'
import { createCompletion } from '../../protocol/ecdsa/signing/preprocess.ts'
import type { Preprocessed } from '../../protocol/ecdsa/signing/preprocessed.ts'
import { bindOtState } from '../../protocol/ecdsa/setup/create-setup.ts'
import { createEcdsaSigning } from '../../protocol/ecdsa/signing/sign.ts'
import { type EcdsaSignature as RawSignature, encodeSignature } from '../../protocol/ecdsa/signing/signature.ts'
import type { EcdsaResult } from '../../protocol/ecdsa/signing/signing-machine.ts'
import type { EcdsaOptions } from '../../protocol/ecdsa/signing/signing-setup.ts'
import type { Session } from '../../protocol/session/session.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { afterSetup } from './setup-then.ts'
import { verifyUsedSet } from '../operations/verify-result.ts'
import { newOperationId, runOperation, type StepGuard } from '../operations/run-operation.ts'
import { otSetup, setupRole } from './setup-session.ts'
import type { EcdsaClient, EcdsaSignature, EcdsaStatement, ReportedCall } from '../types.ts'
import { withOtState } from './with-ot-state.ts'
import { shareOn } from '../wallet-shares.ts'

/** One signature: the call that wants it, the set that signs, and what is signed. */
interface Signing extends ReportedCall<EcdsaClient> {
  readonly shares: WalletShares
  readonly statement: EcdsaStatement
}

/**
 * Makes a threshold ECDSA signature with the set's setup, or with a setup of its own if that is poisoned and the
 * client's `onCheating` is `ephemeralSetup`.
 *
 * @throws {OT_POISONED} if the server was caught cheating with this set, or says that this device was
 * @throws {RangeError} for a path that leads to no key (one in 2^127)
 */
export async function signEcdsa(
  call: ReportedCall<EcdsaClient>,
  shares: WalletShares,
  statement: EcdsaStatement,
): Promise<EcdsaSignature> {
  const signing = { ...call, shares, statement }
  try {
    return await signBySetup(signing)
  } catch (error) {
    const poisoned = isMpcError(error, 'OT_POISONED')
    if (!poisoned || call.client.ecdsa.onCheating === 'refuse') throw error
  }
  return signByEphemeralSetup(signing)
}

/** The options of a session for the key at a path, without `otStates`. */
export function ecdsaOptions(client: EcdsaClient, shares: WalletShares, path: string): Omit<EcdsaOptions, 'otStates'> {
  const share = shareOn(shares, 'secp256k1')
  const backend = client.ecdsa.backend()
  const derivation = keyAtPath(backend.group, share.record, path)
  const signers = partiesOf('signing').map(({ id }) => id)
  return { backend, share, signers, random: client.random, ...(derivation && { derivation }) }
}

function signingOptions({ client, shares, statement }: Signing, otState: OtState) {
  return sessionOptions(client, { shares, otState }, statement, signedIntent(statement))
}

/**
 * The options of a session that signs.
 *
 * @param bound what the session is bound to
 */
export function sessionOptions(
  client: EcdsaClient,
  { shares, otState }: { readonly shares: WalletShares; readonly otState: OtState },
  statement: Pick<EcdsaStatement, 'path' | 'message' | 'hash'>,
  bound: { readonly intent?: Uint8Array },
) {
  const options = ecdsaOptions(client, shares, statement.path)
  return { ...options, otStates: [otState], aggregator: options.share.id, digest: requestDigest(statement), ...bound }
}

/** Signs with the set's setup: in one request with a preprocessing, in two without. */
async function signBySetup(signing: Signing): Promise<EcdsaSignature> {
  const { client, shares, statement, progress } = signing
  const { pool } = client.ecdsa
  return withOtState(signing, shares, async (otState, guard) => {
    progress.goTo('Signing')
    // Another tab may have poisoned it.
    if (otState.cheat !== undefined) pool.drop(statement.setId)
    // It leaves the pool before anything is sent, so that it is never used twice.
    const preprocessed = pool.take(statement.setId, otState.digest)
    try {
      if (preprocessed !== undefined) return await complete(signing, otState, preprocessed, guard)
    } catch (error) {
      if (!isMpcError(error, 'PREPROCESSING_NOT_FOUND')) throw error
      // The server has dropped its side: after a restore, by age, or for newer ones. The others are likely gone too.
      pool.drop(statement.setId)
    } finally {
      preprocessed?.dispose()
    }
    const session = createEcdsaSigning(signingOptions(signing, otState))
    return signBy(signing, { kind: 'setup' }, session, guard)
  })
}

function complete(signing: Signing, otState: OtState, preprocessed: Preprocessed, guard: StepGuard) {
  const source = { kind: 'preprocessing', id: toHex(preprocessed.id) } as const
  const { epoch } = signing.client.ecdsa.pool
  const session = createCompletion({ ...signingOptions(signing, otState), preprocessed, epoch })
  return signBy(signing, source, session, guard)
}

async function signBy(
  signing: Signing,
  source: SignatureSource,
  session: Session<EcdsaResult>,
  guard: StepGuard,
): Promise<EcdsaSignature> {
  const { client, deadline, statement } = signing
  const { result, results } = await runOperation(client, deadline, {
    operationId: newOperationId(client),
    request: { ...statement, source },
    sessions: [session],
    hooks: { guard },
  })
  verifyUsedSet(result, statement.setId)
  return toSignature(client, signing.shares, statement.path, results[0]!.signature!)
}

/** Each signature has its own Δ, so that what a cheater learns about one is useless (docs/ecdsa.md#the-ban-rule). */
async function signByEphemeralSetup(signing: Signing): Promise<EcdsaSignature> {
  const { client, deadline, shares, statement, progress } = signing
  progress.goTo('Signing')
  const request: SignEcdsaRequest = { ...statement, source: { kind: 'ephemeralSetup', ...setupRole(client) } }
  const operationId = newOperationId(client)
  let otState: OtState | undefined
  try {
    const session = afterSetup(otSetup(client, operationId, request, shares), (setup) => {
      otState = bindOtState(setup, shareOn(shares, 'secp256k1').record.setId)
      return createEcdsaSigning(signingOptions(signing, otState))
    })
    const { result, results } = await runOperation(client, deadline, { operationId, request, sessions: [session] })
    verifyUsedSet(result, statement.setId)
    return toSignature(client, shares, statement.path, results[0]!.signature!)
  } finally {
    otState?.dispose()
  }
}

/** A signature as the client returns it, by the key at a path. */
export function toSignature(
  client: EcdsaClient,
  shares: WalletShares,
  path: string,
  raw: RawSignature,
): EcdsaSignature {
  const { recovery } = raw
  // R's x exceeds n once in 2^127 signatures; chains cannot encode that.
  if (recovery !== 0 && recovery !== 1) {
    throw new MpcError('PROTOCOL_ABORTED', 'the signature has no recovery id of one bit; sign again', {
      retryable: true,
    })
  }
  const publicKey = publicKeyAtPath(client.ecdsa.backend().group, shareOn(shares, 'secp256k1').record, path)
  return { signature: encodeSignature(raw), recovery, publicKey, setId: toHex(shares.setId) }
}
