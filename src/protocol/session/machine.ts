import type { Writer } from '../../util/codec.ts'
import type { ProtocolName, Suite } from '../transcript/tags.ts'

/** A message without its header. */
export interface Message {
  /** Participant number, or 0 for everybody. */
  readonly to: number
  readonly body: Uint8Array
}

/**
 * What participant `from` sends this one in a round: the bytes that the body of each message has at most, the echo left out,
 * and 0 where there is none. Longer ones are dropped before anything of them is kept.
 */
export interface Expected {
  readonly broadcast: number
  readonly direct: number
}

/** The bodies of the messages that a round is played with. */
export interface Inbox {
  /** What a participant (this one included) sent to everybody in a round. */
  broadcast(round: number, from: number): Uint8Array
  /** What everybody sent to everybody in a round, by participant number, those who sent nothing left out. */
  broadcasts(round: number): Uint8Array[]
  /**
   * What the others have sent in a round so far: to everybody, `from u8 | body` each, by participant number, then to this one
   * alone, `0 u8 | from u8 | body`, then the envelopes that came before the session's id was known, unjudged, in their order.
   */
  arrived(round: number): Uint8Array[]
  /** What a participant sent to this one alone in the round that is played. */
  direct(round: number, from: number): Uint8Array
}

/** What playing a round brought. */
export interface MachineStep {
  /** The messages of the next round. */
  readonly messages: readonly Message[]
  /** `prepared`: there is a result, and `messages` state that it is safe. `done`: all others have said the same. */
  readonly outcome?: 'prepared' | 'done'
}

/**
 * What differs between protocols: who sends what in each round, and what is checked. Everything else of a session is
 * done by `createSession`.
 */
export interface Machine<Result> {
  readonly protocol: ProtocolName
  readonly suite: Suite
  /** How many participants there are; they are numbered from 1. */
  readonly participants: number
  readonly self: number
  /** CTX: all that the participants agree on beforehand. It stands for the session id in round 1. */
  readonly context: Uint8Array
  /** The session id, once round 1 has been played. */
  readonly sid: Uint8Array | undefined
  expects(round: number, from: number): Expected
  /**
   * The messages of round 1. What is drawn for them takes in what has `arrived(1)`: whoever moves second draws after having
   * seen the first, and no repeated randomness answers two of them.
   */
  open(inbox: Inbox): readonly Message[]
  /**
   * Checks the messages of a round, all of which are in the inbox, and answers them.
   *
   * @throws {PROTOCOL_ABORTED} if a check fails
   */
  play(round: number, inbox: Inbox): MachineStep
  /** The result, once there is one; its secrets are copies. */
  result(): Result
  encode(writer: Writer): void
  wipe(): void
}
