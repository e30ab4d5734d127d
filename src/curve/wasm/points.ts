import type { Curve } from '../../types.ts'
import { abytes, fromHex } from '../../util/bytes.ts'
import { CodecError } from '../../util/codec.ts'
import { callModule, type Run } from '../../wasm/call.ts'
import { CallStatus } from '../../wasm/instance.ts'
import type { Group, Point, Scalar } from '../group.ts'
import {
  asPoint,
  assertPairs,
  BATCH,
  coordinates,
  equalFirst,
  identityBytes,
  inBatches,
  POINT_BYTES,
  scalarBytes,
  chunksOf,
} from './encoding.ts'

/** Maximum number of terms of a linear combination in one call. assembly/memory.ts has room for as many. */
const TERMS = 512

/** From this number of terms on, the module treats the generator like any other point (assembly/…/combination.ts). */
const MANY = 64

/** The encoded generators (SEC 2 §2.4.1, RFC 8032 §5.1). */
const GENERATOR = {
  secp256k1: '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
  ed25519: '5866666666666666666666666666666666666666666666666666666666666666',
} as const

type Points = Pick<
  Group,
  | 'pointLength'
  | 'generator'
  | 'identity'
  | 'decodePoint'
  | 'decodePoints'
  | 'encodePoint'
  | 'encodePoints'
  | 'multiplyBase'
  | 'multiplyBaseBatch'
  | 'multiplyPoint'
  | 'multiplyPointBatch'
  | 'addPoints'
  | 'subtractPoints'
  | 'negatePoint'
  | 'isIdentity'
  | 'equalPoints'
  | 'hasEvenY'
  | 'linearCombinationVar'
>

/** The point operations of a {@link Group}, on the WebAssembly module. */
export function pointOperations(curve: Curve): Points {
  const pointLength = curve === 'secp256k1' ? 33 : 32
  /** Offset of the coordinate whose lowest bit is the sign: y on secp256k1, x on ed25519. */
  const signOffset = curve === 'secp256k1' ? 32 : 0
  const identity = asPoint(identityBytes(curve))

  const isIdentity = (point: Point): boolean => equalFirst(POINT_BYTES, coordinates(point), coordinates(identity))
  const single = (inputs: Parameters<typeof callModule>[2], run: Run): Point =>
    asPoint(callModule(curve, POINT_BYTES, inputs, run).bytes)
  const addPoints = (a: Point, b: Point): Point =>
    single([coordinates(a), coordinates(b)], (core, r, p, q) => core.addPoints(r, p, q))

  const decodePoints = (encoded: readonly Uint8Array[]): Point[] => {
    if (encoded.some((bytes) => abytes(bytes, undefined, 'point').length !== pointLength)) {
      throw new CodecError(`a point is ${pointLength} bytes`)
    }
    return inBatches(encoded.length, BATCH, (from, to) => {
      const count = to - from
      const { status, bytes } = callModule(curve, POINT_BYTES * count, [encoded.slice(from, to)], (core, r, at) =>
        core.decodePoints(r, at, count),
      )
      if (status !== CallStatus.ok) throw new CodecError('not the encoding of a point of the prime-order subgroup')
      return chunksOf(bytes, POINT_BYTES).map(asPoint)
    })
  }
  const decodePoint = (bytes: Uint8Array): Point => decodePoints([bytes])[0] as Point

  const encodePoint = (point: Point): Uint8Array => {
    if (isIdentity(point)) throw new RangeError('the identity has no encoding')
    return callModule(curve, pointLength, [coordinates(point)], (core, r, at) => core.encodePoint(r, at)).bytes
  }

  const many = (count: number, from: Parameters<typeof callModule>[2], run: (count: number) => Run): Point[] =>
    chunksOf(callModule(curve, POINT_BYTES * count, from, run(count)).bytes, POINT_BYTES).map(asPoint)

  const generator = decodePoint(fromHex(GENERATOR[curve]))

  /** A combination of few terms, one of them with the generator, for which the module has a table. */
  const combineWithGenerator = (points: readonly Point[], scalars: readonly Scalar[], base: number): Point =>
    single(
      [
        without(points, base).map(coordinates),
        without(scalars, base).map(scalarBytes),
        scalarBytes(scalars[base] as Scalar),
      ],
      (core, r, p, k, g) => core.combineVar(r, p, k, points.length - 1, g),
    )

  return {
    pointLength,
    generator,
    identity,
    decodePoint,
    decodePoints,
    encodePoint,
    // Points are affine already, so no inversion is needed.
    encodePoints: (points) => points.map(encodePoint),

    multiplyBase: (s) => single([scalarBytes(s)], (core, r, at) => core.multiplyBase(r, at, 1)),

    multiplyBaseBatch: (scalars) =>
      inBatches(scalars.length, BATCH, (from, to) =>
        many(to - from, [scalars.slice(from, to).map(scalarBytes)], (count) => (core, r, at) => {
          core.multiplyBase(r, at, count)
        }),
      ),

    multiplyPoint: (point, s) =>
      single([coordinates(point), scalarBytes(s)], (core, r, p, k) => core.multiplyPoints(r, p, k, 1)),

    multiplyPointBatch(points, scalars) {
      assertPairs(points, scalars)
      return inBatches(points.length, BATCH, (from, to) => {
        const inputs = [points.slice(from, to).map(coordinates), scalars.slice(from, to).map(scalarBytes)]
        return many(to - from, inputs, (count) => (core, r, p, k) => core.multiplyPoints(r, p, k, count))
      })
    },

    addPoints,
    subtractPoints: (a, b) => single([coordinates(a), coordinates(b)], (core, r, p, q) => core.subtractPoints(r, p, q)),
    negatePoint: (a) => single([coordinates(a)], (core, r, p) => core.negatePoint(r, p)),
    isIdentity,
    equalPoints: (a, b) => equalFirst(POINT_BYTES, coordinates(a), coordinates(b)),

    hasEvenY(point) {
      if (isIdentity(point)) throw new RangeError('the identity has no affine coordinates')
      return ((coordinates(point)[signOffset] as number) & 1) === 0
    },

    linearCombinationVar(points, scalars) {
      assertPairs(points, scalars)
      const base = points.length < MANY ? points.indexOf(generator) : -1
      if (base >= 0) return combineWithGenerator(points, scalars, base)
      const sums = inBatches(points.length, TERMS, (from, to) => {
        const inputs = [points.slice(from, to).map(coordinates), scalars.slice(from, to).map(scalarBytes)]
        return many(1, inputs, () => (core, r, p, k) => core.combineVar(r, p, k, to - from, 0))
      })
      return sums.length === 0 ? identity : sums.reduce(addPoints)
    },
  }
}

function without<T>(list: readonly T[], place: number): T[] {
  return list.filter((_, i) => i !== place)
}
