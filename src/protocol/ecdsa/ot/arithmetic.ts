import type { Scalar } from '../../../curve/group.ts'

/** Bob's message, and what he keeps until Alice's response. */
export interface VoleStart {
  /** u ‖ x ‖ t, 16,400 bytes */
  readonly message: Uint8Array
  /** 768 rows of 16 bytes; secret */
  readonly rows: Uint8Array
  /** Hash of the message, 32 bytes */
  readonly transcript: Uint8Array
}

/** Bob's result. */
export interface VoleProduct {
  /** β; secret */
  readonly factor: Scalar
  /** r_0 and r_1; secret */
  readonly shares: readonly [Scalar, Scalar]
}

/**
 * The multiplication of ECDSA signing: random vector OLE (Asharov, eprint 2026/976, Variant II, two inputs) on
 * SoftSpokenOT with K = 1. Alice has random inputs α_0 and α_1, and Bob gets a random β. They end with additive shares
 * t_c + r_c = α_c·β, Alice with t_c and Bob with r_c.
 *
 * Two backends give the same bytes. WebAssembly is constant-time in every secret. The portable backend is only as
 * constant-time as JavaScript big integers are.
 *
 * `esid` binds Bob's seeds to one use, and `vsid` binds Alice's pads to one use; both parties use the same two values.
 * Never use one `esid` for two messages with different choices, nor one `vsid` for two responses.
 */
export interface VoleArithmetic {
  /**
   * Computes Bob's message.
   *
   * @param esid 32 bytes: a hash of the session, the direction, the parties, and a fresh value of Bob's
   * @param seeds 128 pairs of seeds of 32 bytes
   * @param choices 768 + 128 random bits, 112 bytes
   */
  start(esid: Uint8Array, seeds: Uint8Array, choices: Uint8Array): VoleStart

  /**
   * Computes Alice's response.
   *
   * @param vsid 32 bytes: a hash of the session, the direction, the parties, and fresh values of both
   * @param seeds 128 seeds of 32 bytes, the i-th of branch 1 ⊕ Δ_i
   * @param delta Δ, 16 bytes
   * @param message Bob's message
   * @param inputs α_0, α_1 and a mask, all random
   * @returns the response Q ‖ H(u) ‖ v (73,792 bytes) and t_0 and t_1, or undefined if Bob's message is not consistent
   */
  multiply(
    esid: Uint8Array,
    vsid: Uint8Array,
    seeds: Uint8Array,
    delta: Uint8Array,
    message: Uint8Array,
    inputs: readonly [Scalar, Scalar, Scalar],
  ): { readonly response: Uint8Array; readonly shares: readonly [Scalar, Scalar] } | undefined

  /**
   * Computes Bob's result.
   *
   * @param started the result of {@link start}
   * @param choices the argument of {@link start}
   * @param response Alice's response
   * @returns undefined if Alice's response is not consistent
   * @throws {CodecError} if a number in the response is not below the group order
   */
  finish(
    vsid: Uint8Array,
    started: Pick<VoleStart, 'rows' | 'transcript'>,
    choices: Uint8Array,
    response: Uint8Array,
  ): VoleProduct | undefined
}

/** One party's seeds of both directions; secret. */
export interface BaseOtSeeds {
  /** 128 seeds of 32 bytes, the i-th of branch 1 ⊕ Δ_i, from the transfers that the peer sends. */
  readonly multiplierSeeds: Uint8Array
  /** 128 pairs of seeds of 32 bytes, from the transfers that this party sends. */
  readonly choiceSeeds: Uint8Array
}

/**
 * The base OTs of both directions, with one call for each message. 128 transfers are made by batch endemic OT (McQuoid,
 * Rosulek, Roy, eprint 2021/682). Their sender then extends them (SoftSpokenOT) to 128 transfers in the other direction.
 *
 * There are two backends, as for {@link VoleArithmetic}.
 */
export interface BaseOtArithmetic {
  /**
   * The offers, which the receiver of the first direction sends.
   *
   * @param otSid 32 bytes: a hash of the session and the two parties
   * @param choices 128 bits, 16 bytes
   * @param exponents the random scalar t of each transfer
   * @param strings the random string u of each transfer, 33 bytes each
   * @returns s ‖ T of each transfer, 8,448 bytes
   */
  offer(otSid: Uint8Array, choices: Uint8Array, exponents: readonly Scalar[], strings: Uint8Array): Uint8Array

  /**
   * The response to the offers, which the sender of the first direction sends.
   *
   * @param secret b, a random scalar
   * @param choices 128 choice bits of the other direction and 128 random bits, 32 bytes
   * @returns z ‖ u ‖ x ‖ t, 6,193 bytes, and this party's seeds
   * @throws {CodecError} for a point that no honest receiver sends
   */
  respond(
    otSid: Uint8Array,
    offers: Uint8Array,
    secret: Scalar,
    choices: Uint8Array,
  ): { readonly message: Uint8Array; readonly seeds: BaseOtSeeds }

  /**
   * The seeds of the receiver of the first direction.
   *
   * @param choices the argument of {@link offer}
   * @param exponents the argument of {@link offer}
   * @param offers the result of {@link offer}
   * @param response the sender's response
   * @returns undefined if the sender's extension is inconsistent. That verdict tells the sender a bit of `choices`.
   * @throws {CodecError} for a point that no honest sender sends
   */
  finish(
    otSid: Uint8Array,
    choices: Uint8Array,
    exponents: readonly Scalar[],
    offers: Uint8Array,
    response: Uint8Array,
  ): BaseOtSeeds | undefined
}
