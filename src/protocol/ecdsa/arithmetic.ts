import type { Scalar } from '../../curve/group.ts'

/** What Bob draws and keeps between his message and Alice's answer. */
export interface VoleStart {
  /** VOLE1: u ‖ x ‖ t, 10,768 bytes */
  readonly message: Uint8Array
  /** 416 rows of 16 bytes; secret */
  readonly rows: Uint8Array
  /** χ; secret */
  readonly chi: Scalar
}

/**
 * The hash-heavy part of signing in coarse calls: DKLs23 Protocol 5.2 (ℓ = 2, ρ = 1) on SoftSpokenOT with K = 1. Bob
 * holds a random χ, Alice puts in a_0 and a_1, and they end with c_k + d_k = a_k·χ.
 *
 * Two backends implement it to the same bytes: WebAssembly, which is constant time in every secret, and portable, which
 * is only as constant-time as JavaScript big integers are. Each seed is bound to its use by `vsid`, so no `vsid` may be
 * used for two runs in one direction.
 */
export interface VoleArithmetic {
  /** The public vector g of a share set: 416 scalars of 32 bytes. */
  gadgets(setId: Uint8Array): Uint8Array

  /**
   * Bob's message.
   *
   * @param seeds 128 pairs of 32 bytes
   * @param choices 416 + 128 random bits, 68 bytes
   */
  start(vsid: Uint8Array, gadgets: Uint8Array, seeds: Uint8Array, choices: Uint8Array): VoleStart

  /**
   * Alice's answer.
   *
   * @param seeds 128 seeds of 32 bytes, of branch 1 ⊕ Δ_i
   * @param delta Δ, 16 bytes
   * @param message VOLE1
   * @param inputs a_0, a_1 and a random η̂
   * @returns VOLE2 (ã ‖ η ‖ μ, 40,000 bytes) and c, or undefined if Bob's message is not consistent
   */
  multiply(
    vsid: Uint8Array,
    gadgets: Uint8Array,
    seeds: Uint8Array,
    delta: Uint8Array,
    message: Uint8Array,
    inputs: readonly [Scalar, Scalar, Scalar],
  ): { readonly answer: Uint8Array; readonly shares: readonly [Scalar, Scalar] } | undefined

  /**
   * Bob's end.
   *
   * @param rows from {@link start}
   * @param choices as given to {@link start}
   * @param answer VOLE2, its numbers canonical
   * @returns d, or undefined if Alice's answer is not consistent
   * @throws {CodecError} for a number in the answer that is not below the order
   */
  finish(
    vsid: Uint8Array,
    gadgets: Uint8Array,
    rows: Uint8Array,
    choices: Uint8Array,
    answer: Uint8Array,
  ): readonly [Scalar, Scalar] | undefined
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
