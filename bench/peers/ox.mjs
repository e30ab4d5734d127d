// @ts-check
// ox's wasm engine. It has no multiplication but Diffie-Hellman, and no base multiplication on ed25519 but with the hash
// of a seed before it.
import { Engine } from 'ox/wasm'
import { BLOCKS, MESSAGE, pick } from '../support/inputs.mjs'

export const name = 'ox (wasm)'

/** @type {import('../support/match.mjs').Library['operations']} */
export async function operations({ secp256k1, ed25519, eddsa }) {
  const { Ed25519, Hash, Secp256k1 } = await Engine.engine()
  return {
    'secp256k1.base': {
      note: 'uncompressed',
      differs: true,
      run: (i) => Secp256k1.getPublicKey(pick(secp256k1.scalars, i)),
    },
    'secp256k1.multiply': {
      run: (i) => Secp256k1.getSharedSecret(pick(secp256k1.scalars, i), pick(secp256k1.points, i)),
    },
    'ed25519.base': {
      note: 'with SHA-512',
      differs: true,
      run: (i) => Ed25519.getPublicKey(pick(ed25519.scalars, i)),
    },
    'ed25519.verify': {
      run: (i) => Ed25519.verify(pick(eddsa.signatures, i), pick(eddsa.messages, i), pick(eddsa.publicKeys, i)),
    },
    'sha256.message': { elements: BLOCKS, run: () => Hash.sha256(MESSAGE) },
  }
}
