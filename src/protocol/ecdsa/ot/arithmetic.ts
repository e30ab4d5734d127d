import type { Scalar } from '../../../curve/group.ts'

/** Bob's message, and what he keeps until Alice answers it. */
export interface VoleStart {
  /** u ‖ x ‖ t, 16,400 bytes */
  readonly message: Uint8Array
  /** 768 rows of 16 bytes; secret */
  readonly rows: Uint8Array
  /** The hash of the message, 32 bytes */
  readonly transcript: Uint8Array
}

/** What Bob has at the end. */
export interface VoleProduct {
  /** β; secret */
  readonly factor: Scalar
  /** r_0 and r_1; secret */
  readonly shares: readonly [Scalar, Scalar]
}

/**
 * The hash-heavy part of signing in coarse calls: random vector OLE (Asharov, eprint 2026/976, Variant II, two inputs) on
 * SoftSpokenOT with K = 1. Alice puts in random α_0 and α_1, Bob gets a random β, and they hold t_c + r_c = α_c·β.
 *
 * Two backends implement it to the same bytes: WebAssembly, which is constant time in every secret, and portable, which
 * is only as constant-time as JavaScript big integers are. Bob's seeds are bound to their use by `esid`, Alice's pads by
 * `vsid`, the same for both: no `esid` may be used for two messages with other choices, nor a `vsid` for two answers.
 */
export interface VoleArithmetic {
  /**
   * Bob's message.
   *
   * @param esid the session, its direction and parties, and something fresh of Bob's
   * @param seeds 128 pairs of 32 bytes
   * @param choices 768 + 128 random bits, 112 bytes
   */
  start(esid: Uint8Array, seeds: Uint8Array, choices: Uint8Array): VoleStart

  /**
   * Alice's answer.
   *
   * @param vsid the session, its direction and parties, and something fresh of both
   * @param seeds 128 seeds of 32 bytes, of branch 1 ⊕ Δ_i
   * @param delta Δ, 16 bytes
   * @param message Bob's
   * @param inputs α_0, α_1 and a mask, all random
   * @returns Q ‖ H(u) ‖ v (73,792 bytes) and t, or undefined if Bob's message is not consistent
   */
  multiply(
    esid: Uint8Array,
    vsid: Uint8Array,
    seeds: Uint8Array,
    delta: Uint8Array,
    message: Uint8Array,
    inputs: readonly [Scalar, Scalar, Scalar],
  ): { readonly answer: Uint8Array; readonly shares: readonly [Scalar, Scalar] } | undefined

  /**
   * Bob's end.
   *
   * @param started what {@link start} gave
   * @param choices as given to {@link start}
   * @param answer Alice's, its numbers canonical
   * @returns undefined if Alice's answer is not consistent
   * @throws {CodecError} for a number in the answer that is not below the order
   */
  finish(
    vsid: Uint8Array,
    started: Pick<VoleStart, 'rows' | 'transcript'>,
    choices: Uint8Array,
    answer: Uint8Array,
  ): VoleProduct | undefined
}

/** The seeds of one party, of both directions; secret. */
export interface BaseOtSeeds {
  /** 128 seeds of 32 bytes, of branch 1 ⊕ Δ_i of the transfers that the peer sends. */
  readonly multiplierSeeds: Uint8Array
  /** 128 pairs of seeds, of the transfers that this party sends. */
  readonly choiceSeeds: Uint8Array
}

/**
 * The base OTs of both directions, in one call for each message: 128 transfers by batch endemic OT (McQuoid, Rosulek, Roy,
 * eprint 2021/682), whose sender then extends them (SoftSpokenOT) to 128 of the other direction. Its two backends are like
 * those of {@link VoleArithmetic}.
 */
export interface BaseOtArithmetic {
  /**
   * The offers of the first direction's receiver.
   *
   * @param choices 128 bits
   * @param exponents t of each transfer
   * @param strings u of each transfer, 33 random bytes
   * @returns s ‖ T of each transfer, 8,448 bytes
   */
  offer(otSid: Uint8Array, choices: Uint8Array, exponents: readonly Scalar[], strings: Uint8Array): Uint8Array

  /**
   * The answer of the first direction's sender.
   *
   * @param secret b
   * @param choices 128 choices in the other direction, and 128 random bits
   * @returns z ‖ u ‖ x ‖ t, 6,193 bytes
   * @throws {CodecError} for a point that no honest receiver sends
   */
  answer(
    otSid: Uint8Array,
    offers: Uint8Array,
    secret: Scalar,
    choices: Uint8Array,
  ): { readonly message: Uint8Array; readonly seeds: BaseOtSeeds }

  /**
   * The end of the first direction's receiver.
   *
   * @returns undefined if the sender extended inconsistently: that tells it a bit of `choices`
   * @throws {CodecError} for a point that no honest sender sends
   */
  finish(
    otSid: Uint8Array,
    choices: Uint8Array,
    exponents: readonly Scalar[],
    offers: Uint8Array,
    answer: Uint8Array,
  ): BaseOtSeeds | undefined
}
