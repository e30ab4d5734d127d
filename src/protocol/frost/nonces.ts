import type { Point, Scalar } from '../../curve/group.ts'
import type { PartyId } from '../../types.ts'
import { concatBytes, wipe } from '../../util/bytes.ts'
import type { RandomSource } from '../../util/random.ts'
import type { NonceCommitment } from './commitment.ts'
import type { FrostSuite } from './suites.ts'

/**
 * A signer's two secret nonces, for exactly one signature share.
 *
 * Two signature shares from the same nonces reveal the signer's secret share. So the nonces count as used before the
 * share is computed, even if that fails.
 */
export class SigningNonces {
  readonly commitment: NonceCommitment
  #secrets: { readonly hiding: Scalar; readonly binding: Scalar } | undefined

  constructor(hiding: Scalar, binding: Scalar, commitment: NonceCommitment) {
    this.#secrets = { hiding, binding }
    this.commitment = commitment
  }

  /**
   * Passes the nonces to `use`, once, and wipes them when it returns or throws.
   *
   * @throws {RangeError} if they were used before
   */
  spend<T>(use: (hiding: Scalar, binding: Scalar) => T): T {
    const secrets = this.#secrets
    if (secrets === undefined) throw new RangeError('these signing nonces have been used')
    this.#secrets = undefined
    try {
      return use(secrets.hiding, secrets.binding)
    } finally {
      wipe(secrets.hiding, secrets.binding)
    }
  }

  /** Wipes the nonces without using them. Idempotent. */
  dispose(): void {
    if (this.#secrets !== undefined) this.spend(() => undefined)
  }
}

/**
 * Round one of RFC 9591 (§5.1): draws two nonces and commits to them.
 *
 * A nonce is H3(32 random bytes ‖ secret share). Neither a weak random source alone nor the share alone reveals it (RFC
 * 9591 §4.1).
 */
export function commit(suite: FrostSuite, id: PartyId, secretShare: Scalar, random: RandomSource): SigningNonces {
  return noncesOf(suite, id, generateNonce(suite, secretShare, random), generateNonce(suite, secretShare, random))
}

/** Wraps two existing nonces and commits to them. The nonces are not copied: they are wiped when they are used. */
export function noncesOf(suite: FrostSuite, id: PartyId, hiding: Scalar, binding: Scalar): SigningNonces {
  const { group } = suite
  const [D, E] = group.multiplyBaseBatch([hiding, binding]) as [Point, Point]
  const encoded = concatBytes(...group.encodePoints([D, E]))
  return new SigningNonces(hiding, binding, { id, hiding: D, binding: E, encoded })
}

/** `nonce_generate` of RFC 9591 §4.1. */
function generateNonce(suite: FrostSuite, secretShare: Scalar, random: RandomSource): Scalar {
  const entropy = random(32)
  const input = concatBytes(entropy, secretShare)
  try {
    return suite.nonce(input)
  } finally {
    wipe(entropy, input)
  }
}
