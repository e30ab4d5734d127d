import { concat, EMPTY, setupHash, signHash, u32 } from './hashing.ts'

const PROTOCOLS = { 'ecdsa-setup': { byte: 4, hash: setupHash }, ecdsa: { byte: 5, hash: signHash } } as const

interface Message {
  readonly round: number
  readonly from: number
  readonly to: number
  readonly body: Uint8Array
}

/** The envelopes of one session as docs/wire.md has them, echoes included. */
export class Transcript {
  readonly messages = new Map<string, Uint8Array>()
  readonly #bodies: Message[] = []
  readonly #protocol: (typeof PROTOCOLS)[keyof typeof PROTOCOLS]
  readonly #participants: number
  readonly #context: Uint8Array
  readonly #sid: Uint8Array

  constructor(protocol: keyof typeof PROTOCOLS, participants: number, context: Uint8Array, sid: Uint8Array) {
    this.#protocol = PROTOCOLS[protocol]
    this.#participants = participants
    this.#context = context
    this.#sid = sid
  }

  send(message: Message): Uint8Array {
    this.#bodies.push(message)
    const { round, from, to } = message
    const body = concat(message.body, this.#echo(round))
    const header = Uint8Array.of(1, this.#protocol.byte, 1, round, from, to)
    const envelope = concat(header, round === 1 ? this.#context : this.#sid, u32(body.length), body)
    this.messages.set(`${round} ${from} ${to}`, envelope)
    return envelope
  }

  #echo(round: number): Uint8Array {
    if (round === 1 || this.#participants < 3) return EMPTY
    const broadcasts = this.#bodies
      .filter((message) => message.round === round - 1 && message.to === 0)
      .sort((a, b) => a.from - b.from)
    return this.#protocol.hash(
      'echo',
      this.#sid,
      round - 1,
      broadcasts.map(({ body }) => body),
    )
  }
}
