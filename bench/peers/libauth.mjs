// @ts-check
import { instantiateSecp256k1, instantiateSha256 } from '@bitauth/libauth'
import { BLOCKS, MESSAGE, pick } from '../support/inputs.mjs'

export const name = 'libauth (wasm)'

/** @type {import('../support/match.mjs').Library['operations']} */
export async function operations({ secp256k1 }) {
  const library = await instantiateSecp256k1()
  const sha256 = await instantiateSha256()
  return {
    'secp256k1.base': { run: (i) => library.derivePublicKeyCompressed(pick(secp256k1.scalars, i)) },
    'secp256k1.multiply': {
      note: 'variable time',
      run: (i) => library.mulTweakPublicKeyCompressed(pick(secp256k1.points, i), pick(secp256k1.scalars, i)),
    },
    'secp256k1.scalarMultiply': {
      run: (i) => library.mulTweakPrivateKey(pick(secp256k1.scalars, i), pick(secp256k1.others, i)),
    },
    'sha256.message': { elements: BLOCKS, run: () => sha256.hash(MESSAGE) },
  }
}
