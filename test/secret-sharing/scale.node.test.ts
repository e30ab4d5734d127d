import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../src/curve/group.ts'
import { wasmGroup } from '../../src/curve/wasm/group.ts'
import { commit, verifyShare } from '../../src/secret-sharing/feldman.ts'
import { randomPolynomial, recombine, split } from '../../src/secret-sharing/shamir.ts'
import { findWrongShares } from '../../src/secret-sharing/wrong-shares.ts'
import { CURVES } from '../../src/types.ts'
import { toHex } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'

// Sharings far beyond what one call of the module takes.

const indices = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

describe.each(CURVES)('1,000 of 1,000 on %s', (curve) => {
  const group = wasmGroup(curve)
  const random = seededRandom(`scale ${curve}`)
  const secret = group.randomScalar(random)
  const coefficients = randomPolynomial(group, secret, 1000, random)
  const commitment = commit(group, coefficients)
  const values = group.evaluatePolynomial(coefficients, indices(1000))
  const shares = indices(1000).map((id, i) => ({ id, value: values[i] as Scalar }))

  test('all shares recombine, in any order, and one fewer does not', () => {
    const shuffled = [...shares].sort((a, b) => ((a.id * 7919) % 1009) - ((b.id * 7919) % 1009))
    expect(toHex(recombine(group, shuffled, 1000))).toBe(toHex(secret))
    expect(toHex(recombine(group, shuffled.slice(1), 999))).not.toBe(toHex(secret))
    expect(() => recombine(group, shuffled.slice(1), 1000)).toThrow(RangeError)
  })

  test('wrong shares are found and named', () => {
    expect(findWrongShares(group, commitment, shares, random)).toEqual([])
    const wrong = [1, 256, 901].map((id) => id + random.int(0, 90))
    const tampered = shares.map(({ id, value }) => ({
      id,
      value: wrong.includes(id) ? group.add(value, group.scalar(1)) : value,
    }))
    expect(findWrongShares(group, commitment, tampered, random)).toEqual(wrong)
    // One by one they are judged the same.
    for (const id of [wrong[0] as number, 1000]) {
      const { value } = tampered[id - 1] as { value: Scalar }
      expect(verifyShare(group, commitment, id, value)).toBe(!wrong.includes(id))
    }
  })
})

describe.each(CURVES)('a sharing on %s', (curve) => {
  const group = wasmGroup(curve)

  test.each([
    [2, 255],
    [2, 256],
    [2, 257],
    [256, 257],
    [899, 900],
    [900, 901],
    [901, 901],
  ])('%i of %i', (threshold, count) => {
    const random = seededRandom()
    const secret = group.randomScalar(random)
    const shares = split(group, secret, threshold, indices(count), random)
    expect(shares.map(({ id }) => id)).toEqual(indices(count))
    expect(toHex(recombine(group, shares.slice(-threshold), threshold))).toBe(toHex(secret))
    expect(toHex(recombine(group, shares.slice(1 - threshold), 1))).not.toBe(toHex(secret))
  })
})
