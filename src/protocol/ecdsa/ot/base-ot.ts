import type { Group, Scalar } from '../../../curve/group.ts'
import { wipe } from '../../../util/bytes.ts'
import type { RandomSource } from '../../../util/random.ts'
import type { BaseOtArithmetic, BaseOtSeeds } from './arithmetic.ts'
import { COLUMNS, POINT_BYTES } from './parameters.ts'

/** What the parties of the base OTs draw and keep. The arithmetic is a backend's. */

export interface BaseOtBackend {
  readonly group: Group
  readonly baseOt: BaseOtArithmetic
}

/** What the party that offers keeps until it has the answer; secret but for the message. */
export interface Offers {
  /** 128 choice bits */
  readonly choices: Uint8Array
  /** t of each transfer */
  readonly exponents: readonly Scalar[]
  readonly message: Uint8Array
}

/** The base OTs of both directions, as one party holds them: secret. */
export interface BaseOts extends BaseOtSeeds {
  /** Δ, 16 bytes */
  readonly delta: Uint8Array
}

/** The seeds known are those of branch c_i = 1 ⊕ Δ_i. */
function differenceOf(choices: Uint8Array): Uint8Array {
  return choices.map((byte) => byte ^ 0xff)
}

export function makeOffers({ group, baseOt }: BaseOtBackend, otSid: Uint8Array, random: RandomSource): Offers {
  const choices = random(COLUMNS / 8)
  const exponents = Array.from({ length: COLUMNS }, () => group.randomScalar(random))
  const strings = random(COLUMNS * POINT_BYTES)
  const message = baseOt.offer(otSid, choices, exponents, strings)
  wipe(strings)
  return { choices, exponents, message }
}

/** @throws {CodecError} for a point that no honest party offers */
export function answerOffers(
  { group, baseOt }: BaseOtBackend,
  otSid: Uint8Array,
  offers: Uint8Array,
  random: RandomSource,
): { readonly message: Uint8Array; readonly baseOts: BaseOts } {
  const secret = group.randomScalar(random)
  const choices = random((2 * COLUMNS) / 8)
  try {
    const { message, seeds } = baseOt.answer(otSid, offers, secret, choices)
    return { message, baseOts: { ...seeds, delta: differenceOf(choices.subarray(0, COLUMNS / 8)) } }
  } finally {
    wipe(secret, choices)
  }
}

/**
 * Ends what {@link makeOffers} began. The same offers must never judge two answers: each verdict tells the peer a bit of Δ.
 *
 * @returns undefined if the peer extended inconsistently
 * @throws {CodecError} for a point that no honest party answers with
 */
export function finishOffers(
  { baseOt }: BaseOtBackend,
  otSid: Uint8Array,
  { choices, exponents, message }: Offers,
  answer: Uint8Array,
): BaseOts | undefined {
  const seeds = baseOt.finish(otSid, choices, exponents, message, answer)
  return seeds === undefined ? undefined : { ...seeds, delta: differenceOf(choices) }
}

export function wipeOffers({ choices, exponents }: Offers): void {
  wipe(choices, ...exponents)
}

export function wipeBaseOts({ delta, multiplierSeeds, choiceSeeds }: BaseOts): void {
  wipe(delta, multiplierSeeds, choiceSeeds)
}
