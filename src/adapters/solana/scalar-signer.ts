import type { Scalar } from '../../curve/group.ts'
import { getGroup } from '../../curve/index.ts'
import { abytes, wipe } from '../../util/bytes.ts'
import { isCodecError } from '../../util/codec.ts'
import { prefixOf, signExpanded } from './scalar-signature.ts'
import { createSolanaSigner, type SolanaSigner } from './signer.ts'

/** A signer of `@solana/kit` whose whole key is on this device. */
export type ScalarSigner = SolanaSigner & {
  /** Wipes the signer's copy of the key. It signs nothing more. */
  dispose(): void
}

/**
 * Creates a signer of `@solana/kit` with an exported ed25519 scalar, which no wallet imports. It needs neither client nor
 * server.
 *
 * A scalar has no seed, so the nonce is that of RFC 8032 with a prefix derived from the scalar: signatures are
 * deterministic, and verify like any other. Messages and transactions are refused as by {@link solanaSigner}.
 *
 * @param scalar 32 bytes little-endian, 1 ≤ scalar < q, as `exportPrivateKey` returns it. It is copied; the caller wipes it
 * @throws {TypeError | RangeError} if it is not 32 bytes, zero, or not below the order
 *
 * @example
 * const signer = await scalarSigner(privateKey)
 * const [signatures] = await signer.signMessages([createSignableMessage('hello')])
 * signer.dispose()
 */
export async function scalarSigner(scalar: Uint8Array): Promise<ScalarSigner> {
  const group = getGroup('ed25519')
  const own = decodeScalar(scalar)
  const publicKey = group.encodePoint(group.multiplyBase(own))
  const key = { scalar: own, prefix: prefixOf(own), publicKey }
  let isDisposed = false
  const signer = await createSolanaSigner({
    getPublicKey: async () => publicKey,
    signEd25519: async ({ message, signal }) => {
      signal?.throwIfAborted()
      if (isDisposed) throw new TypeError('the signer was disposed of')
      return signExpanded(group, key, message)
    },
  })
  const dispose = () => {
    isDisposed = true
    wipe(key.scalar, key.prefix)
  }
  return Object.freeze({ ...signer, dispose })
}

function decodeScalar(scalar: Uint8Array): Scalar {
  try {
    return getGroup('ed25519').decodeScalar(abytes(scalar, 32, 'scalar'))
  } catch (error) {
    if (!isCodecError(error)) throw error
    throw new RangeError('scalar must be at least 1 and below the order of ed25519')
  }
}
