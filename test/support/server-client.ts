import { isProven, operationRounds, operationSessions, type SessionSpec } from '../../src/wire/operation-definitions.ts'
import { provenHeader } from '../../src/wire/opening-proof.ts'
import { decodeRoundBody, encodeRoundBody, type SessionMessage } from '../../src/wire/round-body.ts'
import { bindsLimits, operationFlags } from '../../src/wire/operation-flags.ts'
import type {
  OperationRequest,
  OperationResult,
  PreprocessRequest,
  SignBip340Request,
  SignEcdsaRequest,
  SignEd25519Request,
  SignRequest,
} from '../../src/wire/operations.ts'
import { paths } from '../../src/wire/paths.ts'
import { setupBinding, setupParties } from '../../src/wire/setup-binding.ts'
import { keyAtPath, requestDigest, frostShare, signedIntent } from '../../src/wire/signing.ts'
import { partiesOf, WALLET_THRESHOLD } from '../../src/wire/sessions.ts'
import { getGroup } from '../../src/curve/index.ts'
import {
  bindOtState,
  createCompletion,
  createEcdsaSigning,
  createOtSetup,
  createPreprocessing,
  encodeSignature,
  getEcdsaBackend,
  type OtState,
  type PeerSetup,
  Preprocessed,
} from '../../src/protocol/ecdsa/index.ts'
import { createSigning } from '../../src/protocol/frost/session.ts'
import { createKeygen } from '../../src/protocol/keygen/index.ts'
import { provePossession } from '../../src/protocol/possession/index.ts'
import { createReshare } from '../../src/protocol/reshare/index.ts'
import type { Session } from '../../src/protocol/session/session.ts'
import type { KeyShare, WalletShares } from '../../src/key-share/index.ts'
import { type Curve, partyId } from '../../src/types.ts'
import { fromHex, toHex } from '../../src/util/bytes.ts'
import type { RandomSource } from '../../src/util/random.ts'
import { batchSessions } from './batch-sessions.ts'
import type { EcdsaHeld, HeldPreprocessing } from './ecdsa-held.ts'
import { unwrap, type Answer, type ServerClient } from './server-http.ts'
import { gather, isSetup, shareOf, type Result } from './operation-results.ts'

export type { EcdsaHeld, HeldPreprocessing } from './ecdsa-held.ts'
export {
  CLIENT_HEADER,
  serverClient,
  unwrap,
  codeOf,
  parseJson,
  getJson,
  postJson,
  setStatus,
  retireSet,
  confirmSet,
  abortOperation,
  type Answer,
  type ServerClient,
} from './server-http.ts'

const CLIENT = partyId(1)
const SERVER = partyId(2)

/** The client's side of one operation: the bytes of its next request, and what came of the answers. */
export class ClientOperation {
  readonly operationId: string
  readonly request: OperationRequest
  round = 1
  /** The next request; undefined once the last answer is in. */
  body: Uint8Array | undefined
  /** The new sets that the client has prepared, in the order signing, backup. */
  prepared: WalletShares[] = []
  /** The new ECDSA setup of a signing set. */
  pair: OtState | undefined
  preprocessing: HeldPreprocessing | undefined
  result: OperationResult | undefined
  signature: Uint8Array | undefined
  readonly signatures: Uint8Array[] = []
  readonly #client: ServerClient
  readonly #source: WalletShares | undefined
  readonly #held: EcdsaHeld
  /** By sessionIndex; undefined once it is over. */
  #sessions: (Session<Result> | undefined)[]

  constructor(
    client: ServerClient,
    request: OperationRequest,
    source?: WalletShares,
    held: EcdsaHeld = {},
    operationId = toHex(client.random(16)),
  ) {
    this.#client = client
    this.#source = source
    this.#held = held
    this.operationId = operationId
    this.request = request
    this.#sessions = this.#open()
    this.body = this.#first(this.#start())
  }

  /** Sends the next request as it is; says nothing about the answer. */
  post(client: ServerClient = this.#client): Promise<Answer> {
    return client.send('POST', paths.round(this.operationId, this.round), this.body)
  }

  /** Takes the answer to the last request. @throws {MpcError} the server's error */
  take(answer: Answer): void {
    const roundBody = decodeRoundBody(unwrap(answer))
    const last = this.round === operationRounds(this.request)
    const next = this.#answer(roundBody.messages)
    if (last) this.result = roundBody.header as OperationResult
    this.round += 1
    this.body = last ? undefined : encodeRoundBody({ header: {}, messages: next })
  }

  #first(messages: SessionMessage[]): Uint8Array {
    const { request } = this
    const share = (this.#held.begins ?? this.#source)?.shares.find(({ record }) => record.curve === 'secp256k1')
    if (share === undefined) return encodeRoundBody({ header: request, messages })
    return firstFlight(this.operationId, request, messages, share, this.#client.random)
  }

  #answer(received: readonly SessionMessage[]): SessionMessage[] {
    if (this.request.kind === 'prove') return this.#prove(received)
    const next = this.#advance(received)
    if (this.request.kind !== 'sign' || sourceOf(this.request) !== 'ephemeralSetup' || this.round !== 2) return next
    this.#sessions = [this.#openEcdsa(this.request as SignEcdsaRequest, this.pair as OtState)]
    return this.#start()
  }

  #start(): SessionMessage[] {
    return this.#sessions.flatMap((session, sessionIndex) => messages(sessionIndex, session?.start().out ?? []))
  }

  #advance(received: readonly SessionMessage[]): SessionMessage[] {
    // In a reshare the server's last message needs no answer: the client is done before its own last has been heard.
    if (received.length === 0) return []
    for (const { sessionIndex, envelope } of received) this.#sessions[sessionIndex]?.receive(envelope)
    const steps = this.#sessions.map((session) => session?.advance())
    this.#sessions = this.#sessions.map((session, sessionIndex) =>
      steps[sessionIndex]?.done === undefined ? session : undefined,
    )
    const specs = operationSessions(this.request)
    const made = steps.flatMap((step, sessionIndex) => {
      return specs[sessionIndex]?.brings === 'share' && step?.prepared !== undefined ? [shareOf(step.prepared)] : []
    })
    if (made.length > 0) this.prepared = gather(this.request, made)
    for (const step of steps) if (step?.done !== undefined) this.#keep(step.done)
    return steps.flatMap((step, sessionIndex) => messages(sessionIndex, step?.out ?? []))
  }

  #keep(done: Result): void {
    if (isSetup(done)) {
      const made = this.prepared.find(({ purpose }) => purpose === 'signing') ?? this.#source
      const share = made?.shares.find(({ record }) => record.curve === 'secp256k1') as KeyShare
      this.pair = bindOtState(done[0] as PeerSetup, share.record.setId)
    }
    if ('preprocessed' in done && done.preprocessed !== undefined) {
      this.preprocessing = { id: toHex(done.preprocessed.id), encoded: done.preprocessed.encode() }
    }
    if ('signature' in done && done.signature !== undefined) {
      this.signature = done.signature instanceof Uint8Array ? done.signature : encodeSignature(done.signature)
      this.signatures.push(this.signature)
    }
  }

  #prove(challenges: readonly SessionMessage[]): SessionMessage[] {
    if (this.round === 2) return []
    return operationSessions(this.request).map(({ curve }, sessionIndex) => {
      const envelope = provePossession({
        group: getGroup(curve),
        share: this.#share(curve),
        verifier: SERVER,
        nonce: (challenges[sessionIndex] as SessionMessage).envelope,
        random: this.#client.random,
      })
      return { sessionIndex, envelope }
    })
  }

  #open(): Session<Result>[] {
    const { request } = this
    if (request.kind === 'prove' || request.kind === 'export') return []
    if (request.kind === 'preprocess') return [this.#openEcdsa(request, this.#held.pair as OtState)]
    if (request.kind === 'sign' && request.scheme === 'ecdsa') {
      if (request.source.kind === 'ephemeralSetup') return [this.#openSetup()]
      return [this.#openEcdsa(request, this.#held.pair as OtState)]
    }
    if (request.kind === 'sign') return [this.#openFrost(request)]
    if (request.kind === 'signAll') {
      const { operationId } = this
      const side = { operationId, source: this.#source!, held: this.#held, random: this.#client.random }
      return batchSessions(request, side)
    }
    return operationSessions(request).map((sessionIndex) =>
      sessionIndex.brings === 'setup' ? this.#openSetup() : this.#openShare(sessionIndex),
    )
  }

  #openFrost(request: SignEd25519Request | SignBip340Request): Session<Result> {
    const { scheme } = request
    const group = getGroup(scheme === 'ed25519' ? 'ed25519' : 'secp256k1')
    const share = frostShare(group, this.#share(group.curve), request)
    const message = fromHex(request.message)
    const { random } = this.#client
    const options = { scheme, group, share, signers: SIGNERS, aggregator: CLIENT, message, random }
    return createSigning({ ...options, ...signedIntent(request) })
  }

  #openEcdsa(request: SignEcdsaRequest | PreprocessRequest, pair: OtState): Session<Result> {
    const share = this.#share('secp256k1')
    const derivation =
      request.kind === 'sign' ? keyAtPath(getGroup('secp256k1'), share.record, request.path) : undefined
    const { random } = this.#client
    const options = {
      ...{ backend: getEcdsaBackend(), share, otStates: [pair], signers: SIGNERS, random },
      ...(derivation && { derivation }),
    }
    if (request.kind === 'preprocess') return createPreprocessing({ ...options, epoch: 0 })
    const signing = { ...options, digest: requestDigest(request), ...signedIntent(request), aggregator: CLIENT }
    if (request.source.kind !== 'preprocessing') return createEcdsaSigning(signing)
    const { encoded } = this.#held.preprocessing as HeldPreprocessing
    const preprocessed = Preprocessed.decode(options.backend, encoded)
    return createCompletion({ ...signing, preprocessed, epoch: 0 })
  }

  #openSetup(): Session<Result> {
    const { random } = this.#client
    const binding = setupBinding(this.operationId, this.request)
    return createOtSetup({ backend: getEcdsaBackend(), ...setupParties(this.request), self: CLIENT, binding, random })
  }

  #openShare({ curve, target: purpose }: SessionSpec): Session<Result> {
    const { request } = this
    const { random } = this.#client
    const group = getGroup(curve)
    const threshold = WALLET_THRESHOLD
    if (request.kind === 'generate') {
      const walletId = fromHex(request.walletId)
      return createKeygen({ group, walletId, purpose, threshold, parties: partiesOf(purpose), self: CLIENT, random })
    }
    const share = this.#share(curve)
    const participants = partiesOf(purpose).map((receiver) => ({ dealer: receiver.id, receiver }))
    const agreed = { flags: operationFlags(request), ...bindsLimits(request) }
    const options = { group, old: share.record, purpose, threshold, participants, self: 1, share, random }
    return createReshare({ ...options, ...agreed })
  }

  #share(curve: Curve): KeyShare {
    return this.#source?.shares.find(({ record }) => record.curve === curve) as KeyShare
  }
}

/** The first round body of an operation, with its proof where it begins with one. @param share on secp256k1 */
export function firstFlight(
  operationId: string,
  request: OperationRequest,
  messages: readonly SessionMessage[],
  share: KeyShare,
  random: RandomSource,
): Uint8Array {
  if (!isProven(request)) return encodeRoundBody({ header: request, messages })
  const header = provenHeader(getGroup('secp256k1'), { operationId, request, messages }, share, random)
  return encodeRoundBody({ header, messages })
}

const SIGNERS = partiesOf('signing').map(({ id }) => id)

function sourceOf(request: SignRequest): string {
  return request.scheme === 'ecdsa' ? request.source.kind : ''
}

/** Plays an operation to its end. @throws {MpcError} the server's first error */
export async function play(operation: ClientOperation): Promise<ClientOperation> {
  while (operation.body !== undefined) operation.take(await operation.post())
  return operation
}

function messages(sessionIndex: number, envelopes: readonly Uint8Array[]): SessionMessage[] {
  return envelopes.map((envelope) => ({ sessionIndex, envelope }))
}
