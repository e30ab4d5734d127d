import type { Group, Scalar } from '../../curve/group.ts'
import { MpcError } from '../../errors.ts'
import { parsing } from '../../share/parsing.ts'
import { partyId, type PartyId } from '../../types.ts'
import { abytes, equalBytes, wipe } from '../../util/bytes.ts'
import { CodecError, Reader, Writer } from '../../util/codec.ts'
import { createHasher, scalarFromHash } from '../transcript.ts'
import type { Digest32 } from './digest.ts'
import { aggregate, type Halves, signatureShare, wipeHalves } from './signature-share.ts'
import type { EcdsaSignature } from './signature.ts'

/** The round that shares of a presignature are of, in errors. */
const SHARE_ROUND = 4

const VERSION = 1

const hash = createHasher('secp256k1', 'ecdsa')

/** What a presignature says of itself. */
export interface PresignatureAbout {
  /** The same 32 bytes for all signers of one presignature */
  readonly id: Uint8Array
  readonly setId: Uint8Array
  /** pk', 33 bytes: the only key that it signs for */
  readonly publicKey: Uint8Array
  /** R, 33 bytes, before it is shifted for a digest */
  readonly commitment: Uint8Array
  readonly signers: readonly PartyId[]
  readonly self: PartyId
  /** Which life of the signer's database it was made in; one that was restored since does not spend it. */
  readonly incarnation: number
}

/** What {@link Presignature.spend} makes sure of. */
export interface SpendConditions {
  readonly setId: Uint8Array
  /** 33 bytes */
  readonly publicKey: Uint8Array
  readonly incarnation: number
}

/**
 * One signer's part of a signature on a message that is not known yet; good for one message.
 *
 * Two shares of one presignature give away the key. The handle is spent before a share is computed; whoever stores
 * {@link encode}d ones deletes the stored one, durably and compare-and-set, before it spends it.
 */
export class Presignature implements PresignatureAbout {
  readonly id: Uint8Array
  readonly setId: Uint8Array
  readonly publicKey: Uint8Array
  readonly commitment: Uint8Array
  readonly signers: readonly PartyId[]
  readonly self: PartyId
  readonly incarnation: number
  #secrets: Halves | undefined

  constructor(about: PresignatureAbout, halves: Halves) {
    this.id = about.id
    this.setId = about.setId
    this.publicKey = about.publicKey
    this.commitment = about.commitment
    this.signers = about.signers
    this.self = about.self
    this.incarnation = about.incarnation
    this.#secrets = halves
  }

  /**
   * Spends the presignature on a digest that was chosen after R was known: w_i = m·φ_i + r'·v_i, and u_i + ρ·φ_i, for
   * R' = R + ρ·G ({@link shiftNonce}).
   *
   * @returns w_i ‖ u_i, 64 bytes; the caller may send it
   * @throws {RangeError} if it was spent before, was made for another key, or in an earlier life of the database
   * @throws {SET_MISMATCH} if it was made for another set
   */
  spend(group: Group, digest: Digest32, conditions: SpendConditions): Uint8Array {
    if (!equalBytes(conditions.setId, this.setId)) throw new MpcError('SET_MISMATCH', 'a presignature of another set')
    if (!equalBytes(conditions.publicKey, this.publicKey)) throw new RangeError('a presignature for another key')
    if (conditions.incarnation !== this.incarnation) throw new RangeError('a presignature from before a restore')
    abytes(digest, 32, 'digest')
    const { shift, commitment } = shiftNonce(group, this, digest)
    const halves = this.#take()
    const shifted = group.multiply(shift, halves.mask)
    const denominator = group.add(halves.denominator, shifted)
    try {
      return signatureShare(group, digest, commitment, { ...halves, denominator })
    } finally {
      wipeHalves(halves)
      wipe(shifted, denominator)
    }
  }

  /** Wipes it unspent. Idempotent. */
  dispose(): void {
    if (this.#secrets === undefined) return
    wipeHalves(this.#take())
  }

  /**
   * `version u8 | id[32] | setId[32] | pk'[33] | R[33] | incarnation u32 | self u8 | signers u32 + n | φ_i | u_i | v_i`:
   * secret. Spends the handle: the presignature lives on in the bytes alone.
   *
   * @throws {RangeError} if it was spent before
   */
  encode(): Uint8Array {
    const { mask, denominator, keyed } = this.#take()
    const writer = new Writer().u8(VERSION).bytes(this.id).bytes(this.setId).bytes(this.publicKey)
    writer.bytes(this.commitment).u32(this.incarnation).u8(this.self).prefixed(Uint8Array.from(this.signers))
    writer.bytes(mask).bytes(denominator).bytes(keyed)
    wipe(mask, denominator, keyed)
    return writer.finish()
  }

  /**
   * Reads what {@link encode} wrote.
   *
   * @throws {SHARE_PARSING_FAILED} for anything else
   */
  static decode(group: Group, bytes: Uint8Array): Presignature {
    return parsing('presignature', () => {
      const reader = new Reader(abytes(bytes, undefined, 'bytes'))
      const version = reader.u8()
      if (version !== VERSION) throw new CodecError(`presignature version ${version} is not supported`)
      const [id, setId, publicKey, commitment] = [32, 32, 33, 33].map((length) => reader.bytes(length)) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ]
      group.decodePoint(publicKey)
      group.decodePoint(commitment)
      const incarnation = reader.u32()
      const self = readId(reader.u8())
      const signers = Array.from(reader.prefixed(255), readId)
      if (!signers.includes(self)) throw new CodecError('the signer is not among the signers')
      const [mask, denominator, keyed] = [0, 1, 2].map(() =>
        group.decodeScalar(reader.bytes(32), { allowZero: true }),
      ) as [Scalar, Scalar, Scalar]
      reader.end()
      const about = { id, setId, publicKey, commitment, signers, self, incarnation }
      return new Presignature(about, { mask, denominator, keyed })
    })
  }

  #take(): Halves {
    const secrets = this.#secrets
    if (secrets === undefined) throw new RangeError('this presignature has been used')
    this.#secrets = undefined
    return secrets
  }
}

function readId(id: number): PartyId {
  if (id === 0) throw new CodecError('party ids count from 1')
  return partyId(id)
}

/**
 * ρ and R' = R + ρ·G, the point that a presignature signs a digest with (Groth, Shoup, eprint 2021/1330, §5: R known
 * before the digest, and keys that differ by a known δ). With R itself, whoever may have any digest h signed by the key at
 * one path chooses h = h* + r·(δ* − δ), and has a signature on h* by the key at another.
 */
function shiftNonce(
  group: Group,
  { id, publicKey, commitment }: Pick<PresignatureAbout, 'id' | 'publicKey' | 'commitment'>,
  digest: Digest32,
): { readonly shift: Scalar; readonly commitment: Uint8Array } {
  const shift = scalarFromHash(group, hash, hash('shift', id, publicKey, commitment, digest))
  const point = group.addPoints(group.decodePoint(commitment), group.multiplyBase(shift))
  return { shift, commitment: group.encodePoint(point) }
}

/**
 * The signature of all shares of a presignature that was spent on a digest, verified before it is returned.
 *
 * @param shares w_i ‖ u_i of each signer
 * @throws {RangeError} unless there is one share of each signer
 * @throws {PROTOCOL_ABORTED} FORMAT, or SIG, which blames the other one of two signers and nobody among more
 */
export function aggregateShares(
  group: Group,
  presignature: Pick<PresignatureAbout, 'id' | 'signers' | 'self' | 'commitment' | 'publicKey'>,
  digest: Digest32,
  shares: ReadonlyMap<PartyId, Uint8Array>,
): EcdsaSignature {
  const { signers, self, publicKey } = presignature
  const { commitment } = shiftNonce(group, presignature, digest)
  return aggregate(group, { signers, self, publicKey, commitment, round: SHARE_ROUND }, digest, shares)
}
