import { type AbortReason, MpcError } from '../../../errors.ts'
import { parsing } from '../../../key-share/parsing.ts'
import { partyId, type PartyId } from '../../../types.ts'
import { abytes, wipe } from '../../../util/bytes.ts'
import { CodecError, Reader, Writer } from '../../../util/codec.ts'
import { COLUMNS, ROW_BYTES, SEED_BYTES } from './parameters.ts'

/** The check that a peer failed, after which the OT state with it must never be used again. */
export type CheatReason = Extract<AbortReason, 'CHEAT_OTE' | 'CHEAT_VOLE' | 'CHEAT_GAMMA'>

const CHEAT_CODES: Readonly<Record<CheatReason, number>> = { CHEAT_OTE: 1, CHEAT_VOLE: 2, CHEAT_GAMMA: 3 }

/** The seeds from which two parties extend their oblivious transfers. */
export interface OtSecrets {
  /** Δ of this party as Alice, 16 bytes */
  readonly delta: Uint8Array
  /** The seeds of this party as Alice: 128 of 32 bytes, the i-th of branch 1 ⊕ Δ_i. */
  readonly multiplierSeeds: Uint8Array
  /** The seeds of this party as Bob: 128 pairs of 32 bytes each. */
  readonly choiceSeeds: Uint8Array
  /** 32 bytes that both parties know. The zero shares of signatures are derived from it. */
  readonly zeroSeed: Uint8Array
}

/** Wipes the seeds of an OT state. */
export function wipeSecrets({ delta, multiplierSeeds, choiceSeeds, zeroSeed }: OtSecrets): void {
  wipe(delta, multiplierSeeds, choiceSeeds, zeroSeed)
}

const VERSION = 1
const READY = 1
const POISONED = 2

type State = { readonly secrets: OtSecrets } | { readonly cheat: CheatReason } | { readonly disposed: true }

/**
 * The oblivious-transfer state of one party of a share set: what it keeps from its setup with one peer.
 *
 * When the peer is caught cheating, the state is poisoned: its seeds are wiped, and every later use is refused. Store the
 * poisoned encoding durably before you send any response, and never restore an older copy. A second attempt would reveal
 * bits of Δ to the peer.
 */
export class OtState {
  /** The share set that the state belongs to, 32 bytes. */
  readonly setId: Uint8Array
  /** This party's id in the set. */
  readonly self: PartyId
  /** The other party's id in the set. */
  readonly peer: PartyId
  /** otDigest, 32 bytes: the same for both parties of one setup, and different for any other setup */
  readonly digest: Uint8Array
  #state: State

  /**
   * @throws {RangeError} if Δ is zero, as after wiping: both pads of every transfer would be equal, and the response of a
   *   multiplication would contain its inputs in clear
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

  /** The check that the peer failed, if the state is poisoned. */
  get cheat(): CheatReason | undefined {
    return 'cheat' in this.#state ? this.#state.cheat : undefined
  }

  /**
   * The seeds. They are not a copy: {@link poison} and {@link dispose} wipe them.
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

  /** Wipes the seeds for good. Later calls do not change the reason. A disposed state can still be poisoned. */
  poison(cheat: CheatReason): void {
    this.dispose()
    if (this.cheat === undefined) this.#state = { cheat }
  }

  /** Wipes this copy of the seeds when it is no longer needed. A poisoned state remains poisoned. Idempotent. */
  dispose(): void {
    if (!('secrets' in this.#state)) return
    wipeSecrets(this.#state.secrets)
    this.#state = { disposed: true }
  }

  /**
   * Encodes the state as `version u8 | status u8 | setId[32] | self u8 | peer u8 | digest[32]`, followed by
   *
   * - `zeroSeed[32] | Δ[16] | 128 seeds | 128 pairs of seeds` with status 1, ready: 12,404 bytes in all, secret;
   * - `reason u8` with status 2, poisoned: 69 bytes in all.
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
   * Decodes what {@link encode} wrote.
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

/** Whether all bytes are zero. Reads all of them, so that the time does not depend on their values. */
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
