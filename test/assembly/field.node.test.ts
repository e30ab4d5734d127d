import { describe, expect, test } from 'vitest'
import { CURVES, type Curve } from '../../src/types.ts'
import { inverse, mod } from '../support/bigint-scalars.ts'
import { FIELD } from '../support/bigint/curves.ts'
import { fromLimbs, lanes, readLimbs, toLimbs, writeLimbs, type Layout } from '../support/bigint/limbs.ts'
import { seededRandom } from '../support/random.ts'
import { fieldExports, SLOT, R, A, B, UNIT } from './field-exports.ts'

// The field arithmetic of assembly/field and its bounds, in both layouts, against integers.

/** What "carried" promises: assembly/field/lanes.ts. */
const SLACK = 2n ** 18n
const TOP_BITS = { secp256k1: 24n, ed25519: 23n }

const { run, view, arena } = await fieldExports()

/** The largest limbs that a bound of `times` carried elements allows. */
function worst(curve: Curve, times: bigint): bigint[] {
  const low = Array.from({ length: 8 }, () => times * (UNIT + SLACK) - 1n)
  return [...low, times * (2n ** TOP_BITS[curve] + 8n) - 1n]
}

/** Limb vectors of carried elements at which carries and folds go wrong. */
function carriedElements(curve: Curve): bigint[][] {
  const p = FIELD[curve]
  const random = seededRandom(`carried ${curve}`)
  const uniform = (): bigint =>
    mod(
      random(40).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
      p,
    )
  const powers = [28n, 29n, 32n, 58n, 87n, 232n, 233n, 254n].flatMap((k) => [2n ** k - 1n, 2n ** k, 2n ** k + 1n])
  const values = [0n, 1n, 2n, 19n, 977n, p - 2n, p - 1n, p, ...powers, ...Array.from({ length: 10 }, uniform)]
  const sparse = Array.from({ length: 9 }, (_, i) => worst(curve, 1n).map((limb, j) => (i === j ? limb : 0n)))
  return [...values.map(toLimbs), worst(curve, 1n), ...sparse]
}

function isCarried(curve: Curve, limbs: readonly bigint[]): boolean {
  const top = 2n ** TOP_BITS[curve] + 8n
  return limbs.every((limb, i) => limb < (i === 8 ? top : UNIT + SLACK))
}

/** Puts the inputs into their slots, each lane its own, runs the export, gives the limbs of each lane. */
function apply(name: string, layout: Layout, inputs: readonly (readonly bigint[][])[], ...rest: number[]): bigint[][] {
  const slots = inputs.map((_, i) => arena + (i + 1) * SLOT)
  for (const [i, perLane] of inputs.entries()) {
    for (const lane of lanes(layout)) writeLimbs(view, slots[i] as number, layout, lane, perLane[lane] as bigint[])
  }
  ;(run[`${name}${layout}`] as (...values: number[]) => void)(arena + R, ...slots, ...rest)
  return lanes(layout).map((lane) => readLimbs(view, arena + R, layout, lane))
}

describe.each(CURVES.flatMap((curve) => (['Single', 'Pair'] as const).map((layout) => ({ curve, layout }))))(
  '$curve $layout',
  ({ curve, layout }) => {
    const p = FIELD[curve]
    const elements = carriedElements(curve)

    /** Checks an operation on all pairs of carried elements; lane B works on others than lane A. */
    function check(name: string, arity: number, value: (...inputs: bigint[]) => bigint, carried = true): void {
      for (const [i, a] of elements.entries()) {
        for (const [j, b] of elements.entries()) {
          const other = elements[(i * 7 + j * 3 + 1) % elements.length] as bigint[]
          const third = elements[(i + 5 * j) % elements.length] as bigint[]
          const perLane = [
            [a, other],
            [b, a],
            [third, b],
          ].slice(0, arity)
          for (const [lane, limbs] of apply(`${curve}${name}`, layout, perLane).entries()) {
            const inputs = perLane.map((input) => fromLimbs(input[lane] as bigint[]))
            expect(mod(fromLimbs(limbs), p)).toBe(mod(value(...inputs), p))
            if (carried) expect(isCarried(curve, limbs)).toBe(true)
          }
          if (arity === 1) break
        }
      }
    }

    test('products and squares', () => {
      check('Multiply', 2, (a, b) => a * b)
      check('Square', 1, (a) => a * a)
    })

    test('products at the bounds that the formulas reach', () => {
      // Bounds of both factors in half units: the product of the bounds stays below 7.9.
      const halves = (times: bigint): bigint[] => worst(curve, times).map((limb) => limb / 2n)
      for (const [m, n] of [
        [6n, 5n],
        [5n, 6n],
        [2n, 6n],
        [4n, 4n],
      ] as const) {
        const perLane = [
          [halves(m), halves(n)],
          [halves(n), halves(m)],
        ]
        for (const [lane, limbs] of apply(`${curve}Multiply`, layout, perLane).entries()) {
          const [a, b] = perLane.map((input) => fromLimbs(input[lane] as bigint[])) as [bigint, bigint]
          expect(mod(fromLimbs(limbs), p)).toBe(mod(a * b, p))
          expect(isCarried(curve, limbs)).toBe(true)
        }
      }
      for (const limbs of [halves(4n), halves(5n)]) {
        for (const result of apply(`${curve}Square`, layout, [[limbs, limbs]])) {
          expect(mod(fromLimbs(result), p)).toBe(mod(fromLimbs(limbs) ** 2n, p))
        }
      }
    })

    test('differences', () => {
      check('Subtract', 2, (a, b) => a - b, false)
      check('SubtractCarried', 2, (a, b) => a - b)
    })

    test('a negation in the lanes where the mask is set', () => {
      for (const a of elements) {
        for (const [maskA, maskB] of [
          [0, 0],
          [-1, 0],
          [0, -1],
          [-1, -1],
        ] as const) {
          const results = apply(`${curve}ConditionalNegateCarried`, layout, [[a, a]], maskA, maskB)
          for (const [lane, limbs] of results.entries()) {
            const sign = (lane === 0 ? maskA : maskB) === 0 ? 1n : -1n
            expect(mod(fromLimbs(limbs), p)).toBe(mod(sign * fromLimbs(a), p))
            expect(isCarried(curve, limbs)).toBe(true)
          }
        }
      }
    })

    if (curve === 'secp256k1') {
      test('differences of doubled elements', () => {
        check('SubtractTwiceCarried', 2, (a, b) => a - 2n * b)
        check('SubtractOnceTwiceCarried', 3, (a, b, c) => a - b - 2n * c)
      })

      test('three halves', () => {
        check('ThreeHalves', 1, (a) => 3n * a * inverse(2n, p), false)
        for (const limbs of apply('secp256k1ThreeHalves', layout, [[worst(curve, 1n), worst(curve, 1n)]])) {
          // 2.51 units, as the comment there says.
          expect(limbs.every((limb) => 100n * limb < 251n * UNIT)).toBe(true)
        }
      })
    } else {
      test('sums', () => {
        check('AddCarried', 2, (a, b) => a + b)
        check('TwiceSubtractCarried', 2, (a, b) => 2n * a - b)
        check('TwiceAdd', 2, (a, b) => 2n * a + b, false)
      })
    }

    test('results may lie where inputs do', () => {
      const [a, b] = [elements[20], elements[25]] as [bigint[], bigint[]]
      for (const name of ['Multiply', 'Subtract', 'SubtractCarried']) {
        const wanted = apply(`${curve}${name}`, layout, [
          [a, b],
          [b, a],
        ])
        for (const alias of [A, B]) {
          apply(`${curve}${name}`, layout, [
            [a, b],
            [b, a],
          ])
          ;(run[`${curve}${name}${layout}`] as (...values: number[]) => void)(arena + alias, arena + A, arena + B)
          expect(lanes(layout).map((lane) => readLimbs(view, arena + alias, layout, lane))).toEqual(wanted)
        }
      }
    })
  },
)

describe.each(CURVES)('%s, one element', (curve) => {
  const p = FIELD[curve]
  const elements = carriedElements(curve)
  const big = [2n, 3n, 5n, 7n].map((times) => worst(curve, times))

  const one = (name: string, at: number, limbs: bigint[], ...rest: number[]): bigint => {
    writeLimbs(view, arena + A, 'Single', 0, limbs)
    ;(run[name] as (...values: number[]) => void)(arena + at, arena + A, ...rest)
    return fromLimbs(readLimbs(view, arena + at, 'Single', 0))
  }

  test('normal form is the least residue, also of what is not carried', () => {
    // Just below a multiple of 2^256 or 2^255, where the second pass overflows once more.
    const k = BigInt(p.toString(2).length)
    const overflowing = [2n, 3n, 7n].flatMap((times) => [toLimbs(times * 2n ** k - 1n), toLimbs(times * 2n ** k - 20n)])
    for (const limbs of [
      ...elements,
      ...big,
      ...overflowing,
      toLimbs(p - 1n),
      toLimbs(p),
      toLimbs(p + 1n),
      toLimbs(2n * p),
      toLimbs(2n * p - 1n),
    ]) {
      expect(one(`${curve}Normalize`, R, limbs)).toBe(mod(fromLimbs(limbs), p))
      expect(one(`${curve}Normalize`, A, limbs)).toBe(mod(fromLimbs(limbs), p))
    }
  })

  test('inverse, and zero for zero', () => {
    for (const limbs of [...elements, ...big]) {
      const value = mod(fromLimbs(limbs), p)
      expect(one(`${curve}Invert`, R, limbs)).toBe(value === 0n ? 0n : inverse(value, p))
    }
  })

  test('many inverses at once, zeros among them', () => {
    const all = [...elements, ...big]
    const products = arena + SLOT * all.length
    for (const [i, limbs] of all.entries()) writeLimbs(view, arena + i * SLOT, 'Single', 0, limbs)
    ;(run[`${curve}InvertAll`] as (...values: number[]) => void)(arena, products, SLOT, all.length)
    for (const [i, limbs] of all.entries()) {
      const value = mod(fromLimbs(limbs), p)
      const result = mod(fromLimbs(readLimbs(view, arena + i * SLOT, 'Single', 0)), p)
      expect(result).toBe(value === 0n ? 0n : inverse(value, p))
    }
  })

  test('square roots', () => {
    for (const limbs of elements) {
      const value = mod(fromLimbs(limbs), p)
      if (curve === 'secp256k1') {
        const root = one('squareRoot', R, toLimbs(mod(value ** 2n, p)))
        expect([value, mod(-value, p)]).toContain(mod(root, p))
      } else {
        writeLimbs(view, arena + A, 'Single', 0, toLimbs(mod(value ** 2n * 5n, p)))
        writeLimbs(view, arena + B, 'Single', 0, toLimbs(5n))
        expect((run['squareRootOfRatioVar'] as (...values: number[]) => number)(arena + R, arena + A, arena + B)).toBe(
          1,
        )
        expect([value, mod(-value, p)]).toContain(mod(fromLimbs(readLimbs(view, arena + R, 'Single', 0)), p))
        if (value === 0n) continue
        // 2 is not a square modulo 2^255 − 19, and neither is −1 times it.
        writeLimbs(view, arena + B, 'Single', 0, toLimbs(10n))
        expect((run['squareRootOfRatioVar'] as (...values: number[]) => number)(arena + R, arena + A, arena + B)).toBe(
          0,
        )
      }
    }
  })
})
