import { beforeAll, describe, expect, test } from 'vitest'
import { CURVES, type Curve } from '../../src/types.ts'
import { compileAssembly } from '../support/assembly.ts'
import { inverse, mod, ORDER } from '../support/bigint-scalars.ts'
import { FIELD } from '../support/bigint/curves.ts'
import { fromLimbs, lanes, readLimbs, toLimbs, writeLimbs, type Layout } from '../support/bigint/limbs.ts'
import { seededRandom } from '../support/random.ts'

// The field arithmetic of assembly/field and its bounds, in both layouts, against integers.

const SLOT = 96
const [R, A, B, C] = [0, 1, 2, 3].map((i) => i * SLOT) as [number, number, number, number]
const UNIT = 2n ** 29n
/** What "carried" promises: assembly/field/lanes.ts. */
const SLACK = 2n ** 18n
const TOP_BITS = { secp256k1: 24n, ed25519: 23n }

let run: Record<string, (...values: number[]) => number>
let view: DataView
let arena: number

beforeAll(async () => {
  const module = new WebAssembly.Module(await compileAssembly('assembly/test-exports.ts'))
  run = new WebAssembly.Instance(module).exports as typeof run
  view = new DataView((run['memory'] as unknown as WebAssembly.Memory).buffer)
  arena = (run['arena'] as () => number)()
})

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

describe('splitting a scalar of secp256k1 along its endomorphism', () => {
  const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const lambda = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n
  const random = seededRandom('split')
  const uniform = (): bigint =>
    mod(
      random(40).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
      n,
    )
  const scalars = [0n, 1n, 2n, n - 1n, n - 2n, lambda, n - lambda, lambda + 1n, (n - 1n) / 2n, 2n ** 128n, 2n ** 255n]
  for (let i = 0; i < 200; i++) scalars.push(uniform())

  test('gives halves that are small and recombine', () => {
    for (const k of scalars) {
      writeLimbs(view, arena + C, 'Single', 0, toLimbs(k))
      ;(run['splitScalar'] as (...values: number[]) => void)(arena + A, arena + B, arena + C)
      const [s1, s2] = [A, B]
        .map((at) => fromLimbs(readLimbs(view, arena + at, 'Single', 0)))
        .map((s) => (s > n / 2n ? s - n : s)) as [bigint, bigint]
      expect(mod(s1 + s2 * lambda, n)).toBe(k)
      // 2^127.36 and 2^127.12: half the sums of the basis' coordinates.
      expect((s1 < 0n ? -s1 : s1) < 0xa2a8918ca85bafe22016d0b917e4dd77n + 2n).toBe(true)
      expect((s2 < 0n ? -s2 : s2) < 0x8a65287bd47179fb2be08846cea267edn + 2n).toBe(true)
    }
  })

  test.each([
    { digits: 33, bits: 4, centre: 1 << 15 },
    { digits: 26, bits: 5, centre: 1 << 13 },
  ])('recodes them to $digits odd digits of $bits bits', ({ digits, bits, centre }) => {
    const valueAt = (at: number): bigint => {
      const bytes = Array.from({ length: 33 }, (_, i) => view.getUint8(arena + at + i))
      return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
    }
    const base = 2n ** BigInt(bits)
    for (const k of scalars) {
      writeLimbs(view, arena + C, 'Single', 0, toLimbs(k))
      ;(run['recodeSplit'] as (...values: number[]) => void)(arena, arena + C, centre)
      const [u1, u2] = [0, 48].map((at) => {
        const v = valueAt(at)
        const digit = (i: number): bigint => 2n * ((v / base ** BigInt(i)) % base) - (base - 1n)
        return Array.from({ length: digits }, (_, i) => digit(i) * base ** BigInt(i)).reduce((a, b) => a + b)
      }) as [bigint, bigint]
      expect(mod(u1 + u2 * lambda, n)).toBe(k)
      // Before the last window both are below 2^124.5 or 2^123.5, which the addition formulas rest on.
      for (const u of [u1, u2]) expect((u < 0n ? -u : u) / 16n < (2n ** 124n * 14143n) / 10000n).toBe(true)
    }
  })
})

describe.each(CURVES)('short products modulo the order of %s', (curve) => {
  const n = ORDER[curve]
  const random = seededRandom(`short ${curve}`)
  const uniform = (): bigint =>
    mod(
      random(48).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
      n,
    )
  const read = (at: number): bigint => fromLimbs(readLimbs(view, arena + at, 'Single', 0))
  const write = (at: number, limbs: readonly bigint[]): void => writeLimbs(view, arena + at, 'Single', 0, limbs)

  /** Of a loose value: 2^29 more in each limb but the lowest, and as much less in the next. */
  const loosen = (value: bigint): bigint[] => {
    const limbs = toLimbs(value)
    for (let i = 8; i > 0; i--) {
      if (limbs[i] === 0n) continue
      limbs[i] = (limbs[i] as bigint) - 1n
      limbs[i - 1] = (limbs[i - 1] as bigint) + UNIT
    }
    return limbs
  }
  const reduced = [0n, 1n, 2n, UNIT - 1n, UNIT, 2n ** 232n, n - 2n, n - 1n, ...Array.from({ length: 6 }, uniform)]
  const loose = [...reduced, n, n + 1n, 2n * n - 1n, 2n * n, (21n * n) / 10n]

  test('a·x/2^29 + c, below 2.1 times the order with limbs below 2^30', () => {
    for (const a of loose.flatMap((value) => [toLimbs(value), loosen(value)])) {
      for (const c of reduced) {
        for (const x of [1, 2, 3, 255, 256, 0x8000, 0xffff]) {
          write(A, a)
          write(C, toLimbs(c))
          run[`${curve}ShortProduct`]?.(arena + R, arena + A, x, arena + C)
          const wanted = mod(fromLimbs(a) * BigInt(x) * inverse(UNIT, n) + c, n)
          expect(mod(read(R), n)).toBe(wanted)
          expect(10n * read(R)).toBeLessThan(21n * n)
          for (const limb of readLimbs(view, arena + R, 'Single', 0)) expect(limb).toBeLessThan(2n * UNIT)
        }
      }
    }
  })

  test('the result may be an input, and what is loose is reduced', () => {
    const largest = Array.from({ length: 8 }, () => UNIT - 1n).concat(2n ** 31n - 1n)
    for (const limbs of [...loose.map(toLimbs), ...loose.map(loosen), largest]) {
      write(A, limbs)
      run[`${curve}ReduceLoose`]?.(arena + A, arena + A)
      expect(read(A)).toBe(mod(fromLimbs(limbs), n))
    }
    write(A, toLimbs(n - 1n))
    run[`${curve}ShortProduct`]?.(arena + A, arena + A, 0xffff, arena + A)
    expect(mod(read(A) * UNIT, n)).toBe(mod((n - 1n) * (0xffffn + UNIT), n))
  })
})
