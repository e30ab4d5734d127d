import type { ReshareParticipant } from '../protocol/reshare/index.ts'
import type { Curve, Purpose } from '../types.ts'

/** Shares as bytes: a scalar of 32 bytes for each id, in the same order. */
export interface PackedShares {
  /** 1 to 65,535 */
  readonly ids: readonly number[]
  /** Secret. */
  readonly shares: Uint8Array
}

/** A secret to split among `ids`, of which any `threshold` recombine it. */
export interface SplitJob {
  /** The curve of the scalars. */
  readonly curve: Curve
  /** A scalar of 32 bytes. */
  readonly secret: Uint8Array
  /** How many shares recombine the secret. */
  readonly threshold: number
  /** 1 to 65,535, without repetition. */
  readonly ids: readonly number[]
}

export interface SplitResult extends PackedShares {
  /** The Feldman commitment: `threshold` encoded points, one behind the other. */
  readonly commitment: Uint8Array
}

/** Shares to check against a Feldman commitment. */
export interface VerifyJob extends PackedShares {
  /** The curve of the scalars. */
  readonly curve: Curve
  /** The Feldman commitment: `threshold` encoded points, one behind the other. */
  readonly commitment: Uint8Array
}

/** At least `threshold` shares to recombine. */
export interface RecombineJob extends PackedShares {
  /** The curve of the scalars. */
  readonly curve: Curve
  /** How many shares recombine the secret. */
  readonly threshold: number
}

/** What the participants of a reshare agree on, see `ReshareTerms`. */
export interface PackedTerms {
  /** The curve of the key. */
  readonly curve: Curve
  /** What the new set is for. */
  readonly purpose: Purpose
  /** t', 2 ≤ t' ≤ n' */
  readonly threshold: number
  /** At least `old.threshold` dealers; a participant's number is its place in this list, from 1. */
  readonly participants: readonly ReshareParticipant[]
  /** This machine's participant number. */
  readonly self: number
  /** What else the participants must agree on, below 2^32. Default: 0. */
  readonly flags?: number
}

/** A reshare to begin: the options of `createReshare`, with records and shares as bytes. */
export interface ReshareOpening extends PackedTerms {
  /** The record of the old set, encoded. */
  readonly old: Uint8Array
  /** This machine's share of the old set, encoded, where it deals. Secret. */
  readonly share?: Uint8Array
  /** What arrived before it starts, at a machine that answers; none at one that speaks first. */
  readonly arrived?: readonly Uint8Array[]
}

/** A reshare to go on with, on the same terms: the state that its last step gave, and what arrived since. */
export interface ReshareContinuation extends PackedTerms {
  /** Secret, and for one turn. */
  readonly state: Uint8Array
  /** The envelopes that have arrived since. */
  readonly arrived: readonly Uint8Array[]
}

/** One step of a reshare that a worker computes: its beginning, or its continuation. */
export type ReshareTurn = ReshareOpening | ReshareContinuation

/** A new set as bytes. */
export interface PackedSet {
  /** The public record of the set, encoded. */
  readonly record: Uint8Array
  /** This machine's share, encoded, where it receives. Secret. */
  readonly share?: Uint8Array
}

/** A step of a reshare, see `Step`. */
export interface ReshareStep {
  /** The envelopes to send, in order. */
  readonly out: readonly Uint8Array[]
  /** The new set before the other parties have confirmed it, given at most once: to be stored before `out` is sent. */
  readonly prepared?: PackedSet
  /** The new set after every check has passed. The session is over. */
  readonly done?: PackedSet
  /** For the next turn, unless the session is over. Secret. */
  readonly state?: Uint8Array
}

/** What became of one turn. */
export type ReshareOutcome =
  | {
      /** What the turn brought. */
      readonly step: ReshareStep
      /** Absent: the turn did not fail. */
      readonly error?: undefined
    }
  | {
      /** Absent: the turn failed. */
      readonly step?: undefined
      /** What ended the session. */
      readonly error: Error
    }
