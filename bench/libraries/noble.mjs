// @ts-check
import { ed25519 } from '@noble/curves/ed25519.js'
import { schnorr, secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { BLOCKS, DOMAIN, MESSAGE, pick } from '../support/inputs.mjs'

export const name = '@noble/curves'

/** @type {import('../support/match.mjs').Library['operations']} */
export async function operations(inputs) {
  return {
    ...curve('secp256k1', secp256k1.Point, inputs.secp256k1),
    ...curve('ed25519', ed25519.Point, inputs.ed25519),
    'bip340.verify': verify(schnorr.verify, inputs.bip340),
    'ed25519.verify': verify((...args) => ed25519.verify(...args, { zip215: false }), inputs.eddsa),
    'secp256k1.hashToCurve': {
      run: (i) => secp256k1_hasher.hashToCurve(pick(inputs.bip340.messages, i), { DST: DOMAIN }).toBytes(true),
    },
    'sha256.message': { elements: BLOCKS, run: () => sha256(MESSAGE) },
  }
}

/**
 * @param {string} name
 * @param {typeof secp256k1.Point | typeof ed25519.Point} Point
 * @param {import('../support/inputs.mjs').CurveInputs} inputs
 * @returns {Record<string, import('../support/match.mjs').Way>}
 */
function curve(name, Point, inputs) {
  const { Fn } = Point
  const scalar = (/** @type {Uint8Array} */ bytes) => Fn.fromBytes(bytes)
  const { points } = inputs
  const scalars = inputs.scalars.map(scalar)
  const others = inputs.others.map(scalar)
  return {
    [`${name}.base`]: { run: (i) => Point.BASE.multiply(pick(scalars, i)).toBytes() },
    [`${name}.multiply`]: { run: (i) => Point.fromBytes(pick(points, i)).multiply(pick(scalars, i)).toBytes() },
    [`${name}.scalarMultiply`]: { run: (i) => Fn.toBytes(Fn.mul(pick(scalars, i), pick(others, i))) },
    [`${name}.scalarInvert`]: { run: (i) => Fn.toBytes(Fn.inv(pick(scalars, i))) },
  }
}

/**
 * @param {(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean} check
 * @param {import('../support/inputs.mjs').Signatures} inputs
 */
function verify(check, { publicKeys, messages, signatures }) {
  return {
    run: (/** @type {number} */ i) => check(pick(signatures, i), pick(messages, i), pick(publicKeys, i)),
  }
}
