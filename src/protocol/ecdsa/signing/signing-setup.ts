import type { Point, Scalar } from '../../../curve/group.ts'
import { MpcError } from '../../../errors.ts'
import { findParty } from '../../../key-share/index.ts'
import type { KeyShare } from '../../../key-share/types.ts'
import type { PartyId } from '../../../types.ts'
import { equalBytes } from '../../../util/bytes.ts'
import { isCodecError } from '../../../util/codec.ts'
import { type Drawn, hedgedRandom } from '../../../util/hedge.ts'
import type { RandomSource } from '../../../util/random.ts'
import type { Part } from '../../../util/tagged-hash.ts'
import { abort } from '../../session/abort.ts'
import { createHasher } from '../../transcript/transcript.ts'
import type { EcdsaBackend } from '../ot/backend.ts'
import type { Digest32 } from './digest.ts'
import type { CheatReason, OtState } from '../ot/ot-state.ts'
import { u32 } from '../ot/tagged-batch.ts'

/** A key derived from the set's own: pk' = pk + δ·G (BIP 32). A `DerivedKey` is one. */
export interface KeyPath {
  /** Child indices from the set's own key, each below 2^31. */
  readonly path: readonly number[]
  /** δ */
  readonly tweak: Scalar
}

/** Options of every ECDSA session. */
export interface EcdsaOptions {
  /** The arithmetic, from `getEcdsaBackend`. */
  readonly backend: EcdsaBackend
  /** This party's share of a signing set on secp256k1, validated. The session makes its own copy; the caller wipes this one. */
  readonly share: KeyShare
  /** The OT states with the other signers. Not copied: a cheat poisons them, and the caller disposes of them. */
  readonly otStates: readonly OtState[]
  /**
   * At least `threshold` parties of the set by ascending id, this one included. A signer's participant number is its
   * position in this list, from 1.
   */
  readonly signers: readonly PartyId[]
  /** The key that signs. Default: the set's own. */
  readonly derivation?: KeyPath
  /** A cryptographically secure source of random bytes. */
  readonly random: RandomSource
}

/** What a signature is of. */
interface Signed {
  readonly digest: Digest32
  /** The hash of what the digest is of, 32 bytes, if that is known. */
  readonly intent?: Uint8Array | undefined
  readonly aggregator?: PartyId | undefined
}

/** What a session computes. */
export type SigningMode =
  /** A whole signature. */
  | ({ readonly kind: 'sign' } & Signed)
  /** A signature after the preprocessing with this id. */
  | ({ readonly kind: 'complete'; readonly id: Uint8Array } & Signed)
  /** A preprocessing: the part of a signature that needs neither the message nor the key. */
  | {
      readonly kind: 'preprocess'
      readonly epoch: number
      readonly digest?: undefined
      readonly intent?: undefined
      readonly aggregator?: undefined
    }

const MODE_CODES = { sign: 1, preprocess: 2, complete: 3 } as const

/** The options of a session, after they were checked. */
export interface SigningSetup {
  readonly backend: EcdsaBackend
  /** Its secret share is the session's own copy. */
  readonly share: KeyShare
  /** The OT states with the peers, by participant number. */
  readonly otStates: ReadonlyMap<number, OtState>
  /** By ascending id. */
  readonly signers: readonly PartyId[]
  /** This signer's participant number, from 1. */
  readonly self: number
  readonly derivation: KeyPath | undefined
  /** pk', the key that signs */
  readonly publicKey: Point
  /** pk', 33 bytes */
  readonly encodedKey: Uint8Array
  readonly mode: SigningMode
  /** ctx, 32 bytes: the hash of what is signed, by which key, for which set and by whom */
  readonly statement: Uint8Array
  /** The first fields of a decommitment: the statement if the session begins with decommitments, else none. */
  readonly greeting: readonly Uint8Array[]
  /** Randomness for one use, hedged with the secret share. */
  readonly random: (drawn: Drawn, ...about: readonly Part[]) => RandomSource
}

/** The tagged hash of ECDSA signing. 32 bytes. */
export const ecdsaHash = createHasher('secp256k1', 'ecdsa')

/** TH("seen", messages): what several draws are hedged with. Messages with transfers are 18 KB, too long to hash for each. */
export function hashOfSeen(messages: readonly Uint8Array[]): Uint8Array {
  return ecdsaHash('seen', messages)
}

/**
 * Checks the options of a session, and copies the secret share.
 *
 * @throws {TypeError | RangeError} for options that do not fit together
 * @throws {SET_MISMATCH} for an OT state of another set
 * @throws {OT_POISONED} for a poisoned OT state
 */
export function openSigning(options: EcdsaOptions, mode: SigningMode): SigningSetup {
  const { backend, share, signers, derivation, random } = options
  const { group } = backend
  const { record, id } = share
  if (record.curve !== 'secp256k1') throw new RangeError(`threshold ECDSA is not defined on ${record.curve}`)
  if (record.purpose !== 'signing') throw new RangeError(`a ${record.purpose} set does not sign`)
  checkSigners(share, signers)
  const { aggregator } = mode
  if (aggregator !== undefined && !signers.includes(aggregator)) {
    throw new RangeError(`the aggregator ${aggregator} is not among the signers`)
  }
  const otStates = otStatesBySigner(options)
  const publicKey =
    derivation === undefined
      ? record.publicKey
      : group.addPoints(record.publicKey, group.multiplyBase(derivation.tweak))
  if (group.isIdentity(publicKey)) throw new RangeError('the derived key is the identity')
  const encodedKey = group.encodePoint(publicKey)
  const statement = statementOf(options, mode, encodedKey)
  const secretShare = share.secretShare.slice() as Scalar
  const self = signers.indexOf(id) + 1
  return {
    backend,
    share: { ...share, secretShare },
    otStates,
    signers: [...signers],
    self,
    derivation,
    publicKey,
    encodedKey,
    mode,
    statement,
    greeting: mode.kind === 'complete' ? [statement] : [],
    random: (drawn, ...about) => hedgedRandom(random, drawn, secretShare, ...about),
  }
}

function checkSigners({ record, id }: KeyShare, signers: readonly PartyId[]): void {
  if (signers.some((signer, i) => signer <= (signers[i - 1] ?? 0))) {
    throw new RangeError('signers must ascend')
  }
  const stranger = signers.find((signer) => findParty(record, signer) === undefined)
  if (stranger !== undefined) throw new RangeError(`the set has no party ${stranger}`)
  if (signers.length < record.threshold) {
    throw new RangeError(`${signers.length} signers do not meet threshold ${record.threshold}`)
  }
  if (!signers.includes(id)) throw new RangeError(`party ${id} holds this share and is not among the signers`)
}

function otStatesBySigner({ share, otStates, signers }: EcdsaOptions): Map<number, OtState> {
  const found = new Map<number, OtState>()
  for (const [i, signer] of signers.entries()) {
    if (signer === share.id) continue
    const otState = otStates.find(({ self, peer }) => self === share.id && peer === signer)
    if (otState === undefined) throw new RangeError(`there is no oblivious-transfer state with party ${signer}`)
    if (!equalBytes(otState.setId, share.record.setId)) {
      throw new MpcError('SET_MISMATCH', `the oblivious-transfer state with party ${signer} is of another set`)
    }
    // Throws if the state is poisoned, before anything is sent.
    void otState.secrets
    found.set(i + 1, otState)
  }
  return found
}

/**
 * ctx = TH("sign", setId, signers, pk', path, mode, digest, id of the preprocessing [, hash of the intent]).
 *
 * Deviation: otDigest is not part of this hash, because it belongs to two signers while the statement is the same for all.
 * Instead it is part of every vsid, and compared in the first messages.
 */
function statementOf(
  { share, signers, derivation }: EcdsaOptions,
  mode: SigningMode,
  encodedKey: Uint8Array,
): Uint8Array {
  const path = derivation?.path ?? []
  return ecdsaHash(
    'sign',
    share.record.setId,
    Uint8Array.from(signers),
    encodedKey,
    path.map(u32),
    MODE_CODES[mode.kind],
    mode.digest ?? new Uint8Array(0),
    'id' in mode ? mode.id : new Uint8Array(0),
    ...(mode.intent === undefined ? [] : [mode.intent]),
  )
}

/**
 * CTX of an envelope. Set, setups and statement are not part of it but of the messages of the first round: signers that
 * differ in them get an error that says so and blames nobody.
 */
export function envelopeContext({ signers, mode }: SigningSetup): Uint8Array {
  const id = mode.kind === 'complete' ? mode.id : new Uint8Array(0)
  return ecdsaHash('ctx', Uint8Array.from(signers), MODE_CODES[mode.kind], id)
}

/** Whether there are more than two signers. They blind their parts of the key, and compare R before they sign. */
export function isManySigners({ signers }: Pick<SigningSetup, 'signers'>): boolean {
  return signers.length > 2
}

const STEPS = { commitment: 1, product: 2, decommitment: 3, comparison: 4 } as const

/**
 * The round of a session in which a kind of message is sent. A preprocessing has a round of greetings first, and a
 * completion begins with the decommitments.
 */
export function roundOf(setup: Pick<SigningSetup, 'signers' | 'mode'>, what: keyof typeof STEPS | 'share'): number {
  const step = what === 'share' ? (isManySigners(setup) ? 5 : 4) : STEPS[what]
  if (setup.mode.kind === 'preprocess') return step + 1
  return setup.mode.kind === 'complete' ? step - 2 : step
}

/** Poisons the OT state with a participant, then throws the error that names the cheat. */
export function cheat(
  setup: SigningSetup,
  { round, from }: { readonly round: number; readonly from: number },
  reason: CheatReason,
  what: string,
): never {
  otStateWith(setup, from).poison(reason)
  return abort(reason, round, [from], `participant ${from} ${what}`)
}

/** Runs `work` on a participant's message. @throws {PROTOCOL_ABORTED} FORMAT if `work` throws a CodecError */
export function orFormat<T>(round: number, from: number, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!isCodecError(error)) throw error
    return abort('FORMAT', round, [from], `participant ${from}: ${error.message}`)
  }
}

/** The participant numbers of the other signers. */
export function others({ signers, self }: Pick<SigningSetup, 'signers' | 'self'>): number[] {
  return signers.map((_, i) => i + 1).filter((number) => number !== self)
}

/** The OT state with a participant. */
export function otStateWith({ otStates }: SigningSetup, participant: number): OtState {
  const otState = otStates.get(participant)
  if (otState === undefined) throw new RangeError(`no oblivious-transfer state with participant ${participant}`)
  return otState
}
