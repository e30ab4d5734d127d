import type { Scalar } from '../../../curve/group.ts'
import { sum } from '../../../secret-sharing/scalars.ts'
import { concatBytes, wipe } from '../../../util/bytes.ts'
import type { Message } from '../../session/machine.ts'
import { scalarFromHash } from '../../transcript/transcript.ts'
import type { Products } from './multiplication-round.ts'
import type { Prepared } from './prepared.ts'
import { ecdsaHash, isManySigners, others, otStateWith, type SigningSetup } from './signing-setup.ts'

/**
 * x_i = λ_i·(s_i + δ): this signer's additive share of the key. With more than two signers it is blinded by a share ζ_i of
 * zero, which is different in every session.
 */
export function additiveKey(setup: SigningSetup, sid: Uint8Array): Scalar {
  const { backend, share, signers, self, derivation } = setup
  const { group } = backend
  const lambda = group.lagrangeCoefficients(signers)[self - 1] as Scalar
  // Lagrange coefficients add up to one, so every signer adds the whole of δ.
  const derived = derivation === undefined ? share.secretShare : group.add(share.secretShare, derivation.tweak)
  const weighted = group.multiply(lambda, derived)
  if (derivation !== undefined) wipe(derived)
  if (!isManySigners(setup)) return weighted
  const zeros = others(setup).map((peer) => zeroShare(setup, sid, peer))
  try {
    return sum(group, [weighted, ...zeros])
  } finally {
    wipe(weighted, ...zeros)
  }
}

/** A value from the common seed of two signers and the session id. The one adds it, and the other subtracts it. */
function zeroShare(setup: SigningSetup, sid: Uint8Array, peer: number): Scalar {
  const { group } = setup.backend
  const seed = ecdsaHash('zero-share', otStateWith(setup, peer).secrets.zeroSeed, sid)
  const zero = scalarFromHash(group, ecdsaHash, seed)
  wipe(seed)
  if (setup.self < peer) return zero
  const negated = group.negate(zero)
  wipe(zero)
  return negated
}

/**
 * Round 3: to all signers `R_i | ρ_i[32]`, to each peer `γ_k[32] | γ_x[32] | Γ_k | Γ_x`. The latter turn the products of
 * random numbers into products of the nonce and of the key. With more than two signers, the first message ends with
 * `X_i` and the second with `ψ[32]`. If a session begins with this round, the first message starts with `ctx[32]`.
 *
 * @param key x_i, with X_i = x_i·G
 */
export function decommitmentMessages(setup: SigningSetup, { nonces, products }: Prepared, key: Scalar): Message[] {
  const { group } = setup.backend
  const isMany = isManySigners(setup)
  const sent = others(setup).flatMap((peer) => (products.get(peer) as Products).asAlice.shares)
  const [encodedKey, ...gammas] = group.encodePoints(group.multiplyBaseBatch([key, ...sent]))
  const direct = others(setup).map((peer, i): Message => {
    const { asAlice, asBob } = products.get(peer) as Products
    const [alphaK, alphaX] = asAlice.inputs
    const corrections = [group.subtract(nonces.nonce, alphaK), group.subtract(key, alphaX)]
    const psi = isMany ? [group.subtract(nonces.mask, asBob.factor)] : []
    const points = [gammas[2 * i] as Uint8Array, gammas[2 * i + 1] as Uint8Array]
    try {
      return { to: peer, body: concatBytes(...corrections, ...points, ...psi) }
    } finally {
      wipe(...corrections, ...psi)
    }
  })
  const shown = [nonces.encoded, nonces.blinding, ...(isMany ? [encodedKey as Uint8Array] : [])]
  return [{ to: 0, body: concatBytes(...setup.greeting, ...shown) }, ...direct]
}
