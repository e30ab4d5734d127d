import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { interpolateBytes, invertByte, multiplyBytes, splitBytes } from '../../src/secret-sharing/gf256.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom()

// The field once more, in another way: powers of the generator 3, and their logarithms.
const POWERS: number[] = []
const LOGARITHMS = new Map<number, number>()
for (let i = 0, power = 1; i < 255; i++) {
  POWERS.push(power)
  LOGARITHMS.set(power, i)
  const doubled = power << 1
  power ^= doubled > 255 ? doubled ^ 0x11b : doubled
}

function multiplied(a: number, b: number): number {
  if (a === 0 || b === 0) return 0
  return POWERS[(LOGARITHMS.get(a)! + LOGARITHMS.get(b)!) % 255]!
}

/** All ways to take `count` of the items. */
function subsets<T>(items: readonly T[], count: number): T[][] {
  if (count === 0) return [[]]
  return items.flatMap((item, i) => subsets(items.slice(i + 1), count - 1).map((rest) => [item, ...rest]))
}

describe('the field of Rijndael', () => {
  test('multiplies every two bytes as its table of logarithms does', () => {
    expect(LOGARITHMS.size).toBe(255)
    for (let a = 0; a < 256; a++) {
      for (let b = 0; b < 256; b++) if (multiplyBytes(a, b) !== multiplied(a, b)) throw new Error(`${a}·${b}`)
    }
  })

  test('inverts every byte', () => {
    for (let a = 1; a < 256; a++) expect(multiplyBytes(a, invertByte(a))).toBe(1)
    expect(invertByte(0)).toBe(0)
  })

  test('gives the products of FIPS 197 §4.2, and those of the tests of HashiCorp Vault', () => {
    expect(multiplyBytes(0x57, 0x83)).toBe(0xc1)
    expect(multiplyBytes(0x57, 0x13)).toBe(0xfe)
    expect([0x02, 0x04, 0x08, 0x10].map((b) => multiplyBytes(0x57, b))).toEqual([0xae, 0x47, 0x8e, 0x07])
    // shamir_test.go: 3·7 = 9 and 9/7 = 3
    expect(multiplyBytes(3, 7)).toBe(9)
    expect(multiplyBytes(9, invertByte(7))).toBe(3)
  })
})

describe('sharing bytes', () => {
  test('any k of n recover the secret, and every other share', () => {
    for (const [threshold, count] of [
      [1, 1],
      [1, 3],
      [2, 2],
      [2, 3],
      [3, 5],
      [5, 7],
      [16, 16],
    ] as const) {
      const secret = random(16)
      const shares = splitBytes(secret, threshold, count, random)
      expect(shares.map(({ index }) => index)).toEqual(Array.from({ length: count }, (_, i) => i + 1))
      for (const some of subsets(shares, threshold)) {
        expect(interpolateBytes(some, 0)).toEqual(secret)
        expect(interpolateBytes([...some].reverse(), 0)).toEqual(secret)
        for (const { index, value } of shares) expect(interpolateBytes(some, index)).toEqual(value)
      }
      for (const some of threshold > 1 ? subsets(shares, threshold - 1) : []) {
        expect(interpolateBytes(some, 0)).not.toEqual(secret)
      }
    }
  })

  test('k − 1 shares go with every secret: another polynomial gives the same shares', () => {
    // 2 of 3 of one byte: for each secret there is one coefficient that gives the share 77 at 1.
    for (let secret = 0; secret < 256; secret++) {
      const fixed = () => Uint8Array.of(secret ^ 77)
      expect(splitBytes(Uint8Array.of(secret), 2, 3, fixed)[0]?.value).toEqual(Uint8Array.of(77))
    }
  })

  test('a wrong share gives another secret', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(2), fc.nat(15), (secret, which, at) => {
        const shares = splitBytes(secret, 3, 5, random).slice(0, 3)
        shares[which]!.value[at]! ^= 1
        expect(interpolateBytes(shares, 0)).not.toEqual(secret)
      }),
    )
  })

  test('draws k − 1 strings, leaves the secret as it is, and wipes what it drew', () => {
    const drawn: Uint8Array[] = []
    const secret = random(16)
    const given = secret.slice()
    splitBytes(given, 4, 5, (length) => {
      drawn.push(random(length))
      return drawn.at(-1)
    })
    expect(given).toEqual(secret)
    expect(drawn).toEqual(Array.from({ length: 3 }, () => new Uint8Array(16)))
  })

  test('refuses what is no sharing', () => {
    for (const [threshold, count] of [
      [0, 3],
      [4, 3],
      [2, 256],
      [1.5, 3],
      [NaN, 3],
      [2, 2.5],
    ] as const) {
      expect(() => splitBytes(random(16), threshold, count, random)).toThrow(RangeError)
    }
    const [first, second] = splitBytes(random(16), 2, 2, random) as [never, never]
    for (const shares of [
      [],
      [first, first],
      [first, { index: 0, value: random(16) }],
      [first, { index: 2, value: random(15) }],
    ]) {
      expect(() => interpolateBytes(shares, 0)).toThrow(RangeError)
    }
    expect(interpolateBytes([first, second], 0)).toHaveLength(16)
  })

  test('its source has neither a table nor a branch on a value', () => {
    for (const arithmetic of [multiplyBytes, invertByte]) {
      const body = arithmetic.toString().replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
      expect(body).not.toMatch(/\bif\b|\?|&&|\|\||\[|\bswitch\b|\bwhile\b|\breturn\b[\s\S]*\breturn\b/)
      // The only comparison is that of the loop's own counter.
      expect(body.replace(/<<|>>|=>/g, '').match(/[<>]|[=!]==?(?!=)(?<=[=!]=+)/g)).toHaveLength(1)
    }
  })
})
