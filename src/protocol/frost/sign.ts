import type { Scalar } from '../../curve/group.ts'
import type { PartyId } from '../../types.ts'
import { equalBytes, wipe } from '../../util/bytes.ts'
import type { SigningNonces } from './nonces.ts'
import { signerOf, type SigningPackage } from './signing-package.ts'

/**
 * Round two of RFC 9591 (§5.2): computes z_i = d_i + ρ_i·e_i + λ_i·s_i·c, with the nonces negated if BIP 340 demands it.
 *
 * The nonces count as used before anything is computed from them.
 *
 * @param secretShare s_i
 * @throws {RangeError} if the nonces were used before, or do not match the signer's commitments in the package
 */
export function signShare(signing: SigningPackage, secretShare: Scalar, nonces: SigningNonces): Scalar {
  const { group } = signing.suite
  const { commitment, bindingFactor, shareWeight } = signerOf(signing, nonces.commitment.id)
  if (!equalBytes(commitment.encoded, nonces.commitment.encoded)) {
    throw new RangeError('the package commits this signer to other nonces')
  }
  return nonces.spend((hiding, binding) => {
    const bound = group.multiply(bindingFactor, binding)
    const nonce = group.add(hiding, bound)
    const signed = signing.negateNonces ? group.negate(nonce) : nonce
    const keyed = group.multiply(shareWeight, secretShare)
    try {
      return group.add(signed, keyed)
    } finally {
      wipe(bound, nonce, signed, keyed)
    }
  })
}

/** Whether the signature share z_i is correct (`verify_signature_share`, RFC 9591 §5.4). */
export function verifySignatureShare(signing: SigningPackage, id: PartyId, share: Scalar): boolean {
  const { suite, negateNonces } = signing
  const { group } = suite
  const { commitment, bindingFactor, shareWeight, verifyingShare } = signerOf(signing, id)
  // Checks z·G − λ·c·Y ∓ ρ·E = ±D, in variable time: signature shares are public.
  const left = group.linearCombinationVar(
    [group.generator, verifyingShare, commitment.binding],
    [share, group.negate(shareWeight), negateNonces ? bindingFactor : group.negate(bindingFactor)],
  )
  return group.equalPoints(left, negateNonces ? group.negatePoint(commitment.hiding) : commitment.hiding)
}
