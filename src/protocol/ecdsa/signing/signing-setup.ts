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

/** A key below the set's own: pk' = pk + δ·G (BIP 32). */
export interface KeyPath {
  readonly path: readonly number[]
  /** δ */
  readonly tweak: Scalar
}

/** What all signers agree on beforehand, and who this one is. */
export interface EcdsaOptions {
  readonly backend: EcdsaBackend
  /** This party's share of a signing set on secp256k1, validated. It stays the caller's. */
  readonly share: KeyShare
  /** The oblivious-transfer states with the other signers. They stay the caller's; a cheat poisons them. */
  readonly pairs: readonly OtState[]
  /** At least `threshold` parties of the set by ascending id, this one among them. Place + 1 is the participant number. */
  readonly signers: readonly PartyId[]
  /** The key that signs, where it is not the set's own. */
  readonly derivation?: KeyPath
  readonly random: RandomSource
}

/** What a session is for. */
export type SigningMode =
  | { readonly kind: 'sign'; readonly digest: Digest32; readonly aggregator?: PartyId | undefined }
  /** A signature whose multiplications were made before, under this id. */
  | {
      readonly kind: 'complete'
      readonly digest: Digest32
      readonly aggregator?: PartyId | undefined
      readonly id: Uint8Array
    }
  /** All that needs neither message nor key. */
  | { readonly kind: 'preprocess'; readonly epoch: number }

const MODE_CODES = { sign: 1, preprocess: 2, complete: 3 } as const

/** The options of a session after validation. */
export interface SigningSetup {
  readonly backend: EcdsaBackend
  /** The secret share is the session's own copy. */
  readonly share: KeyShare
  /** By participant number, this one left out. */
  readonly pairs: ReadonlyMap<number, OtState>
  readonly signers: readonly PartyId[]
  /** This signer's participant number. */
  readonly self: number
  readonly derivation: KeyPath | undefined
  /** pk', and its encoding */
  readonly publicKey: Point
  readonly encodedKey: Uint8Array
  readonly mode: SigningMode
  /** ctx: what is signed, by which key, for which set and by whom */
  readonly statement: Uint8Array
  /** What an opening begins with: the statement, where it opens a session. */
  readonly greeting: readonly Uint8Array[]
  /** Randomness for one use, hedged with the share. */
  readonly random: (drawn: Drawn, ...about: readonly Part[]) => RandomSource
}

export const ecdsaHash = createHasher('secp256k1', 'ecdsa')

/**
 * @throws {TypeError | RangeError} for options that do not fit together
 * @throws {SET_MISMATCH} for an oblivious-transfer state of another set
 * @throws {OT_POISONED} for one that was poisoned
 */
export function openSigning(options: EcdsaOptions, mode: SigningMode): SigningSetup {
  const { backend, share, signers, derivation, random } = options
  const { group } = backend
  const { record, id } = share
  if (record.curve !== 'secp256k1') throw new RangeError(`threshold ECDSA is not defined on ${record.curve}`)
  if (record.purpose !== 'signing') throw new RangeError(`a ${record.purpose} set does not sign`)
  checkSigners(share, signers)
  const aggregator = 'digest' in mode ? mode.aggregator : undefined
  if (aggregator !== undefined && !signers.includes(aggregator)) {
    throw new RangeError(`the aggregator ${aggregator} is not among the signers`)
  }
  const pairs = pairsBySigner(options)
  const publicKey =
    derivation === undefined
      ? record.publicKey
      : group.addPoints(record.publicKey, group.multiplyBase(derivation.tweak))
  if (group.isIdentity(publicKey)) throw new RangeError('the derived key is the identity')
  const encodedKey = group.encodePoint(publicKey)
  const statement = statementOf(share, signers, encodedKey, derivation?.path ?? [], mode)
  const secretShare = share.secretShare.slice() as Scalar
  const self = signers.indexOf(id) + 1
  return {
    backend,
    share: { ...share, secretShare },
    pairs,
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

function pairsBySigner({ share, pairs, signers }: EcdsaOptions): Map<number, OtState> {
  const found = new Map<number, OtState>()
  for (const [i, signer] of signers.entries()) {
    if (signer === share.id) continue
    const pair = pairs.find(({ self, peer }) => self === share.id && peer === signer)
    if (pair === undefined) throw new RangeError(`there is no oblivious-transfer state with party ${signer}`)
    if (!equalBytes(pair.setId, share.record.setId)) {
      throw new MpcError('SET_MISMATCH', `the oblivious-transfer state with party ${signer} is of another set`)
    }
    // Refuses a poisoned one before anything happens.
    void pair.secrets
    found.set(i + 1, pair)
  }
  return found
}

/**
 * ctx = TH("sign", setId, signers, pk', path, mode, digest, id of the preprocessing).
 *
 * Deviation: otDigest is not in here but in every vsid, and compared first of all: it belongs to a pair of signers, and
 * this hash is the same for all of them.
 */
function statementOf(
  share: KeyShare,
  signers: readonly PartyId[],
  encodedKey: Uint8Array,
  path: readonly number[],
  mode: SigningMode,
): Uint8Array {
  return ecdsaHash(
    'sign',
    share.record.setId,
    Uint8Array.from(signers),
    encodedKey,
    path.map(u32),
    MODE_CODES[mode.kind],
    'digest' in mode ? mode.digest : new Uint8Array(0),
    'id' in mode ? mode.id : new Uint8Array(0),
  )
}

/**
 * CTX of an envelope. Sets, setups and statements stand in the bodies of the first round: who differs in them is told so,
 * and nobody is blamed.
 */
export function envelopeContext({ signers, mode }: SigningSetup): Uint8Array {
  const id = mode.kind === 'complete' ? mode.id : new Uint8Array(0)
  return ecdsaHash('ctx', Uint8Array.from(signers), MODE_CODES[mode.kind], id)
}

/** Whether more than two sign: then they are not told each other's parts of the key, and compare what they have seen. */
export function isManySigners({ signers }: Pick<SigningSetup, 'signers'>): boolean {
  return signers.length > 2
}

const STEPS = { commitment: 1, product: 2, opening: 3, comparison: 4 } as const

/**
 * The round of a session in which something is sent. A preprocessing begins with greetings, and a session that goes on from
 * one with the openings.
 */
export function roundOf(setup: Pick<SigningSetup, 'signers' | 'mode'>, what: keyof typeof STEPS | 'share'): number {
  const step = what === 'share' ? (isManySigners(setup) ? 5 : 4) : STEPS[what]
  if (setup.mode.kind === 'preprocess') return step + 1
  return setup.mode.kind === 'complete' ? step - 2 : step
}

/** Poisons the state with a participant before anybody hears of it. */
export function cheat(setup: SigningSetup, round: number, from: number, reason: CheatReason, what: string): never {
  pairWith(setup, from).poison(reason)
  return abort(reason, round, [from], `participant ${from} ${what}`)
}

/** @throws {PROTOCOL_ABORTED} FORMAT where `work` meets a malformed message of a participant */
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

/** The oblivious-transfer state with a participant. */
export function pairWith({ pairs }: SigningSetup, participant: number): OtState {
  const pair = pairs.get(participant)
  if (pair === undefined) throw new RangeError(`no oblivious-transfer state with participant ${participant}`)
  return pair
}
