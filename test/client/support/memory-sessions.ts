import { operationSessions } from '../../../src/wire/operation-definitions.ts'
import { bindsLimits, operationFlags } from '../../../src/wire/operation-flags.ts'
import { importedKeyTerms } from '../../../src/wire/import.ts'
import type { OperationRequest, PreprocessRequest, SignEcdsaRequest } from '../../../src/wire/operations.ts'
import { itemBindings } from '../../../src/wire/sign-all.ts'
import { isEcdsaItem, type SignAllRequest, type SignEcdsaItem, type SignItem } from '../../../src/wire/sign-items.ts'
import { setupBinding, setupParties } from '../../../src/wire/setup-binding.ts'
import { keyAtPath, requestDigest, frostShare, signedIntent } from '../../../src/wire/signing.ts'
import { partiesOf, WALLET_THRESHOLD } from '../../../src/wire/sessions.ts'
import { getGroup } from '../../../src/curve/index.ts'
import {
  createCompletion,
  createEcdsaSigning,
  createOtSetup,
  createPreprocessing,
  getEcdsaBackend,
  type OtState,
  type PeerSetup,
  type Preprocessed,
} from '../../../src/protocol/ecdsa/index.ts'
import { createSigning } from '../../../src/protocol/frost/session.ts'
import { createImport } from '../../../src/protocol/import/index.ts'
import { createKeygen } from '../../../src/protocol/keygen/index.ts'
import { verifyPossession } from '../../../src/protocol/possession/index.ts'
import { createReshare } from '../../../src/protocol/reshare/index.ts'
import type { Session, Step } from '../../../src/protocol/session/session.ts'
import type { KeyShare, WalletShares } from '../../../src/key-share/types.ts'
import { CURVES, partyId, type Curve } from '../../../src/types.ts'
import { fromHex } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'

/** What a session of the server has made. */
export interface Made {
  readonly share?: KeyShare
  readonly setup?: PeerSetup
  readonly preprocessed?: Preprocessed
}

export type ServedSession = Pick<Session<Made>, 'start' | 'receive' | 'advance'>

/** Which life of the server it is; a preprocessing of another one is refused. */
const EPOCH = 1

const signers = partiesOf('signing').map(({ id }) => id)

/** The server's sessions that make a set, or a setup: one a sessionIndex. @param old the set that deals */
export function makingSessions(
  operationId: string,
  request: OperationRequest,
  old: WalletShares | undefined,
  random: RandomSource,
): ServedSession[] {
  return operationSessions(request).map(({ target, curve, brings }) => {
    if (brings === 'setup') return setupSession(operationId, request, random)
    const common = { group: getGroup(curve), purpose: target, threshold: WALLET_THRESHOLD, random }
    if (old === undefined) {
      const walletId = fromHex(request.walletId)
      const options = { ...common, walletId, parties: partiesOf(target), self: partyId(2) }
      const key = request.kind === 'import' ? request.keys[curve] : null
      const session = key ? createImport({ ...options, ...importedKeyTerms(key) }) : createKeygen(options)
      return converted(session, (share) => ({ share }))
    }
    const share = shareOn(old, curve)
    const participants = partiesOf(target).map((receiver) => ({ dealer: receiver.id, receiver }))
    const flags = operationFlags(request)
    const agreed = { flags, ...bindsLimits(request) }
    const session = createReshare({ ...common, ...agreed, old: share.record, participants, self: 2, share })
    return converted(session, (result) => (result.share === undefined ? {} : { share: result.share }))
  })
}

export function setupSession(operationId: string, request: OperationRequest, random: RandomSource): ServedSession {
  const binding = setupBinding(operationId, request)
  const backend = getEcdsaBackend()
  const session = createOtSetup({ backend, ...setupParties(request), self: partyId(2), binding, random })
  return converted(session, ([setup]) => ({ setup: setup! }))
}

/** What a session signs: a request, or an item of one. */
type Frost = Extract<OperationRequest, { scheme: 'ed25519' | 'bip340' }> | Exclude<SignItem, SignEcdsaItem>

/** The server's session of a FROST signature. */
export function schnorrSession(
  request: Frost,
  shares: WalletShares,
  random: RandomSource,
  bound: { readonly intent?: Uint8Array } = 'kind' in request ? signedIntent(request) : {},
): ServedSession {
  const { scheme } = request
  const group = getGroup(scheme === 'ed25519' ? 'ed25519' : 'secp256k1')
  const share = frostShare(group, shareOn(shares, group.curve), request)
  const message = fromHex(request.message)
  const options = { scheme, group, share, signers, aggregator: partyId(1), message, random, ...bound }
  return converted(createSigning(options), () => ({}))
}

/** The server's session of a threshold ECDSA signature or preprocessing. @param preprocessed what the signature completes */
export function ecdsaSession(
  request: SignEcdsaRequest | SignEcdsaItem | PreprocessRequest,
  shares: WalletShares,
  otState: OtState,
  random: RandomSource,
  preprocessed?: Preprocessed,
  bound: { readonly intent?: Uint8Array } = 'intent' in request && 'kind' in request ? signedIntent(request) : {},
): ServedSession {
  const backend = getEcdsaBackend()
  const share = shareOn(shares, 'secp256k1')
  const common = { backend, share, otStates: [otState], signers, random }
  if (!('path' in request)) {
    const session = createPreprocessing({ ...common, epoch: EPOCH })
    return converted(session, ({ preprocessed: made }) => ({ preprocessed: made! }))
  }
  const derivation = keyAtPath(backend.group, share.record, request.path)
  const options = {
    ...common,
    ...(derivation && { derivation }),
    digest: requestDigest(request),
    aggregator: partyId(1),
    ...bound,
  }
  const session =
    preprocessed === undefined
      ? createEcdsaSigning(options)
      : createCompletion({ ...options, preprocessed, epoch: EPOCH })
  return converted(session, () => ({}))
}

/** The server's sessions of several signatures. */
export function batchSessions(
  operationId: string,
  request: SignAllRequest,
  shares: WalletShares,
  random: RandomSource,
  { otState, preprocessed }: { readonly otState?: OtState; readonly preprocessed: Preprocessed[] | undefined },
): ServedSession[] {
  return itemBindings(operationId, request).map((intent, i) => {
    const item = request.items[i]!
    if (!isEcdsaItem(item)) return schnorrSession(item, shares, random, { intent })
    return ecdsaSession(item, shares, otState!, random, preprocessed?.[i], { intent })
  })
}

/** @throws {PROTOCOL_ABORTED} if the client's proof of possession fails */
export function verifyProof(shares: WalletShares, curve: Curve, nonce: Uint8Array, proof: Uint8Array): void {
  const { record } = shareOn(shares, curve)
  verifyPossession({ group: getGroup(curve), record, prover: partyId(1), verifier: partyId(2), nonce, proof })
}

export function shareOn(shares: WalletShares, curve: Curve): KeyShare {
  return shares.shares[CURVES.indexOf(curve)]!
}

function converted<Result>(session: Session<Result>, convert: (result: Result) => Made): ServedSession {
  const step = ({ out, prepared, done }: Step<Result>): Step<Made> => ({
    out,
    ...(prepared !== undefined && { prepared: convert(prepared) }),
    ...(done !== undefined && { done: convert(done) }),
  })
  return {
    start: () => step(session.start()),
    advance: () => step(session.advance()),
    receive: (envelope) => session.receive(envelope),
  }
}
