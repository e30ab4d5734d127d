import { concatBytes, equalBytes, wipe } from '../../util/bytes.ts'
import { isCodecError, type Reader, type Writer } from '../../util/codec.ts'
import { decodeEnvelope, type Envelope, ENVELOPE_MAX_LENGTH } from './envelope.ts'
import type { Inbox, Machine } from './machine.ts'
import type { Receipt } from './session.ts'

/** How many envelopes are kept for one slot before the session id is known, which tells the right one from the others. */
const EARLY_PER_SENDER = 4

/** Length in bytes of the echo at the end of each message: 0 in round 1, and 0 with two participants. */
export function echoLength(round: number, participants: number): 0 | 32 {
  return round > 1 && participants > 2 ? 32 : 0
}

type Header = Pick<Machine<unknown>, 'protocol' | 'suite' | 'participants' | 'self' | 'context' | 'sid' | 'expects'>

/**
 * The messages of one session, with one slot for each message that the protocol expects. The first envelope with the
 * right header fills its slot for good. Any other envelope has no effect.
 */
export class Mailbox {
  readonly #header: Header
  readonly #slots = new Map<string, Uint8Array>()
  #early: { readonly slot: string; readonly bytes: Uint8Array }[] = []
  /** Rounds below this one are complete. */
  #open = 1

  constructor(header: Header) {
    this.#header = header
  }

  receive(bytes: Uint8Array): Receipt {
    const envelope = readEnvelope(bytes)
    if (envelope === undefined) return 'dropped'
    const receipt = this.#take(envelope, bytes)
    // A body that is not kept may be the copy of a secret.
    if (receipt !== 'accepted' || this.#slots.get(slotOf(envelope)) !== envelope.body) wipe(envelope.body)
    return receipt
  }

  #take(envelope: Envelope, bytes: Uint8Array): Receipt {
    if (!this.#belongs(envelope)) return 'dropped'
    const { round, to, sid, body } = envelope
    const slot = slotOf(envelope)
    const expectedSid = round === 1 ? this.#header.context : this.#header.sid
    if (expectedSid === undefined) return this.#keepEarly(slot, bytes)
    if (!equalBytes(sid, expectedSid)) return 'dropped'
    if (round < this.#open && to !== 0) return 'duplicate'
    const held = this.#slots.get(slot)
    // A second, different message is equivocation or junk. The first one counts; with n ≥ 3, echoes compare it.
    if (held !== undefined) return equalBytes(held, body) ? 'duplicate' : 'dropped'
    this.#slots.set(slot, body)
    return 'accepted'
  }

  /** Keeps this participant's own broadcast. */
  post(round: number, body: Uint8Array): void {
    this.#slots.set(slotName(round, this.#header.self, false), body)
  }

  /** Whether every message of a round has arrived. */
  isComplete(round: number): boolean {
    return this.#others().every((from) => {
      const expected = this.#header.expects(round, from)
      return (
        (!expected.broadcast || this.#slots.has(slotName(round, from, false))) &&
        (!expected.direct || this.#slots.has(slotName(round, from, true)))
      )
    })
  }

  /** The senders whose messages of a round do not end with `tail`. `short`: the message is shorter than that. */
  withoutTail(round: number, tail: Uint8Array): { readonly from: number; readonly short: boolean }[] {
    const found: { from: number; short: boolean }[] = []
    for (const from of this.#others()) {
      for (const direct of [false, true]) {
        const body = this.#slots.get(slotName(round, from, direct))
        if (body === undefined) continue
        const short = body.length < tail.length
        if (short || !equalBytes(body.subarray(body.length - tail.length), tail)) found.push({ from, short })
      }
    }
    return found
  }

  readonly inbox: Inbox = {
    broadcast: (round, from) => this.#read(round, from, false),
    direct: (round, from) => this.#read(round, from, true),
    broadcasts: (round) =>
      this.#everybody()
        .filter((from) => this.#slots.has(slotName(round, from, false)))
        .map((from) => this.#read(round, from, false)),
    arrived: (round) => {
      const [toAll, toThis] = [false, true].map((direct) =>
        this.#others().filter((from) => this.#slots.has(slotName(round, from, direct))),
      ) as [number[], number[]]
      return [
        ...toAll.map((from) => concatBytes(Uint8Array.of(from), this.#read(round, from, false))),
        ...toThis.map((from) => concatBytes(Uint8Array.of(0, from), this.#read(round, from, true))),
        ...this.#early.filter(({ slot }) => slot.startsWith(`${round}:`)).map(({ bytes }) => bytes),
      ]
    },
  }

  /** Ends a round: wipes the messages to this participant only, and sorts envelopes that came early into their slots. */
  close(round: number): void {
    for (const from of this.#others()) {
      const slot = slotName(round, from, true)
      wipe(this.#slots.get(slot))
      this.#slots.delete(slot)
    }
    this.#open = round + 1
    const early = this.#early
    this.#early = []
    for (const { bytes } of early) this.#receiveCopy(bytes)
  }

  wipe(): void {
    wipe(...this.#slots.values(), ...this.#early.map(({ bytes }) => bytes))
    this.#slots.clear()
    this.#early = []
  }

  /**
   * Writes `count u16 | count × (round u8 | from u8 | direct u8 | length u32 | body)`, then the envelopes that came early:
   * `count u16 | count × (length u32 | envelope)`.
   */
  encode(writer: Writer): void {
    writer.u16(this.#slots.size)
    for (const [slot, body] of this.#slots) {
      for (const field of slot.split(':')) writer.u8(Number(field))
      writer.prefixed(body)
    }
    writer.u16(this.#early.length)
    for (const { bytes } of this.#early) writer.prefixed(bytes)
  }

  /** Restores what {@link encode} wrote. @param open the round that the session waits for */
  restore(reader: Reader, open: number): void {
    const filled = reader.u16()
    for (let i = 0; i < filled; i++) {
      const slot = slotName(reader.u8(), reader.u8(), reader.u8() === 1)
      this.#slots.set(slot, reader.prefixed(ENVELOPE_MAX_LENGTH))
    }
    this.#open = open
    const early = reader.u16()
    for (let i = 0; i < early; i++) this.#receiveCopy(reader.prefixed(ENVELOPE_MAX_LENGTH))
  }

  /** Receives bytes that nothing else refers to, and wipes them. */
  #receiveCopy(bytes: Uint8Array): void {
    this.receive(bytes)
    wipe(bytes)
  }

  #belongs({ protocol, suite, round, from, to, body }: Envelope): boolean {
    const header = this.#header
    if (protocol !== header.protocol || suite !== header.suite) return false
    if (from === header.self || from > header.participants) return false
    if (to !== 0 && to !== header.self) return false
    const { broadcast, direct } = header.expects(round, from)
    const expected = to === 0 ? broadcast : direct
    return expected > 0 && body.length <= expected + echoLength(round, header.participants)
  }

  #keepEarly(slot: string, bytes: Uint8Array): Receipt {
    const rivals = this.#early.filter((early) => early.slot === slot)
    if (rivals.some((early) => equalBytes(early.bytes, bytes))) return 'duplicate'
    if (rivals.length === EARLY_PER_SENDER) return 'dropped'
    this.#early.push({ slot, bytes: bytes.slice() })
    return 'accepted'
  }

  #everybody(): number[] {
    return Array.from({ length: this.#header.participants }, (_, i) => i + 1)
  }

  #others(): number[] {
    return this.#everybody().filter((participant) => participant !== this.#header.self)
  }

  /** A message without its echo. */
  #read(round: number, from: number, direct: boolean): Uint8Array {
    const body = this.#slots.get(slotName(round, from, direct))
    if (body === undefined) throw new RangeError(`no message of participant ${from} in round ${round}`)
    return body.subarray(0, body.length - echoLength(round, this.#header.participants))
  }
}

function slotOf({ round, from, to }: Envelope): string {
  return slotName(round, from, to !== 0)
}

function slotName(round: number, from: number, direct: boolean): string {
  return `${round}:${from}:${direct ? 1 : 0}`
}

function readEnvelope(bytes: Uint8Array): Envelope | undefined {
  try {
    return decodeEnvelope(bytes)
  } catch (error) {
    if (isCodecError(error)) return undefined
    throw error
  }
}
