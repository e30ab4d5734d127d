import type { Group, Point, Scalar } from '../../curve/group.ts'
import { commit } from '../../secret-sharing/feldman.ts'
import { randomPolynomial } from '../../secret-sharing/shamir.ts'
import { wipe } from '../../util/bytes.ts'
import { CodecError, type Reader, type Writer } from '../../util/codec.ts'
import type { RandomSource } from '../../util/random.ts'

/** A dealer's own polynomial, kept from round 1 until its shares have been sent. */
export interface Dealing {
  /** The coefficients of f_i, constant term first. Secret. */
  readonly coefficients: readonly Scalar[]
  /** C_i: the point C_ik = f_ik·G of each coefficient */
  readonly commitment: readonly Point[]
  /** The points of `commitment`, encoded. */
  readonly encoded: readonly Uint8Array[]
  /** cc_i: 32 bytes in a key generation, empty in a reshare */
  readonly chainCodePart: Uint8Array
  /** ρ_i, 32 random bytes that blind the commitment hash. Secret until round 2. */
  readonly blinding: Uint8Array
}

/** What a dealer deals. */
export interface DealingTerms {
  /** The secret that is shared. */
  readonly constant: Scalar
  /** t */
  readonly threshold: number
  /** cc_i, 32 bytes; empty in a reshare */
  readonly chainCodePart: Uint8Array
}

/**
 * Draws a random polynomial of degree t−1 through (0, constant), and commits to it.
 *
 * @returns its coefficients include a copy of `constant`; wiped with {@link wipeDealing}
 */
export function deal(
  group: Group,
  { constant, threshold, chainCodePart }: DealingTerms,
  random: RandomSource,
): Dealing {
  const coefficients = randomPolynomial(group, constant, threshold, random)
  const commitment = commit(group, coefficients)
  return { coefficients, commitment, encoded: group.encodePoints(commitment), chainCodePart, blinding: random(32) }
}

/** Wipes the secrets of a dealing. Does nothing without one. */
export function wipeDealing(dealing: Dealing | undefined): void {
  if (dealing !== undefined) wipe(...dealing.coefficients, dealing.blinding)
}

/** Writes `t u8 | t × f_ik[32] | t × C_ik | cc_i length u32 | cc_i | ρ_i[32]`; only t = 0 without a dealing. Secret. */
export function writeDealing(writer: Writer, dealing: Dealing | undefined): void {
  writer.u8(dealing?.coefficients.length ?? 0)
  if (dealing === undefined) return
  for (const coefficient of dealing.coefficients) writer.bytes(coefficient)
  for (const point of dealing.encoded) writer.bytes(point)
  writer.prefixed(dealing.chainCodePart).bytes(dealing.blinding)
}

/**
 * @param least the smallest threshold that the protocol deals with
 * @throws {CodecError} for anything but what {@link writeDealing} wrote
 */
export function readDealing(group: Group, reader: Reader, least = 2): Dealing | undefined {
  const threshold = reader.u8()
  if (threshold === 0) return undefined
  if (threshold < least) throw new CodecError(`a dealing of threshold ${threshold}`)
  const coefficients: Scalar[] = []
  try {
    for (let k = 0; k < threshold; k++) coefficients.push(readSecret(group, reader))
    const encoded = Array.from({ length: threshold }, () => reader.bytes(group.pointLength))
    const commitment = group.decodePoints(encoded)
    return { coefficients, commitment, encoded, chainCodePart: reader.prefixed(32), blinding: reader.bytes(32) }
  } catch (error) {
    wipe(...coefficients)
    throw error
  }
}

/** Length in bytes of a scalar, and so of a dealt share. */
export const SCALAR_LENGTH = 32

/**
 * Reads a secret scalar, which may be zero, and wipes the bytes that it was read from.
 *
 * @throws {CodecError} if it is not canonical
 */
export function readSecret(group: Group, reader: Reader): Scalar {
  const bytes = reader.bytes(SCALAR_LENGTH)
  try {
    return group.decodeScalar(bytes, { allowZero: true })
  } finally {
    wipe(bytes)
  }
}
