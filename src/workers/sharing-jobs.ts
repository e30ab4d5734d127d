import type { Group, Scalar } from '../curve/group.ts'
import { parsing } from '../key-share/parsing.ts'
import { commit } from '../secret-sharing/feldman.ts'
import { assertSharing, randomPolynomial, recombine, type Share } from '../secret-sharing/shamir.ts'
import { findWrongShares } from '../secret-sharing/wrong-shares.ts'
import { abytes, concatBytes, wipe } from '../util/bytes.ts'
import { systemRandom } from '../util/random.ts'
import { groupOf } from './group-of.ts'
import type { PackedShares, RecombineJob, SplitJob, SplitResult, VerifyJob } from './types.ts'

const SCALAR_BYTES = 32

/** Splits a secret. @throws {SHARE_PARSING_FAILED | TypeError | RangeError} for wrong arguments */
export function splitSecret({ curve, secret, threshold, ids }: SplitJob): SplitResult {
  const group = groupOf(curve)
  assertSharing(threshold, ids)
  const constant = parsing('secret', () => group.decodeScalar(secret))
  const coefficients = randomPolynomial(group, constant, threshold, systemRandom)
  const values: Scalar[] = []
  try {
    values.push(...group.evaluatePolynomial(coefficients, ids))
    const commitment = concatBytes(...group.encodePoints(commit(group, coefficients)))
    return { ids, shares: concatBytes(...values), commitment }
  } finally {
    wipe(constant, ...coefficients, ...values)
  }
}

/** The ids of the wrong shares. @throws {SHARE_PARSING_FAILED | TypeError | RangeError} for wrong arguments */
export function verifyShares({ curve, commitment, ...packed }: VerifyJob): number[] {
  const group = groupOf(curve)
  const points = parsing('commitment', () =>
    cut(commitment, group.pointLength, 'commitment').map((bytes) => group.decodePoint(bytes)),
  )
  return withShares(group, packed, (shares) => findWrongShares(group, points, shares, systemRandom))
}

/** The secret of the shares. @throws {SHARE_PARSING_FAILED | TypeError | RangeError} for wrong arguments */
export function recombineSecret({ curve, threshold, ...packed }: RecombineJob): Uint8Array {
  const group = groupOf(curve)
  return withShares(group, packed, (shares) => recombine(group, shares, threshold))
}

/** Passes decoded shares to `use`, and wipes them afterwards. */
function withShares<T>(group: Group, { ids, shares }: PackedShares, use: (shares: readonly Share[]) => T): T {
  abytes(shares, SCALAR_BYTES * ids.length, 'shares')
  const values: Scalar[] = []
  try {
    parsing('shares', () => {
      for (const bytes of cut(shares, SCALAR_BYTES, 'shares')) {
        values.push(group.decodeScalar(bytes, { allowZero: true }))
      }
    })
    return use(ids.map((id, i) => ({ id, value: values[i] as Scalar })))
  } finally {
    wipe(...values)
  }
}

/** Splits bytes into views of equal length. */
function cut(bytes: Uint8Array, length: number, name: string): Uint8Array[] {
  const count = abytes(bytes, undefined, name).length / length
  if (!Number.isInteger(count)) throw new RangeError(`${name} must be a multiple of ${length} bytes`)
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * length, (i + 1) * length))
}
