import { MpcError } from '../../../errors.ts'
import { parsing } from '../../../key-share/parsing.ts'
import { partyId, type PartyId } from '../../../types.ts'
import { abytes, equalBytes } from '../../../util/bytes.ts'
import { CodecError, Reader, Writer } from '../../../util/codec.ts'
import { abort } from '../../session/abort.ts'
import type { EcdsaBackend } from '../ot/backend.ts'
import type { OtState } from '../ot/ot-state.ts'
import { type Prepared, readingSecrets, readPrepared, wipePrepared, writePrepared } from './prepared.ts'

const VERSION = 1

/** The public description of a preprocessing. */
export interface PreprocessedAbout {
  /** 32 bytes: the same for all signers of one preprocessing, and different for any other. */
  readonly id: Uint8Array
  /** The share set, 32 bytes. */
  readonly setId: Uint8Array
  /** The signers by ascending id, this one included. */
  readonly signers: readonly PartyId[]
  /** This signer's id. */
  readonly self: PartyId
  /** otDigest of the setup with each other signer, 32 bytes each, by ascending id. */
  readonly digests: readonly Uint8Array[]
  /** The epoch of this signer's database in which it was made. It cannot be used in another epoch. */
  readonly epoch: number
}

/** What {@link Preprocessed.take} compares with the preprocessing. */
export interface TakeConditions {
  /** The share set that signs, 32 bytes. */
  readonly setId: Uint8Array
  /** The signers, by ascending id. */
  readonly signers: readonly PartyId[]
  /** The OT states with the other signers. */
  readonly otStates: readonly OtState[]
  /** The current epoch of this signer's database. */
  readonly epoch: number
}

/**
 * One signer's side of a preprocessing: the multiplications of one signature, made before the digest is known. It signs
 * any one digest, with the key of the set at any path.
 *
 * If one preprocessing is opened twice, the key is revealed. So it counts as used before anything is computed from it. If
 * you store {@link encode}d preprocessings, delete each one durably (compare-and-set) before you sign with it.
 */
export class Preprocessed implements PreprocessedAbout {
  readonly id: Uint8Array
  readonly setId: Uint8Array
  readonly signers: readonly PartyId[]
  readonly self: PartyId
  readonly digests: readonly Uint8Array[]
  readonly epoch: number
  #prepared: Prepared | undefined

  /** Used by the protocol; a stored preprocessing is read with {@link Preprocessed.decode}. */
  constructor(about: PreprocessedAbout, prepared: Prepared) {
    this.id = about.id
    this.setId = about.setId
    this.signers = about.signers
    this.self = about.self
    this.digests = about.digests
    this.epoch = about.epoch
    this.#prepared = prepared
  }

  /**
   * Uses the preprocessing up for a signature. If a condition is not met, it stays unused.
   *
   * @throws {RangeError} if it was used before, is of other signers, or was made in another epoch
   * @throws {SET_MISMATCH} if it was made for another set
   * @throws {PROTOCOL_ABORTED} OT_DESYNC if an OT state has been replaced since it was made
   * @throws {OT_POISONED} if an OT state has been poisoned since it was made
   */
  take({ setId, signers, otStates, epoch }: TakeConditions): Prepared {
    if (!equalBytes(setId, this.setId)) throw new MpcError('SET_MISMATCH', 'a preprocessing of another set')
    if (signers.join() !== this.signers.join()) throw new RangeError('a preprocessing of other signers')
    if (epoch !== this.epoch) throw new RangeError('a preprocessing from before a restore')
    for (const [i, id] of this.#peers().entries()) {
      const otState = otStates.find(({ peer }) => peer === id)
      if (otState === undefined || !equalBytes(otState.digest, this.digests[i] as Uint8Array)) {
        abort('OT_DESYNC', 1, [], `the oblivious-transfer state with party ${id} is not that of the preprocessing`)
      }
      void otState.secrets
    }
    return this.#take()
  }

  /** Wipes an unused preprocessing. Idempotent. */
  dispose(): void {
    if (this.#prepared !== undefined) wipePrepared(this.#take())
  }

  /**
   * Encodes the preprocessing as
   * `version u8 | id[32] | setId[32] | epoch u32 | self u8 | n u32 | n × signer u8 | (n − 1) × otDigest[32]`, followed by
   * what `writePrepared` writes: 524 bytes for two signers. Secret. This object is used up: only the bytes can be used
   * from now on.
   *
   * @throws {RangeError} if it was used before
   */
  encode(): Uint8Array {
    const prepared = this.#take()
    const writer = new Writer().u8(VERSION).bytes(this.id).bytes(this.setId).u32(this.epoch)
    writer.u8(this.self).prefixed(Uint8Array.from(this.signers))
    for (const digest of this.digests) writer.bytes(digest)
    writePrepared(writer, prepared)
    wipePrepared(prepared)
    return writer.finish()
  }

  /**
   * Decodes what {@link encode} wrote.
   *
   * @throws {SHARE_PARSING_FAILED} for anything else
   */
  static decode(backend: EcdsaBackend, bytes: Uint8Array): Preprocessed {
    return parsing('preprocessing', () => {
      const reader = new Reader(abytes(bytes, undefined, 'bytes'))
      const version = reader.u8()
      if (version !== VERSION) throw new CodecError(`preprocessing version ${version} is not supported`)
      const [id, setId] = [reader.bytes(32), reader.bytes(32)]
      const epoch = reader.u32()
      const self = readId(reader.u8())
      const signers = Array.from(reader.prefixed(255), readId)
      if (signers.some((signer, i) => signer <= (signers[i - 1] ?? 0))) throw new CodecError('signers must ascend')
      if (!signers.includes(self)) throw new CodecError('the signer is not among the signers')
      const peers = numbersOfPeers(signers, self)
      const digests = peers.map(() => reader.bytes(32))
      const about = { id, setId, signers, self, digests, epoch }
      return readingSecrets(backend, reader, (secrets) => {
        const prepared = readPrepared(backend, peers, secrets)
        reader.end()
        return new Preprocessed(about, prepared)
      })
    })
  }

  #peers(): PartyId[] {
    return this.signers.filter((id) => id !== this.self)
  }

  #take(): Prepared {
    const prepared = this.#prepared
    if (prepared === undefined) throw new RangeError('this preprocessing has been used')
    this.#prepared = undefined
    return prepared
  }
}

/** The participant numbers of the other signers. */
function numbersOfPeers(signers: readonly PartyId[], self: PartyId): number[] {
  return signers.flatMap((id, i) => (id === self ? [] : [i + 1]))
}

function readId(id: number): PartyId {
  if (id === 0) throw new CodecError('party ids count from 1')
  return partyId(id)
}
