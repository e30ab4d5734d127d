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

/**
 * Endemic OT (Masny–Rindal, eprint 2019/706) of 128 transfers, in one call for each message. Its two backends are like
 * those of {@link VoleArithmetic}.
 */
export interface BaseOtArithmetic {
  /**
   * The receiver's message.
   *
   * @param choices 128 bits
   * @param exponents t_i of each transfer
   * @param decoys the logarithm of r_{1−c} of each transfer
   * @returns OT1: r_0 ‖ r_1 of each transfer
   */
  offer(otSid: Uint8Array, choices: Uint8Array, exponents: readonly Scalar[], decoys: readonly Scalar[]): Uint8Array

  /**
   * The sender's message and its keys.
   *
   * @param message OT1
   * @param secrets b_i of each transfer
   * @returns OT2 (B_i of each transfer), and 128 pairs of keys of 32 bytes
   * @throws {CodecError} for a point that no honest receiver sends
   */
  answer(
    otSid: Uint8Array,
    message: Uint8Array,
    secrets: readonly Scalar[],
  ): { readonly message: Uint8Array; readonly keys: Uint8Array }

  /**
   * The receiver's keys, one a transfer.
   *
   * @param message OT1
   * @param reply OT2
   * @throws {CodecError} for a point that no honest sender sends
   */
  finish(
    otSid: Uint8Array,
    choices: Uint8Array,
    exponents: readonly Scalar[],
    message: Uint8Array,
    reply: Uint8Array,
  ): Uint8Array
}
