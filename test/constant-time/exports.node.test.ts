import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { CURVES } from '../../src/types.ts'
import { wasmBytes } from '../../src/wasm/text.ts'
import { numberToBytes, ORDER } from '../support/bigint-scalars.ts'
import { AFFINE, multiplyAffine, type AffinePoint } from '../support/bigint/curves.ts'
import { traced } from '../support/constant-time.ts'
import { seededRandom } from '../support/random.ts'

// Every export of the shipped module that takes a secret, over secrets with edge cases: the branches it takes and the
// addresses it touches must not depend on them. Exports named …Var, and those below, take public input only.

const PUBLIC = ['DecodePoints', 'LagrangeCoefficients', 'CombineVar', 'EvaluateCommitmentVar']

/** What belongs to no curve and takes no secret: where the arenas lie, and hashes of public strings. */
const PUBLIC_OF_NO_CURVE = ['arena', 'arenaBytes', 'otArena', 'otArenaBytes']

/** The test of the exports that take secrets and belong to no curve: those of oblivious transfer. */
const TRANSFER_TEST = new URL('../protocol/ecdsa/constant-time.node.test.ts', import.meta.url)

const module = traced(wasmBytes())
const { exports, memory } = module
const arena = exports['arena']?.() as number
const LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n

/** How many events each export reports, for the table at the end. */
const events: [name: string, count: number][] = []

afterAll(() => {
  console.log(events.map(([name, count]) => `${name.padEnd(28)}${String(count).padStart(8)} events, equal`).join('\n'))
})

test('an export that belongs to no curve is checked with oblivious transfer, or public', () => {
  const text = readFileSync(TRANSFER_TEST, 'utf8')
  const isChecked = (name: string) => new RegExp(`(exports\\[|call\\()'${name}'`).test(text)
  const names = Object.entries(exports)
    .filter(([name, value]) => typeof value === 'function' && !CURVES.some((curve) => name.startsWith(curve)))
    .map(([name]) => name)
  expect(names).toEqual(expect.arrayContaining(PUBLIC_OF_NO_CURVE))
  expect(names.length).toBeGreaterThan(PUBLIC_OF_NO_CURVE.length)
  const others = names.filter((name) => !PUBLIC_OF_NO_CURVE.includes(name))
  expect(others.filter((name) => !isChecked(name))).toEqual([])
  expect(isChecked('noSuchExport')).toBe(false)
})

describe.each(CURVES)('%s', (curve) => {
  const order = ORDER[curve]
  const random = seededRandom(`constant time ${curve}`)
  const [R, P, S] = [arena, arena + 1024, arena + 2048] as const
  const call = (name: string, ...values: number[]): void => void exports[curve + name]?.(...values)

  const powers = [1n, 28n, 29n, 30n, 58n, 127n, 128n, 131n, 251n].flatMap((k) => [2n ** k - 1n, 2n ** k])
  const edges = [0n, 1n, 2n, 3n, order - 1n, order - 2n, (order - 1n) / 2n, LAMBDA % order, ...powers]
  const uniform = Array.from({ length: 64 - edges.length + 8 }, () => random(32)).map((bytes) => {
    bytes[curve === 'secp256k1' ? 0 : 31] = (bytes[curve === 'secp256k1' ? 0 : 31] as number) & 0x0f
    return bytes
  })
  const scalars = [...edges.map((value) => numberToBytes(curve, value)), ...uniform]
  const points = [1n, 2n, 3n, order - 1n, 77n].map((k) => multiplyAffine(AFFINE[curve], AFFINE[curve].generator, k))

  /** Puts three scalars and the wide bytes made of two of them at S. */
  const putScalars = (i: number): void => {
    for (const j of [0, 1, 2]) memory.set(scalars[(i + j * 5) % scalars.length] as Uint8Array, S + 32 * j)
  }
  const putPoints = (...list: AffinePoint[]): void => {
    for (const [i, point] of list.entries()) memory.set(storedPoint(point), P + 64 * i)
  }
  const fixed = points.slice(2, 5)

  /** Prepares the arena for secret i, and names the arguments. */
  const cases: Readonly<Record<string, readonly [prepare: (i: number) => void, run: () => void]>> = {
    CheckScalar: [putScalars, () => call('CheckScalar', S)],
    AddScalars: [putScalars, () => call('AddScalars', R, S, S + 32)],
    SubtractScalars: [putScalars, () => call('SubtractScalars', R, S, S + 32)],
    MultiplyScalars: [putScalars, () => call('MultiplyScalars', R, S, S + 32)],
    InvertScalar: [putScalars, () => call('InvertScalar', R, S)],
    ReduceWide: [(i) => (i < 2 ? memory.fill(255 * i, S, S + 64) : putScalars(i)), () => call('ReduceWide', R, S)],
    EvaluatePolynomial: [
      (i) => {
        putScalars(i)
        memory.set([1, 0, 0, 0, 255, 255, 0, 0], P)
      },
      // The sums lie where the second and third coefficient do.
      () => call('EvaluatePolynomial', R, S, P, S + 32, 3, 2),
    ],
    PowerSums: [
      (i) => {
        putScalars(i)
        memory.set([1, 0, 0, 0, 255, 255, 0, 0, 7, 0, 0, 0], P)
      },
      () => call('PowerSums', R, S, P, 2, 3),
    ],
    MultiplyBase: [putScalars, () => call('MultiplyBase', R, S, 3)],
    MultiplyPoints: [
      (i) => {
        putScalars(i)
        putPoints(...fixed)
      },
      () => call('MultiplyPoints', R, P, S, 3),
    ],
    AddPoints: [putPointPair, () => call('AddPoints', R, P, P + 64)],
    SubtractPoints: [putPointPair, () => call('SubtractPoints', R, P, P + 64)],
    NegatePoint: [putPointPair, () => call('NegatePoint', R, P)],
    EncodePoint: [putPointPair, () => call('EncodePoint', R, P)],
  }

  /** Equal and opposite points and the identity among them. */
  function putPointPair(i: number): void {
    const all = [...points, AFFINE[curve].identity]
    putPoints(all[i % all.length], all[Math.floor(i / all.length) % all.length])
  }

  test('every export is either checked or public', () => {
    const names = Object.keys(exports).filter((name) => name.startsWith(curve))
    const known = [...Object.keys(cases), ...PUBLIC].map((name) => curve + name)
    expect(names.sort()).toEqual(known.sort())
    expect(names.filter((name) => name.endsWith('Var'))).toEqual([
      `${curve}CombineVar`,
      `${curve}EvaluateCommitmentVar`,
    ])
  })

  test.each(Object.keys(cases))('%s', (name) => {
    const [prepare, run] = cases[name] as NonNullable<(typeof cases)[string]>
    // The first multiplication makes the tables of the generator.
    prepare(0)
    run()
    const secret = (i: number) => (): void => {
      prepare(i)
      run()
    }
    expect(scalars.length).toBeGreaterThanOrEqual(64)
    const first = module.trace(secret(0))
    expect(first.events).toBeGreaterThan(5)
    events.push([curve + name, first.events])
    for (let i = 1; i < scalars.length; i++) {
      const trace = module.trace(secret(i))
      if (trace.hash === first.hash && trace.events === first.events) continue
      expect.fail(`differs for secret ${i}: ${module.firstDifference(secret(0), secret(i))}`)
    }
  })
})

/** Affine x and y, little-endian; the identity of secp256k1 is all zeros (assembly/memory.ts). */
function storedPoint(point: AffinePoint): Uint8Array {
  const { x, y } = point ?? { x: 0n, y: 0n }
  return Uint8Array.of(...numberToBytes('ed25519', x), ...numberToBytes('ed25519', y))
}
