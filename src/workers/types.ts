import type { ReshareParticipant } from '../protocol/reshare/index.ts'
import type { Curve, Purpose } from '../types.ts'

/** Shares as bytes. */
export interface PackedShares {
  /** Distinct, 1 to 65,535. */
  readonly ids: readonly number[]
  /** A scalar of 32 bytes for each id, concatenated in the same order. Secret. */
  readonly shares: Uint8Array
}

/** A secret to split into shares. */
export interface SplitJob {
  /** The curve of the scalars. */
  readonly curve: Curve
  /** A scalar of 32 bytes: big-endian on secp256k1, little-endian on ed25519. */
  readonly secret: Uint8Array
  /** How many shares recombine the secret, from 1 to the number of ids. */
  readonly threshold: number
  /** Distinct, 1 to 65,535, at most 8,192 of them. */
  readonly ids: readonly number[]
}

/** The shares of a secret, and a commitment to their polynomial. */
export interface SplitResult extends PackedShares {
  /** The Feldman commitment: `threshold` encoded points, concatenated. */
  readonly commitment: Uint8Array
}

/** Shares to check against a Feldman commitment. */
export interface VerifyJob extends PackedShares {
  /** The curve of the scalars. */
  readonly curve: Curve
  /** The Feldman commitment: `threshold` encoded points, concatenated. */
  readonly commitment: Uint8Array
}

/** At least `threshold` shares to recombine. */
export interface RecombineJob extends PackedShares {
  /** The curve of the scalars. */
  readonly curve: Curve
  /** How many shares recombine the secret. */
  readonly threshold: number
}

/** The terms of a reshare, as in `ReshareTerms`. */
export interface PackedTerms {
  /** The curve of the key. */
  readonly curve: Curve
  /** What the new set is for. */
  readonly purpose: Purpose
  /** t', 2 ≤ t' ≤ n' */
  readonly threshold: number
  /** At least `old.threshold` of them deal. A participant's number is its position in this list, from 1. */
  readonly participants: readonly ReshareParticipant[]
  /** This participant's number. */
  readonly self: number
  /** Anything else that the participants must agree on, below 2^32. Default: 0. */
  readonly flags?: number
}

/** The first turn of a reshare: the options of `createReshare`, with records and shares as bytes. */
export interface ReshareOpening extends PackedTerms {
  /** The record of the old set, encoded. */
  readonly old: Uint8Array
  /** This participant's share of the old set, encoded, if it deals. Secret. */
  readonly share?: Uint8Array
  /** The envelopes that have arrived before the first step. Leave it out for a participant that sends first. */
  readonly arrived?: readonly Uint8Array[]
}

/** A later turn of a reshare, on the same terms. */
export interface ReshareContinuation extends PackedTerms {
  /** The `state` of the last step. Secret. Use it for one turn only. */
  readonly state: Uint8Array
  /** The envelopes that have arrived since the last step. */
  readonly arrived: readonly Uint8Array[]
}

/** One step of a reshare for a worker: the first, or a later one. */
export type ReshareTurn = ReshareOpening | ReshareContinuation

/** A new set as bytes. */
export interface PackedSet {
  /** The public record of the set, encoded. */
  readonly record: Uint8Array
  /** This participant's share, encoded, if it receives one. Secret. */
  readonly share?: Uint8Array
}

/** The result of a step of a reshare, as in `Step`. */
export interface ReshareStep {
  /** The envelopes to send, in order. */
  readonly out: readonly Uint8Array[]
  /** The new set before the other parties have confirmed it. Given at most once: store it before you send `out`. */
  readonly prepared?: PackedSet
  /** The new set after every check has passed. The session is over. */
  readonly done?: PackedSet
  /** The state for the next turn, unless the session is over. Secret. */
  readonly state?: Uint8Array
}

/** The outcome of one turn. */
export type ReshareOutcome =
  | {
      /** The result of the step. */
      readonly step: ReshareStep
      /** Absent: the turn did not fail. */
      readonly error?: undefined
    }
  | {
      /** Absent: the turn failed. */
      readonly step?: undefined
      /** The error that ended the session. */
      readonly error: Error
    }
