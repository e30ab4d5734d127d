import type { Scalar } from '../../src/curve/group.ts'
import type { Curve } from '../../src/types.ts'

/** Group orders: SEC 2 §2.4.1 and RFC 8032 §5.1. */
export const ORDER: Readonly<Record<Curve, bigint>> = {
  secp256k1: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  ed25519: 2n ** 252n + 27742317777372353535851937790883648493n,
}

/** The least non-negative residue. */
export function mod(value: bigint, modulus: bigint): bigint {
  return ((value % modulus) + modulus) % modulus
}

/** value^(q−2) mod q, for a prime q. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let result = 1n
  let base = mod(value, modulus)
  for (let exponent = modulus - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % modulus
    base = (base * base) % modulus
  }
  return result
}

/** A number as `length` bytes in the curve's byte order. */
export function numberToBytes(curve: Curve, value: bigint, length = 32): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
  return curve === 'secp256k1' ? bytes.reverse() : bytes
}

/** The number that bytes stand for in the curve's byte order. */
export function bytesToNumber(curve: Curve, bytes: Uint8Array): bigint {
  const ordered = curve === 'secp256k1' ? [...bytes] : [...bytes].reverse()
  return ordered.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

/** A scalar of any residue class, bypassing the backend under test. */
export function toScalar(curve: Curve, value: bigint): Scalar {
  return numberToBytes(curve, mod(value, ORDER[curve])) as Scalar
}
