import { secp256k1 } from '@noble/curves/secp256k1.js'
import { beforeAll, describe, expect, test } from 'vitest'
import { compileAssembly } from '../support/assembly.ts'
import { mod, numberToBytes, ORDER } from '../support/bigint-scalars.ts'
import { seededRandom } from '../support/random.ts'

// The multiplications of base OTs, one point by many scalars and many points by one, against @noble/curves.

const { Point } = secp256k1
const n = ORDER.secp256k1
const POINT_BYTES = 64
const ROOM = 256 * POINT_BYTES

type Affine = InstanceType<typeof Point>
type Multiply = (r: number, a: number, b: number, count: number) => void

let exports: Record<string, unknown>
let memory: Uint8Array
let arena: number

beforeAll(async () => {
  const module = new WebAssembly.Module(await compileAssembly('assembly/test-exports.ts'))
  exports = new WebAssembly.Instance(module).exports
  memory = new Uint8Array((exports['memory'] as WebAssembly.Memory).buffer)
  arena = (exports['arena'] as () => number)()
})

const random = seededRandom('batches')
const uniform = (): bigint =>
  mod(
    random(48).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
    n,
  )

/** λ of the endomorphism, and scalars at which halves, digits and windows have their edges. */
const LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n
const EDGES = [
  ...[1n, 2n, 3n, 31n, 32n, 33n, n - 1n, n - 2n, (n - 1n) / 2n, (n + 1n) / 2n],
  ...[LAMBDA, LAMBDA + 1n, LAMBDA - 1n, n - LAMBDA, 2n * LAMBDA, 32n * LAMBDA, n - 32n * LAMBDA],
  ...[127n, 128n, 129n, 130n, 255n].flatMap((k) => [2n ** k - 1n, 2n ** k, 2n ** k + 1n]),
].map((k) => mod(k, n))

/** x and y of a point in little-endian bytes, or zeros for the identity. */
function stored(point: Affine): Uint8Array {
  const bytes = new Uint8Array(POINT_BYTES)
  if (point.is0()) return bytes
  const { x, y } = point.toAffine()
  bytes.set(numberToBytes('secp256k1', x).slice().reverse())
  bytes.set(numberToBytes('secp256k1', y).slice().reverse(), 32)
  return bytes
}

function put(at: number, parts: readonly Uint8Array[]): number {
  let end = at
  for (const part of parts) {
    memory.set(part, end)
    end += part.length
  }
  return at
}

function results(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => memory.slice(arena + i * POINT_BYTES, arena + (i + 1) * POINT_BYTES))
}

const scalarBytes = (k: bigint): Uint8Array => numberToBytes('secp256k1', k)

describe('one point by many scalars', () => {
  const points = [Point.BASE, Point.BASE.negate(), Point.BASE.multiply(LAMBDA), Point.BASE.multiply(uniform() || 1n)]

  test.each([1, 2, EDGES.length, 127, 128])('%i of them', (count) => {
    for (const point of points) {
      const scalars = Array.from({ length: count }, (_, i) => EDGES[i] ?? uniform())
      const at = put(arena + ROOM, [stored(point), ...scalars.map(scalarBytes)])
      ;(exports['multiplyOnePoint'] as Multiply)(arena, at, at + POINT_BYTES, count)
      expect(results(count)).toEqual(scalars.map((k) => stored(point.multiplyUnsafe(k))))
    }
  })
})

describe('many points by one scalar', () => {
  test.each([2, 62, 64, 66, 128])('%i of them', (count) => {
    const points = Array.from({ length: count }, (_, i) => Point.BASE.multiply(i < 8 ? BigInt(i + 1) : uniform() || 1n))
    for (const k of count === 128 ? [uniform()] : EDGES) {
      const at = put(arena + ROOM, [scalarBytes(k), ...points.map(stored)])
      ;(exports['multiplyByOneScalar'] as Multiply)(arena, at + 32, at, count)
      expect(results(count)).toEqual(points.map((point) => stored(point.multiplyUnsafe(k))))
    }
  })

  test('in their own place, and zero', () => {
    const points = [Point.BASE, Point.BASE.double()]
    put(arena, points.map(stored))
    const scalar = put(arena + ROOM, [scalarBytes(7n)])
    ;(exports['multiplyByOneScalar'] as Multiply)(arena, arena, scalar, 2)
    expect(results(2)).toEqual(points.map((point) => stored(point.multiply(7n))))
    put(scalar, [scalarBytes(0n)])
    ;(exports['multiplyByOneScalar'] as Multiply)(arena, arena, scalar, 2)
    expect(results(2)).toEqual([new Uint8Array(64), new Uint8Array(64)])
  })
})
