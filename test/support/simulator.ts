import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../src/protocol/session/envelope.ts'
import type { Receipt, Session } from '../../src/protocol/session/session.ts'
import type { SeededRandom } from './random.ts'

/** An envelope on its way from one participant to one other. */
export interface Packet {
  readonly from: number
  readonly to: number
  readonly bytes: Uint8Array
}

/** What became of one participant. */
export interface SimulationResult<Result> {
  prepared?: Result
  done?: Result
  error?: unknown
  readonly receipts: Receipt[]
}

/** How the network between the participants behaves; by default it delivers everything once and in order. */
export interface Network {
  /** Picks the next packet at random. */
  readonly shuffled?: SeededRandom
  /** Delivers every packet this many times. */
  readonly copies?: number
  /** What is delivered in a packet's place. */
  readonly intercept?: (packet: Packet) => readonly Packet[]
}

export interface Hooks<Result> {
  /** Called after each step of a participant; gives the session that goes on in its place. */
  readonly afterStep?: (participant: number, session: Session<Result>) => Session<Result>
}

/** Runs the sessions of all participants in one process until no packet is left. */
export function simulate<Result>(
  sessions: readonly Session<Result>[],
  network: Network = {},
  hooks: Hooks<Result> = {},
): SimulationResult<Result>[] {
  const live = [...sessions]
  const outcomes = sessions.map((): SimulationResult<Result> => ({ receipts: [] }))
  const packets: Packet[] = []
  const { intercept = (packet: Packet) => [packet], copies = 1 } = network

  const send = (from: number, out: readonly Uint8Array[]): void => {
    for (const bytes of out) {
      const { to } = decodeEnvelope(bytes)
      const recipients = to === 0 ? sessions.map((_, i) => i + 1).filter((other) => other !== from) : [to]
      const copied = recipients.flatMap((recipient) => intercept({ from, to: recipient, bytes }))
      for (let copy = 0; copy < copies; copy++) packets.push(...copied)
    }
  }

  const play = (participant: number, step: 'start' | 'advance'): void => {
    const outcome = outcomes[participant - 1] as SimulationResult<Result>
    try {
      const session = live[participant - 1] as Session<Result>
      const { out, prepared, done } = session[step]()
      if (prepared !== undefined) outcome.prepared = prepared
      if (done !== undefined) outcome.done = done
      else if (hooks.afterStep !== undefined) live[participant - 1] = hooks.afterStep(participant, session)
      send(participant, out)
    } catch (error) {
      outcome.error = error
    }
  }

  sessions.forEach((_, i) => play(i + 1, 'start'))
  while (packets.length > 0) {
    const at = network.shuffled === undefined ? 0 : network.shuffled.int(0, packets.length - 1)
    const { to, bytes } = packets.splice(at, 1)[0] as Packet
    const outcome = outcomes[to - 1] as SimulationResult<Result>
    if (outcome.done !== undefined || outcome.error !== undefined) continue
    const receipt = (live[to - 1] as Session<Result>).receive(bytes)
    outcome.receipts.push(receipt)
    if (receipt === 'accepted') play(to, 'advance')
  }
  return outcomes
}

/** The same packet with another envelope in it. */
export function rewrite(packet: Packet, change: (envelope: Envelope) => Partial<Envelope>): Packet {
  const envelope = decodeEnvelope(packet.bytes)
  return { ...packet, bytes: encodeEnvelope({ ...envelope, ...change(envelope) }) }
}

/** A copy of bytes with one bit of one of them flipped; a negative place counts from the end. */
export function flip(bytes: Uint8Array, at: number): Uint8Array {
  const out = bytes.slice()
  const place = at < 0 ? bytes.length + at : at
  out[place] = (out[place] as number) ^ 1
  return out
}
