// @ts-check
// The arithmetic under the protocols against other libraries, from bytes to bytes.
import { panelsOf, play, printMatches } from '../support/match.mjs'

export const title = 'Primitives'
export const caption = 'time of each operation over that of reshare: a longer bar is slower'

const OPERATIONS = [
  { key: 'secp256k1.base', title: 'secp256k1, base multiplication' },
  { key: 'secp256k1.multiply', title: 'secp256k1, multiplication' },
  { key: 'secp256k1.scalarMultiply', title: 'secp256k1, scalar multiplication' },
  { key: 'secp256k1.scalarInvert', title: 'secp256k1, scalar inverse' },
  { key: 'ed25519.base', title: 'ed25519, base multiplication' },
  { key: 'ed25519.multiply', title: 'ed25519, multiplication' },
  { key: 'ed25519.scalarMultiply', title: 'ed25519, scalar multiplication' },
  { key: 'ed25519.scalarInvert', title: 'ed25519, scalar inverse' },
  { key: 'bip340.verify', title: 'BIP 340, verification' },
  { key: 'ed25519.verify', title: 'Ed25519, verification' },
]

/** @param {import('../support/context.mjs').Context} context */
export function run({ libraries, inputs, pace }) {
  return play(OPERATIONS, libraries, inputs, pace)
}

export { panelsOf as panels, printMatches as print }
