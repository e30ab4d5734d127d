// @ts-check
// What every library is given: the same scalars, points and signatures.
import { ed25519 } from '@noble/curves/ed25519.js'
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'

/** How many different inputs there are; a power of two. */
export const COUNT = 64

/** The domain of hashing to a curve. */
export const DOMAIN = 'reshare-bench-v1'

/** A long message to hash, and how many blocks of SHA-256 it is, padding aside. */
export const BLOCKS = 1024
export const MESSAGE = new Uint8Array(64 * BLOCKS).map((_, i) => i)

/**
 * @typedef {object} CurveInputs
 * @property {Uint8Array[]} scalars 32 bytes in the curve's byte order, below the order
 * @property {Uint8Array[]} others
 * @property {Uint8Array[]} points encoded: 33 bytes (SEC 1) or 32 (RFC 8032)
 */

/**
 * @typedef {object} Signatures
 * @property {Uint8Array[]} publicKeys
 * @property {Uint8Array[]} messages 32 bytes
 * @property {Uint8Array[]} signatures
 */

/** @typedef {{ secp256k1: CurveInputs, ed25519: CurveInputs, bip340: Signatures, eddsa: Signatures }} Inputs */

/** @param {number} length */
const bytes = (length) => globalThis.crypto.getRandomValues(new Uint8Array(length))

/** @param {(i: number) => Uint8Array} make */
const many = (make) => Array.from({ length: COUNT }, (_, i) => make(i))

/** @returns {Inputs} */
export function createInputs() {
  return {
    secp256k1: curveInputs(
      () => secp256k1.utils.randomSecretKey(),
      (scalar) => secp256k1.getPublicKey(scalar, true),
    ),
    ed25519: curveInputs(
      () => ed25519.Point.Fn.toBytes(ed25519.Point.Fn.fromBytes(clearTop(bytes(32)))),
      (scalar) => ed25519.Point.BASE.multiply(ed25519.Point.Fn.fromBytes(scalar)).toBytes(),
    ),
    bip340: signatures(schnorr.utils.randomSecretKey, schnorr.getPublicKey, (m, key) => schnorr.sign(m, key)),
    eddsa: signatures(ed25519.utils.randomSecretKey, ed25519.getPublicKey, (m, key) => ed25519.sign(m, key)),
  }
}

/** Below the order of ed25519, whose highest byte is 0x10. @param {Uint8Array} scalar */
function clearTop(scalar) {
  scalar.set([/** @type {number} */ (scalar[31]) & 0x0f], 31)
  return scalar
}

/** @param {() => Uint8Array} scalar @param {(scalar: Uint8Array) => Uint8Array} multiplyBase @returns {CurveInputs} */
function curveInputs(scalar, multiplyBase) {
  return { scalars: many(scalar), others: many(scalar), points: many(() => multiplyBase(scalar())) }
}

/**
 * @param {() => Uint8Array} secretKey
 * @param {(secretKey: Uint8Array) => Uint8Array} publicKey
 * @param {(message: Uint8Array, secretKey: Uint8Array) => Uint8Array} sign
 * @returns {Signatures}
 */
function signatures(secretKey, publicKey, sign) {
  const keys = many(() => secretKey())
  const messages = many(() => bytes(32))
  return {
    publicKeys: keys.map((key) => publicKey(key)),
    messages,
    signatures: messages.map((message, i) => sign(message, /** @type {Uint8Array} */ (keys[i]))),
  }
}

/**
 * The input of a turn's i-th time.
 *
 * @template T
 * @param {readonly T[]} inputs
 * @param {number} i
 */
export const pick = (inputs, i) => /** @type {T} */ (inputs[i & (COUNT - 1)])
