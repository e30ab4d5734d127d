import type { Group, Scalar } from '../../curve/group.ts'
import { wipe } from '../../util/bytes.ts'
import type { Part } from '../../util/tagged-hash.ts'

export { createHasher, type Hasher, type Part } from '../../util/tagged-hash.ts'

/**
 * A scalar from a hash: `seed` is expanded to two blocks under the label `expand`, cut to 48 (secp256k1) or 64 (ed25519)
 * bytes and reduced. Its statistical distance from uniform is below 2^-128.
 *
 * @param seed 32 bytes
 */
export function scalarFromHash(
  group: Group,
  hash: (label: 'expand', ...parts: readonly Part[]) => Uint8Array,
  seed: Uint8Array,
): Scalar {
  const wide = new Uint8Array(64)
  wide.set(hash('expand', seed, 0))
  wide.set(hash('expand', seed, 1), 32)
  const scalar = group.reduce(wide.subarray(0, group.wideLength))
  wipe(wide)
  return scalar
}
