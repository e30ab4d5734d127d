import { MpcError, ProtocolError } from '../../errors.ts'
import { abytes, concatBytes, wipe } from '../../util/bytes.ts'
import { CodecError, isCodecError, type Reader, SecretReader, Writer } from '../../util/codec.ts'
import { encodeEnvelope } from './envelope.ts'
import type { Machine, Message } from './machine.ts'
import { echoLength, Mailbox } from './mailbox.ts'
import type { Receipt, Session, Step } from './session.ts'
import { type ProtocolName, PROTOCOLS } from '../transcript/tags.ts'
import { createHasher } from '../transcript/transcript.ts'

const STATE_VERSION = 1

/** Runs a protocol's machine as a session: the order of rounds, headers, echoes, export and wiping. */
export function createSession<Result>(machine: Machine<Result>): Session<Result> {
  return new MachineSession(machine, new Mailbox(machine), 0)
}

/**
 * Restores a session from the bytes that its `export()` returned:
 * `version u8 | protocol u8 | round u8 | machine | mailbox`.
 *
 * @param decode reads what the machine's `encode` wrote
 * @throws {SHARE_PARSING_FAILED} if they are not a state of this protocol
 */
export function restoreSession<Result>(
  protocol: ProtocolName,
  state: Uint8Array,
  decode: (reader: Reader) => Machine<Result>,
): Session<Result> {
  const reader = new SecretReader(abytes(state, undefined, 'state'))
  try {
    if (reader.u8() !== STATE_VERSION) throw new CodecError('session state of another version')
    if (reader.u8() !== PROTOCOLS[protocol]) throw new CodecError('session state of another protocol')
    const round = reader.u8()
    const machine = decode(reader)
    const mailbox = new Mailbox(machine)
    try {
      mailbox.restore(reader, round)
      reader.end()
    } catch (error) {
      machine.wipe()
      mailbox.wipe()
      throw error
    }
    return new MachineSession(machine, mailbox, round)
  } catch (cause) {
    reader.wipe()
    if (!isCodecError(cause)) throw cause
    throw new MpcError('SHARE_PARSING_FAILED', `not a session state: ${cause.message}`, { cause })
  }
}

class MachineSession<Result> implements Session<Result> {
  readonly #machine: Machine<Result>
  readonly #mailbox: Mailbox
  /** The round whose messages the session waits for; 0 before the start. */
  #round: number
  #over = false

  constructor(machine: Machine<Result>, mailbox: Mailbox, round: number) {
    this.#machine = machine
    this.#mailbox = mailbox
    this.#round = round
  }

  start(): Step<Result> {
    this.#assertLive()
    if (this.#round !== 0) throw new TypeError('the session was started before')
    return this.#orEnd(() => ({ out: this.#open() }))
  }

  receive(envelope: Uint8Array): Receipt {
    const bytes = abytes(envelope, undefined, 'envelope')
    this.#assertLive()
    return this.#mailbox.receive(bytes)
  }

  advance(): Step<Result> {
    this.#assertLive()
    return this.#orEnd(() => {
      const out = this.#round === 0 ? this.#open() : []
      let prepared = false
      let done = false
      while (!done && this.#mailbox.isComplete(this.#round)) {
        this.#checkEchoes(this.#round)
        const { messages, outcome } = this.#machine.advance(this.#round, this.#mailbox.inbox)
        out.push(...this.#send(this.#round + 1, messages))
        prepared ||= outcome === 'prepared'
        done = outcome === 'done'
        this.#mailbox.close(this.#round)
        this.#round += 1
      }
      if (!prepared && !done) return { out }
      const result = this.#machine.result()
      if (done) this.dispose()
      return { out, ...(prepared ? { prepared: result } : {}), ...(done ? { done: result } : {}) }
    })
  }

  export(): Uint8Array {
    this.#assertLive()
    return this.#orEnd(() => {
      const writer = new Writer().u8(STATE_VERSION).u8(PROTOCOLS[this.#machine.protocol]).u8(this.#round)
      this.#machine.encode(writer)
      this.#mailbox.encode(writer)
      const state = writer.finish()
      this.dispose()
      return state
    })
  }

  dispose(): void {
    this.#over = true
    this.#machine.wipe()
    this.#mailbox.wipe()
  }

  /** With three or more participants, every message after round 1 ends with a hash of the previous round's broadcasts. */
  #echo(round: number): Uint8Array {
    const { protocol, suite, participants, sid } = this.#machine
    if (echoLength(round, participants) === 0) return new Uint8Array(0)
    return createHasher(suite, protocol)(
      'echo',
      sid as Uint8Array,
      round - 1,
      this.#mailbox.inbox.broadcasts(round - 1),
    )
  }

  #checkEchoes(round: number): void {
    for (const { from, short } of this.#mailbox.withoutTail(round, this.#echo(round))) {
      if (short) throw new ProtocolError('FORMAT', round, [from], 'a message without its echo')
      // Either `from` lies now, or a third participant equivocated before. Without signatures nobody can tell which.
      throw new ProtocolError('ECHO', round, [], 'participants received different messages')
    }
  }

  #open(): Uint8Array[] {
    const messages = this.#machine.open(this.#mailbox.inbox)
    this.#round = 1
    return this.#send(1, messages)
  }

  #send(round: number, messages: readonly Message[]): Uint8Array[] {
    const { protocol, suite, self: from, context, sid } = this.#machine
    const session = round === 1 ? context : sid
    if (messages.length === 0) return []
    if (session === undefined) throw new RangeError('a message before the session id')
    const echo = this.#echo(round)
    return messages.map(({ to, body: content }) => {
      const body = concatBytes(content, echo)
      const envelope = encodeEnvelope({ protocol, suite, round, from, to, sid: session, body })
      if (to === 0) this.#mailbox.post(round, body)
      else wipe(content, body)
      return envelope
    })
  }

  #orEnd<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  #assertLive(): void {
    if (this.#over) throw new TypeError('the session is over')
  }
}
