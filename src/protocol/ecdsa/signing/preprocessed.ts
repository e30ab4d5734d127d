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

/** What a preprocessing says of itself. */
export interface PreprocessedAbout {
  /** The same 32 bytes for all signers of one preprocessing, and for no other. */
  readonly id: Uint8Array
  readonly setId: Uint8Array
  readonly signers: readonly PartyId[]
  readonly self: PartyId
  /** otDigest of the setup with each other signer, by ascending id */
  readonly digests: readonly Uint8Array[]
  /** Which life of the signer's database it was made in; one that was restored since does not use it. */
  readonly epoch: number
}

/** What {@link Preprocessed.take} makes sure of. */
export interface TakeConditions {
  readonly setId: Uint8Array
  readonly signers: readonly PartyId[]
  readonly pairs: readonly OtState[]
  readonly epoch: number
}

/**
 * One signer's side of multiplications that were made before a signature: good for one signature, by the key of the set at
 * any path and on any digest.
 *
 * Two openings of one preprocessing give away the key. The handle is used up before anything is computed from it; whoever
 * stores {@link encode}d ones deletes the stored one, durably and compare-and-set, before it signs with it.
 */
export class Preprocessed implements PreprocessedAbout {
  readonly id: Uint8Array
  readonly setId: Uint8Array
  readonly signers: readonly PartyId[]
  readonly self: PartyId
  readonly digests: readonly Uint8Array[]
  readonly epoch: number
  #prepared: Prepared | undefined

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
   * Uses it up for a signature.
   *
   * @throws {RangeError} if it was used before, is of other signers, or of an earlier life of the database
   * @throws {SET_MISMATCH} if it was made for another set
   * @throws {PROTOCOL_ABORTED} OT_DESYNC, if an oblivious-transfer state has been replaced since
   * @throws {OT_POISONED} if one has been poisoned since
   */
  take({ setId, signers, pairs, epoch }: TakeConditions): Prepared {
    if (!equalBytes(setId, this.setId)) throw new MpcError('SET_MISMATCH', 'a preprocessing of another set')
    if (signers.join() !== this.signers.join()) throw new RangeError('a preprocessing of other signers')
    if (epoch !== this.epoch) throw new RangeError('a preprocessing from before a restore')
    for (const [i, id] of this.#peers().entries()) {
      const pair = pairs.find(({ peer }) => peer === id)
      if (pair === undefined || !equalBytes(pair.digest, this.digests[i] as Uint8Array)) {
        abort('OT_DESYNC', 1, [], `the oblivious-transfer state with party ${id} is not that of the preprocessing`)
      }
      void pair.secrets
    }
    return this.#take()
  }

  /** Wipes it unused. Idempotent. */
  dispose(): void {
    if (this.#prepared !== undefined) wipePrepared(this.#take())
  }

  /**
   * `version u8 | id[32] | setId[32] | epoch u32 | self u8 | signers u32 + n | (n − 1) × otDigest[32]`, then what
   * `writePrepared` writes: 524 bytes for two signers, secret. Uses the handle up: the preprocessing lives on in the bytes
   * alone.
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
   * Reads what {@link encode} wrote.
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
