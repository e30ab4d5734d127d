import { ed25519 } from '@noble/curves/ed25519.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes } from '../../src/util/bytes.ts'

const { Point } = ed25519
const { ORDER } = Point.Fn

/** An extended private key of BIP32-Ed25519. Each part has 32 bytes, and numbers are little-endian. */
export interface ExtendedKey {
  readonly kL: Uint8Array
  readonly kR: Uint8Array
  readonly chainCode: Uint8Array
}

/** A, 32 bytes */
export function publicKeyOf({ kL }: ExtendedKey): Uint8Array {
  return Point.BASE.multiply(littleEndian(kL) % ORDER).toBytes()
}

/** The private key as a scalar below the order, 32 bytes little-endian. */
export function scalarOf({ kL }: ExtendedKey): Uint8Array {
  return Point.Fn.toBytes(littleEndian(kL) % ORDER)
}

/**
 * The child of a private key as the paper has it, on noble alone; hardened for an index from 2^31 on. kL is
 * an integer there and is reduced only for its public key. It must have room to grow: a clamped one has.
 */
export function childOf(parent: ExtendedKey, index: number): ExtendedKey {
  const { kL, kR, chainCode } = parent
  const isHardened = index >= 2 ** 31
  const encodedIndex = Uint8Array.from([0, 8, 16, 24], (shift) => (index >>> shift) & 255)
  const tagged = isHardened ? [Uint8Array.of(0), kL, kR] : [Uint8Array.of(2), publicKeyOf(parent)]
  const digest = (tag: number) => {
    const [first, ...rest] = tagged as [Uint8Array, ...Uint8Array[]]
    return hmac(sha512, chainCode, concatBytes(Uint8Array.of(first[0]! + tag), ...rest, encodedIndex))
  }
  const z = digest(0)
  return {
    kL: bytesOf(littleEndian(kL) + 8n * littleEndian(z.slice(0, 28))),
    kR: bytesOf(littleEndian(kR) + littleEndian(z.slice(32))),
    chainCode: digest(1).slice(32),
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

/** Modulo 2^256. */
function bytesOf(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n))
}
