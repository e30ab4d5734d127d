import type { Group, Scalar } from '../../../curve/group.ts'
import { wipe } from '../../../util/bytes.ts'
import type { RandomSource } from '../../../util/random.ts'
import type { BaseOtArithmetic, BaseOtSeeds } from './arithmetic.ts'
import { COLUMNS, POINT_BYTES } from './parameters.ts'

// The base OTs of a setup: what each party draws, and what it keeps.

/** The arithmetic of the base OTs. */
export interface BaseOtBackend {
  /** The group of secp256k1. */
  readonly group: Group
  readonly baseOt: BaseOtArithmetic
}

/** What the offering party keeps until the response arrives. */
export interface Offers {
  /** 128 choice bits, 16 bytes; secret */
  readonly choices: Uint8Array
  /** The scalar t of each transfer; secret */
  readonly exponents: readonly Scalar[]
  /** The offers: s ‖ T of each transfer, 8,448 bytes */
  readonly message: Uint8Array
}

/** One party's result of the base OTs of both directions: secret. */
export interface BaseOts extends BaseOtSeeds {
  /** Δ, 16 bytes */
  readonly delta: Uint8Array
}

/** Δ from the choices: the seed of transfer i is the one of branch c_i = 1 ⊕ Δ_i. */
function differenceOf(choices: Uint8Array): Uint8Array {
  return choices.map((byte) => byte ^ 0xff)
}

/** Draws and computes the offers of one party. @param otSid 32 bytes */
export function makeOffers({ group, baseOt }: BaseOtBackend, otSid: Uint8Array, random: RandomSource): Offers {
  const choices = random(COLUMNS / 8)
  const exponents = Array.from({ length: COLUMNS }, () => group.randomScalar(random))
  const strings = random(COLUMNS * POINT_BYTES)
  const message = baseOt.offer(otSid, choices, exponents, strings)
  wipe(strings)
  return { choices, exponents, message }
}

/**
 * Responds to the peer's offers.
 *
 * @returns the response, and this party's base OTs
 * @throws {CodecError} for a point that no honest party offers
 */
export function respondToOffers(
  { group, baseOt }: BaseOtBackend,
  otSid: Uint8Array,
  offers: Uint8Array,
  random: RandomSource,
): { readonly message: Uint8Array; readonly baseOts: BaseOts } {
  const secret = group.randomScalar(random)
  const choices = random((2 * COLUMNS) / 8)
  try {
    const { message, seeds } = baseOt.respond(otSid, offers, secret, choices)
    return { message, baseOts: { ...seeds, delta: differenceOf(choices.subarray(0, COLUMNS / 8)) } }
  } finally {
    wipe(secret, choices)
  }
}

/**
 * The base OTs of the party that called {@link makeOffers}.
 *
 * Never check two responses with the same offers: each verdict tells the peer a bit of Δ.
 *
 * @param response the peer's response
 * @returns undefined if the peer's extension is inconsistent
 * @throws {CodecError} for a point that no honest party sends
 */
export function finishOffers(
  { baseOt }: BaseOtBackend,
  otSid: Uint8Array,
  { choices, exponents, message }: Offers,
  response: Uint8Array,
): BaseOts | undefined {
  const seeds = baseOt.finish(otSid, choices, exponents, message, response)
  return seeds === undefined ? undefined : { ...seeds, delta: differenceOf(choices) }
}

/** Wipes the secrets of offers. */
export function wipeOffers({ choices, exponents }: Offers): void {
  wipe(choices, ...exponents)
}

/** Wipes base OTs. */
export function wipeBaseOts({ delta, multiplierSeeds, choiceSeeds }: BaseOts): void {
  wipe(delta, multiplierSeeds, choiceSeeds)
}
