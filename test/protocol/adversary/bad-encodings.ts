import type { Group } from '../../../src/curve/group.ts'
import { fromHex } from '../../../src/util/bytes.ts'

/** Encodings that are 32 or 33 bytes and no points of the prime-order subgroup, with the identity among them. */
export const BAD_POINTS: Record<Group['curve'], readonly (readonly [string, string])[]> = {
  secp256k1: [
    ['the identity', '00'.repeat(33)],
    ['another prefix', `04${'11'.repeat(32)}`],
    ['x ≥ p', `02${'ff'.repeat(32)}`],
    ['x without a y', `02${'00'.repeat(31)}05`],
  ],
  ed25519: [
    // The eight torsion points, RFC 8032 encodings (Chalkias, Garillot, Nikolaenko, Taming the many EdDSAs, table 1).
    ['the identity', `01${'00'.repeat(31)}`],
    ['order 2', `ec${'ff'.repeat(30)}7f`],
    ['order 4', '00'.repeat(32)],
    ['order 4, other sign', `${'00'.repeat(31)}80`],
    ['order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['order 8, other sign', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'],
    ['order 8, other y', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['order 8, other y and sign', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
    ['y ≥ p', `ed${'ff'.repeat(30)}7f`],
    ['y without an x', `02${'00'.repeat(31)}`],
  ],
}

const ORDERS: Record<Group['curve'], string> = {
  secp256k1: 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141',
  ed25519: 'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010',
}

/** The order of the group added to a scalar, where that fits 32 bytes, else the order itself: not canonical. */
export function addOrder(group: Group, scalar: Uint8Array): Uint8Array {
  const order = fromHex(ORDERS[group.curve])
  if (group.curve === 'secp256k1') return order
  let carry = 0
  return scalar.map((byte, i) => {
    carry = (carry >> 8) + byte + (order[i] as number)
    return carry & 0xff
  })
}
