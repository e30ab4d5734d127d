// @ts-check
import * as tiny from 'tiny-secp256k1'
import { pick } from '../support/inputs.mjs'

export const name = 'tiny-secp256k1 (wasm)'

/** @type {import('../support/match.mjs').Library['operations']} */
export async function operations({ secp256k1, bip340 }) {
  return {
    'secp256k1.base': { run: (i) => tiny.pointFromScalar(pick(secp256k1.scalars, i), true) },
    'secp256k1.multiply': {
      note: 'variable time',
      run: (i) => tiny.pointMultiply(pick(secp256k1.points, i), pick(secp256k1.scalars, i), true),
    },
    'bip340.verify': {
      run: (i) => tiny.verifySchnorr(pick(bip340.messages, i), pick(bip340.publicKeys, i), pick(bip340.signatures, i)),
    },
  }
}
