// @ts-check
// This package, bytes in and bytes out like the others.
import { getGroup } from '../../dist/curve/index.js'
import { getEcdsaBackend } from '../../dist/protocol/ecdsa/ot/backend.js'
import { frostSuite } from '../../dist/protocol/frost/suites.js'
import { verifySignature } from '../../dist/protocol/frost/verify.js'
import { COUNT, DOMAIN, pick } from '../support/inputs.mjs'

export const name = 'reshare'

/** @type {import('../support/match.mjs').Library['operations']} */
export async function operations(inputs) {
  return {
    ...curve('secp256k1', inputs),
    ...curve('ed25519', inputs),
    'secp256k1.hashToCurve': hashToCurve(inputs.bip340.messages),
    'bip340.verify': verify('bip340', inputs.bip340),
    'ed25519.verify': verify('ed25519', inputs.eddsa),
  }
}

/**
 * @param {'secp256k1' | 'ed25519'} name
 * @param {import('../support/inputs.mjs').Inputs} inputs
 * @returns {Record<string, import('../support/match.mjs').Way | import('../support/match.mjs').Way[]>}
 */
function curve(name, inputs) {
  const group = getGroup(name)
  const { points } = inputs[name]
  const decode = (/** @type {Uint8Array} */ scalar) => group.decodeScalar(scalar)
  const scalars = inputs[name].scalars.map(decode)
  const others = inputs[name].others.map(decode)
  const note = `${COUNT} at once`
  return {
    [`${name}.base`]: [
      { run: (i) => group.encodePoint(group.multiplyBase(pick(scalars, i))) },
      { note, elements: COUNT, run: () => group.encodePoints(group.multiplyBaseBatch(scalars)) },
    ],
    [`${name}.multiply`]: [
      { run: (i) => group.encodePoint(group.multiplyPoint(group.decodePoint(pick(points, i)), pick(scalars, i))) },
      {
        note,
        elements: COUNT,
        run: () => {
          const decoded = points.map((point) => group.decodePoint(point))
          return group.encodePoints(group.multiplyPointBatch(decoded, scalars))
        },
      },
    ],
    [`${name}.scalarMultiply`]: { run: (i) => group.multiply(pick(scalars, i), pick(others, i)) },
    [`${name}.scalarInvert`]: { run: (i) => group.invert(pick(scalars, i)) },
  }
}

/** Hashed in batches only, as the base oblivious transfers do. @param {readonly Uint8Array[]} messages */
function hashToCurve(messages) {
  const { group, hashToCurve } = getEcdsaBackend()
  return {
    note: `${COUNT} at once`,
    elements: COUNT,
    run: () => group.encodePoints(hashToCurve(messages, DOMAIN)),
  }
}

/** @param {'ed25519' | 'bip340'} scheme @param {import('../support/inputs.mjs').Signatures} inputs */
function verify(scheme, { publicKeys, messages, signatures }) {
  const suite = frostSuite(scheme, getGroup(scheme === 'ed25519' ? 'ed25519' : 'secp256k1'))
  return {
    run: (/** @type {number} */ i) =>
      verifySignature(suite, pick(publicKeys, i), pick(messages, i), pick(signatures, i)),
  }
}
