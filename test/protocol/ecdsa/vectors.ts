import { sha256 } from '@noble/hashes/sha2.js'

import type { EcdsaBackend } from '../../../src/protocol/ecdsa/ot/backend.ts'
import { digest32 } from '../../../src/protocol/ecdsa/signing/digest.ts'
import { OtState } from '../../../src/protocol/ecdsa/ot/ot-state.ts'
import { createCompletion, createPreprocessing } from '../../../src/protocol/ecdsa/signing/preprocess.ts'
import type { Preprocessed } from '../../../src/protocol/ecdsa/signing/preprocessed.ts'
import { bindOtState, createOtSetup } from '../../../src/protocol/ecdsa/setup/create-setup.ts'
import { createEcdsaSigning } from '../../../src/protocol/ecdsa/signing/sign.ts'
import { type EcdsaSignature, encodeSignature } from '../../../src/protocol/ecdsa/signing/signature.ts'
import { derivePath } from '../../../src/protocol/derive/index.ts'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import type { Session } from '../../../src/protocol/session/session.ts'
import { decodeShareSetRecord, encodeShareSetRecord, type KeyShare } from '../../../src/key-share/index.ts'
import { partyId } from '../../../src/types.ts'
import { fromHex, toHex, utf8 } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { Tape } from './by-hand/hashing.ts'
import { poolByHand, signByHand } from './by-hand/open.ts'
import { encodeState, setupByHand } from './by-hand/setup.ts'
import type { SignInput } from './by-hand/sign.ts'

/** A share set: the record of docs/wire.md, and the share of each party. */
export interface ShareSet {
  readonly record: string
  readonly shares: readonly { readonly id: number; readonly secretShare: string }[]
}

/** What a vector is made from: the set, and where the randomness of each party of each session comes from. */
export interface Source {
  readonly backend: EcdsaBackend
  readonly shareSet: ShareSet
  randomOf(session: string, id: number): RandomSource
}

export function shareSetOf({ group }: EcdsaBackend, shares: readonly KeyShare[]): ShareSet {
  const [{ record }] = shares as [KeyShare]
  return {
    record: toHex(encodeShareSetRecord(group, record)),
    shares: shares.map(({ id, secretShare }) => ({ id, secretShare: toHex(secretShare) })),
  }
}

/** Runs sessions that take turns, each with all that was sent to it; gives what was sent, in its order. */
function converse<Result>(sessions: readonly Session<Result>[]): { sent: Uint8Array[]; results: Result[] } {
  const sent: Uint8Array[] = []
  const waiting = sessions.map((): Uint8Array[] => [])
  const results: Result[] = []
  for (let quiet = 0, turn = 0; quiet < sessions.length; turn++) {
    const self = turn % sessions.length
    const received = waiting[self]!.splice(0)
    if (results[self] !== undefined || (received.length === 0 && turn >= sessions.length)) {
      quiet += 1
      continue
    }
    quiet = 0
    for (const bytes of received) sessions[self]!.receive(bytes)
    const { out, done } = sessions[self]!.advance()
    if (done !== undefined) results[self] = done
    for (const bytes of out) {
      sent.push(bytes)
      const { to } = decodeEnvelope(bytes)
      waiting.forEach((list, i) => i !== self && (to === 0 || to === i + 1) && list.push(bytes))
    }
  }
  if (Object.keys(results).length < sessions.length) throw new Error('the protocol did not finish')
  return { sent, results }
}

/** Keeps what a source has given. */
function recorded(random: RandomSource): { random: RandomSource; tape: () => Tape } {
  const given: number[] = []
  return {
    random: (length) => {
      const bytes = random(length)
      given.push(...bytes)
      return bytes
    },
    tape: () => new Tape(Uint8Array.from(given)),
  }
}

/** Messages as a vector shows them, once they are those of the second implementation. */
function shown(sent: readonly Uint8Array[], byHand: ReadonlyMap<string, Uint8Array>, longest: number) {
  if (sent.length !== byHand.size) throw new Error(`${sent.length} messages, by hand ${byHand.size}`)
  return sent.map((bytes) => {
    const { round, from, to } = decodeEnvelope(bytes)
    const expected = byHand.get(`${round} ${from} ${to}`)
    const hash = toHex(sha256(bytes))
    if (expected === undefined || toHex(sha256(expected)) !== hash) {
      throw new Error(`round ${round} from ${from} to ${to} is another message by hand`)
    }
    return { round, from, to, bytes: bytes.length, sha256: hash, ...(bytes.length <= longest && { hex: toHex(bytes) }) }
  })
}

function randomnessOf(tapes: ReadonlyMap<number, Tape>) {
  return [...tapes].map(([id, tape]) => {
    if (!tape.isEmpty) throw new Error(`party ${id} has drawn more than it needs by hand`)
    return { id, drawn: tape.drawn }
  })
}

const tapesOf = (ids: readonly number[], sources: readonly { tape: () => Tape }[]) =>
  new Map(ids.map((id, i) => [id, sources[i]!.tape()]))

/** The setup of some parties, its states, and its vector. @param longest message that is shown in full */
export function setupVector(source: Source, ids: readonly number[], longest: number) {
  const { backend, shareSet } = source
  const { setId } = decodeShareSetRecord(() => backend.group, fromHex(shareSet.record))
  const binding = sha256(utf8('binding'))
  const parties = ids.map(partyId)
  const sources = ids.map((id) => recorded(source.randomOf('setup', id)))
  const { sent, results } = converse(
    parties.map((self, i) => createOtSetup({ backend, parties, self, binding, random: sources[i]!.random })),
  )
  const tapes = tapesOf(ids, sources)
  const byHand = setupByHand({ parties: ids, binding, tapes, setId })
  const otStates = results.map((setups) => setups.map((setup) => bindOtState(setup, setId)))
  const states = otStates.flat().map((otState) => {
    const { self, peer } = otState
    const bytes = otState.encode()
    const expected = encodeState(setId, self, peer, byHand.states.get(`${self} ${peer}`)!)
    if (toHex(bytes) !== toHex(expected)) throw new Error(`party ${self} holds another state by hand`)
    return { self, peer, sha256: toHex(sha256(bytes)), ...(longest > bytes.length && { hex: toHex(bytes) }) }
  })
  const vector = {
    parties: ids,
    slow: [],
    binding: toHex(binding),
    setId: toHex(setId),
    randomness: randomnessOf(tapes),
    messages: shown(sent, byHand.messages, longest),
    hashes: byHand.values,
    states,
  }
  return { vector, otStates: otStates.flat().map((otState) => otState.encode()), byHand: byHand.states }
}

type Setup = ReturnType<typeof setupVector>

interface Plan {
  readonly signers: readonly number[]
  readonly aggregator: number | undefined
  readonly path: readonly number[]
  readonly message: string
}

const LONGEST = 512

/** What both implementations sign with. */
function prepare(source: Source, setup: Setup, { signers, aggregator, path, message }: Plan) {
  const { backend, shareSet } = source
  const { group } = backend
  const record = decodeShareSetRecord(() => group, fromHex(shareSet.record))
  const digest = digest32(sha256(utf8(message)))
  const secretOf = (id: number) => fromHex(shareSet.shares.find((share) => share.id === id)!.secretShare)
  const derived = derivePath(group, record, path)
  const options = (i: number, random: RandomSource) => {
    const id = partyId(signers[i]!)
    return {
      backend,
      share: { record, id, secretShare: group.decodeScalar(secretOf(id)) },
      otStates: setup.otStates.map((bytes) => OtState.decode(bytes)).filter(({ self }) => self === id),
      signers: signers.map(partyId),
      random,
    }
  }
  const completing = {
    digest,
    ...(aggregator === undefined ? {} : { aggregator: partyId(aggregator) }),
    ...(path.length > 0 && { derivation: { path, tweak: derived.tweak } }),
  }
  const input = (tapes: ReadonlyMap<number, Tape>): SignInput => ({
    signers,
    setId: record.setId,
    publicKey: group.encodePoint(record.publicKey),
    chainCode: record.chainCode,
    shares: new Map(signers.map((id) => [id, secretOf(id)])),
    states: setup.byHand,
    tapes,
  })
  const about = { path, digest, learn: aggregator === undefined ? signers : [aggregator] }
  const described = {
    signers,
    aggregator: aggregator ?? null,
    path,
    message: { text: message, hash: 'sha256', digest: toHex(digest) },
  }
  return { options, completing, input, about, described }
}

function signatureOf(result: { signature?: EcdsaSignature }, byHand: { signature: Uint8Array; recovery: number }) {
  const signature = toHex(encodeSignature(result.signature!))
  const { recovery } = result.signature!
  if (signature !== toHex(byHand.signature) || recovery !== byHand.recovery)
    throw new Error('another signature by hand')
  return { signature, recovery }
}

/** A signature without preprocessing. */
export function signVector(source: Source, setup: Setup, plan: Plan) {
  const { options, completing, input, about, described } = prepare(source, setup, plan)
  const sources = plan.signers.map((id) => recorded(source.randomOf('sign', id)))
  const { sent, results } = converse(
    sources.map(({ random }, i) => createEcdsaSigning({ ...options(i, random), ...completing })),
  )
  const tapes = tapesOf(plan.signers, sources)
  const byHand = signByHand(input(tapes), about)
  return {
    ...described,
    randomness: randomnessOf(tapes),
    messages: shown(sent, byHand.messages, LONGEST),
    values: byHand.values,
    ...signatureOf(results[0]!, byHand),
  }
}

/** A preprocessing, and a signature that it completes. */
export function poolVector(source: Source, setup: Setup, plan: Plan) {
  const { options, completing, input, about, described } = prepare(source, setup, plan)
  const sources = plan.signers.map((id) => recorded(source.randomOf('preprocess', id)))
  const made = converse(sources.map(({ random }, i) => createPreprocessing({ ...options(i, random), epoch: 0 })))
  const tapes = tapesOf(plan.signers, sources)
  const nothing: RandomSource = () => {
    throw new Error('a completion draws nothing')
  }
  const preprocessed = made.results.map((result) => result.preprocessed as Preprocessed)
  const ids = preprocessed.map(({ id }) => toHex(id))
  const completed = converse(
    preprocessed.map((one, i) =>
      createCompletion({ ...options(i, nothing), ...completing, epoch: 0, preprocessed: one }),
    ),
  )
  const byHand = poolByHand(input(tapes), about)
  if (ids.some((id) => id !== byHand.preprocessing.values.id)) throw new Error('another id by hand')
  const { preprocessing, completion } = byHand
  return {
    ...described,
    randomness: randomnessOf(tapes),
    preprocessing: { messages: shown(made.sent, preprocessing.messages, LONGEST), values: preprocessing.values },
    completion: { messages: shown(completed.sent, completion.messages, LONGEST), values: completion.values },
    ...signatureOf(completed.results[0]!, byHand),
  }
}
