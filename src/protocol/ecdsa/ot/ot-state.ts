import { type AbortReason, MpcError } from '../../../errors.ts'
import { parsing } from '../../../key-share/parsing.ts'
import { partyId, type PartyId } from '../../../types.ts'
import { abytes, wipe } from '../../../util/bytes.ts'
import { CodecError, Reader, Writer } from '../../../util/codec.ts'
import { COLUMNS, ROW_BYTES, SEED_BYTES } from './parameters.ts'

/** Why the state with a peer must never be used again. */
export type CheatReason = Extract<AbortReason, 'CHEAT_OTE' | 'CHEAT_VOLE' | 'CHEAT_GAMMA'>

const CHEAT_CODES: Readonly<Record<CheatReason, number>> = { CHEAT_OTE: 1, CHEAT_VOLE: 2, CHEAT_GAMMA: 3 }

/** The seeds that a pair's oblivious transfers are extended from. */
export interface OtSecrets {
  /** Of this party as Alice: Δ, 16 bytes, and 128 seeds of branch 1 ⊕ Δ_i. */
  readonly delta: Uint8Array
  readonly multiplierSeeds: Uint8Array
  /** Of this party as Bob: 128 pairs of seeds. */
  readonly choiceSeeds: Uint8Array
  /** Both parties know it; the zero shares of a signature come from it. */
  readonly zeroSeed: Uint8Array
}

export function wipeSecrets({ delta, multiplierSeeds, choiceSeeds, zeroSeed }: OtSecrets): void {
  wipe(delta, multiplierSeeds, choiceSeeds, zeroSeed)
}

const VERSION = 1
const READY = 1
const POISONED = 2

type State = { readonly secrets: OtSecrets } | { readonly cheat: CheatReason } | { readonly disposed: true }

/**
 * What one party of a share set keeps of its setup with one peer: the oblivious-transfer state.
 *
 * After a cheat it is poisoned: the seeds are wiped and every later use is refused, for ever. Whoever stores it writes
 * the poisoned encoding durably before any answer leaves, and never restores an older copy: a retry would give away bits
 * of Δ.
 */
export class OtState {
  /** 32 bytes */
  readonly setId: Uint8Array
  readonly self: PartyId
  readonly peer: PartyId
  /** otDigest, 32 bytes: the same on both sides of one setup, and on no other */
  readonly digest: Uint8Array
  #state: State

  /**
   * @throws {RangeError} if Δ is zero, as in seeds that were wiped: both pads of every transfer would be the same, and
   *   the payload of a multiplication would carry its inputs in clear
   */
  constructor(
    about: { readonly setId: Uint8Array; readonly self: PartyId; readonly peer: PartyId; readonly digest: Uint8Array },
    state: { readonly secrets: OtSecrets } | { readonly cheat: CheatReason },
  ) {
    this.setId = about.setId.slice()
    this.self = about.self
    this.peer = about.peer
    this.digest = about.digest.slice()
    if ('secrets' in state && isZero(state.secrets.delta)) throw new RangeError('the difference of all pads is zero')
    this.#state = state
  }

  /** What the peer was caught at, once it was. */
  get cheat(): CheatReason | undefined {
    return 'cheat' in this.#state ? this.#state.cheat : undefined
  }

  /**
   * The seeds, which stay this state's.
   *
   * @throws {OT_POISONED} after a cheat
   * @throws {TypeError} after {@link dispose}
   */
  get secrets(): OtSecrets {
    if ('cheat' in this.#state) {
      throw new MpcError('OT_POISONED', `the oblivious-transfer state with party ${this.peer} is poisoned`)
    }
    if ('disposed' in this.#state) {
      throw new TypeError(`the oblivious-transfer state with party ${this.peer} has been disposed of`)
    }
    return this.#state.secrets
  }

  /** Wipes the seeds for good. The first reason stays. A state that was disposed of can still be poisoned. */
  poison(cheat: CheatReason): void {
    this.dispose()
    if (this.cheat === undefined) this.#state = { cheat }
  }

  /** Wipes this copy of the seeds, when it is no longer needed; a poisoned state stays what it is. */
  dispose(): void {
    if (!('secrets' in this.#state)) return
    wipeSecrets(this.#state.secrets)
    this.#state = { disposed: true }
  }

  /**
   * `version u8 | 1 or 2 | setId[32] | self u8 | peer u8 | digest[32]`, then `zeroSeed[32] | Δ[16] | 128 seeds | 128 pairs
   * of seeds` if ready (12,404 bytes, secret) or `reason u8` if poisoned.
   *
   * @throws {TypeError} after {@link dispose}
   */
  encode(): Uint8Array {
    const { cheat } = this
    const writer = new Writer()
      .u8(VERSION)
      .u8(cheat === undefined ? READY : POISONED)
      .bytes(this.setId)
    writer.u8(this.self).u8(this.peer).bytes(this.digest)
    if (cheat !== undefined) return writer.u8(CHEAT_CODES[cheat]).finish()
    const { zeroSeed, delta, multiplierSeeds, choiceSeeds } = this.secrets
    return writer.bytes(zeroSeed).bytes(delta).bytes(multiplierSeeds).bytes(choiceSeeds).finish()
  }

  /**
   * Reads what {@link encode} wrote.
   *
   * @throws {SHARE_PARSING_FAILED} for anything else
   */
  static decode(bytes: Uint8Array): OtState {
    return parsing('oblivious-transfer state', () => {
      const reader = new Reader(abytes(bytes, undefined, 'bytes'))
      const version = reader.u8()
      if (version !== VERSION) throw new CodecError(`oblivious-transfer state version ${version} is not supported`)
      const status = reader.u8()
      const about = { setId: reader.bytes(32), self: readId(reader), peer: readId(reader), digest: reader.bytes(32) }
      if (about.self === about.peer) throw new CodecError('a party has no state with itself')
      if (status !== READY && status !== POISONED) throw new CodecError(`unknown status ${status}`)
      const state = status === READY ? { secrets: readSecrets(reader) } : { cheat: readCheat(reader) }
      reader.end()
      return new OtState(about, state)
    })
  }
}

function readId(reader: Reader): PartyId {
  const id = reader.u8()
  if (id === 0) throw new CodecError('party ids count from 1')
  return partyId(id)
}

/** Whether all bytes are zero; all of them are looked at. */
function isZero(bytes: Uint8Array): boolean {
  return bytes.reduce((bits, byte) => bits | byte, 0) === 0
}

function readSecrets(reader: Reader): OtSecrets {
  const zeroSeed = reader.bytes(32)
  const delta = reader.bytes(ROW_BYTES)
  if (isZero(delta)) throw new CodecError('the difference of all pads is zero')
  return {
    zeroSeed,
    delta,
    multiplierSeeds: reader.bytes(COLUMNS * SEED_BYTES),
    choiceSeeds: reader.bytes(2 * COLUMNS * SEED_BYTES),
  }
}

function readCheat(reader: Reader): CheatReason {
  const code = reader.u8()
  for (const reason of Object.keys(CHEAT_CODES) as CheatReason[]) if (CHEAT_CODES[reason] === code) return reason
  throw new CodecError(`unknown reason ${code}`)
}
