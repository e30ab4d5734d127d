// @ts-check
import sodium from 'libsodium-wrappers-sumo'
import { BLOCKS, MESSAGE, pick } from '../support/inputs.mjs'

export const name = 'libsodium (wasm)'

/** @type {import('../support/match.mjs').Library['operations']} */
export async function operations({ ed25519, eddsa }) {
  await sodium.ready
  return {
    'ed25519.base': { run: (i) => sodium.crypto_scalarmult_ed25519_base_noclamp(pick(ed25519.scalars, i)) },
    'ed25519.multiply': {
      run: (i) => sodium.crypto_scalarmult_ed25519_noclamp(pick(ed25519.scalars, i), pick(ed25519.points, i)),
    },
    'ed25519.scalarMultiply': {
      run: (i) => sodium.crypto_core_ed25519_scalar_mul(pick(ed25519.scalars, i), pick(ed25519.others, i)),
    },
    'ed25519.scalarInvert': { run: (i) => sodium.crypto_core_ed25519_scalar_invert(pick(ed25519.scalars, i)) },
    'ed25519.verify': {
      run: (i) =>
        sodium.crypto_sign_verify_detached(
          pick(eddsa.signatures, i),
          pick(eddsa.messages, i),
          pick(eddsa.publicKeys, i),
        ),
    },
    'sha256.message': { elements: BLOCKS, run: () => sodium.crypto_hash_sha256(MESSAGE) },
  }
}
