// What `node bench/portable/main.mjs PROJECT` runs in every engine: prints a line of JSON, microseconds by row. The shell of Hermes has no
// console, and a clock of milliseconds.
import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { fold } from '../../src/curve/portable/field.ts'
import { hashToSecp256k1 } from '../../src/curve/portable/hash-to-curve.ts'
import { SECP256K1_POINTS as points } from '../../src/curve/portable/secp256k1.ts'
import { finishSha256, startSha256 } from '../../src/symmetric/sha256.ts'
import { makeMultiplyLimbs } from './limbs.mjs'

const { Point } = secp256k1
const { Fp } = Point
const multiplyLimbs = makeMultiplyLimbs()
const AT_LEAST_MS = 300

/** The least of three runs, in microseconds. @param {() => unknown} work */
function microseconds(work) {
  const run = (/** @type {number} */ times) => {
    const started = Date.now()
    for (let i = 0; i < times; i++) work()
    return Date.now() - started
  }
  let times = 1
  while (run(times) < AT_LEAST_MS) times *= 2
  return (1000 * Math.min(run(times), run(times), run(times))) / times
}

const limbsOf = (/** @type {bigint} */ x) =>
  Array.from({ length: 11 }, (_, i) => Number((x >> BigInt(24 * i)) & 0xffffffn))
const numberOf = (/** @type {number[]} */ limbs) => limbs.reduceRight((sum, limb) => (sum << 24n) + BigInt(limb), 0n)

const a = Fp.create(0x243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89n)
const b = Fp.create(a * a)
const [limbsA, limbsB, product] = [limbsOf(a), limbsOf(b), limbsOf(0n)]
multiplyLimbs(product, limbsA, limbsB)
if (numberOf(product) % Fp.ORDER !== Fp.mul(a, b)) throw new Error('a wrong product of limbs')

const reference = Point.BASE.multiply(a)
const own = points.decode(reference.toBytes(true))
const message = sha256(new Uint8Array(1))
const domain = message.subarray(0, 16)
const same = (/** @type {any} */ point, /** @type {any} */ expected) => {
  if (!points.equal(point, points.decode(expected.toBytes(true)))) throw new Error('another point')
}
same(points.multiply(own, b), reference.multiply(b))
same(hashToSecp256k1(message, domain), secp256k1_hasher.hashToCurve(message, { DST: domain }))
const block = startSha256(new Uint8Array(128))

const rows = {
  'product, @noble/curves': () => Fp.mul(a, b),
  'product, folded big integers': () => fold(a * b),
  'product, 11 limbs of 24 bits': () => multiplyLimbs(product, limbsA, limbsB),
  'multiple of a point, @noble/curves': () => reference.multiply(b),
  'multiple of a point': () => points.multiply(own, b),
  'multiple of the generator, @noble/curves': () => Point.BASE.multiply(b),
  'multiple of the generator': () => points.multiplyGenerator(b),
  'hash to the curve, @noble/curves': () => secp256k1_hasher.hashToCurve(message, { DST: domain }),
  'hash to the curve': () => hashToSecp256k1(message, domain),
  'SHA-256 of one block, @noble/hashes': () => sha256(message),
  'SHA-256 of one block': () => finishSha256(block, message),
}
const write = /** @type {(line: string) => void} */ (globalThis.print ?? console.log)
write(JSON.stringify(Object.fromEntries(Object.entries(rows).map(([name, work]) => [name, microseconds(work)]))))
