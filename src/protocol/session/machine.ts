import type { Writer } from '../../util/codec.ts'
import type { ProtocolName, Suite } from '../transcript/tags.ts'

/** A message without its header. */
export interface Message {
  /** The recipient's participant number, or 0 for all participants. */
  readonly to: number
  readonly body: Uint8Array
}

/**
 * The messages that one participant sends to this one in a round: the maximum length of each body in bytes, without its
 * echo, or 0 if there is no such message. A longer message is dropped before any of it is kept.
 */
export interface Expected {
  /** Of the message to all participants. */
  readonly broadcast: number
  /** Of the message to this participant only. */
  readonly direct: number
}

/** The bodies of the messages that a session has received, and of its own broadcasts. Without echoes. */
export interface Inbox {
  /** The broadcast of a participant (this one included) in a round. */
  broadcast(round: number, from: number): Uint8Array
  /** All broadcasts of a round, by participant number. Participants that sent none are left out. */
  broadcasts(round: number): Uint8Array[]
  /**
   * What the other participants have sent in a round so far:
   *
   * 1. broadcasts, `from u8 | body` each, by participant number;
   * 2. messages to this participant only, `0 u8 | from u8 | body` each, by participant number;
   * 3. whole envelopes that came before the session id was known, unchecked, in the order of their arrival.
   */
  arrived(round: number): Uint8Array[]
  /** The message of a participant to this one only, in the current round. */
  direct(round: number, from: number): Uint8Array
}

/** What a machine returns after a round. */
export interface MachineStep {
  /** The messages of the next round. */
  readonly messages: readonly Message[]
  /** `prepared`: there is a result, and `messages` confirm it. `done`: all other participants have confirmed theirs. */
  readonly outcome?: 'prepared' | 'done'
}

/**
 * The part of a session that differs between protocols: who sends what in each round, and what is checked. The rest is
 * done by `createSession`.
 */
export interface Machine<Result> {
  readonly protocol: ProtocolName
  readonly suite: Suite
  /** How many participants there are. They are numbered from 1. */
  readonly participants: number
  /** This participant's number. */
  readonly self: number
  /** CTX, 32 bytes: the hash of everything that the participants agree on. In round 1 it is used as the session id. */
  readonly context: Uint8Array
  /** The session id, 32 bytes, once round 1 is complete. */
  readonly sid: Uint8Array | undefined
  /** The messages that participant `from` sends to this one in a round. */
  expects(round: number, from: number): Expected
  /**
   * The messages of round 1.
   *
   * Randomness for them is hedged with `arrived(1)`. A participant that sends second draws after it has seen the first
   * message, so repeated randomness does not respond to two different messages alike.
   */
  open(inbox: Inbox): readonly Message[]
  /**
   * Checks the messages of a round and computes those of the next. Called once the inbox has all of them.
   *
   * @throws {PROTOCOL_ABORTED} if a check fails
   */
  advance(round: number, inbox: Inbox): MachineStep
  /** The result, once there is one. Its secrets are copies. */
  result(): Result
  /** Writes the machine's state. Secret. */
  encode(writer: Writer): void
  /** Wipes all secrets of the machine. */
  wipe(): void
}
