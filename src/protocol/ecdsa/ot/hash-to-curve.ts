import type { Point } from '../../../curve/group.ts'
import { hashToSecp256k1 } from '../../../curve/portable/hash-to-curve.ts'
import { utf8 } from '../../../util/bytes.ts'
import { hashToCurve } from '../../../wasm/ot.ts'

/**
 * Hashes messages of equal length to points of unknown discrete logarithm: secp256k1_XMD:SHA-256_SSWU_RO_, RFC 9380 §8.7.
 */
export type HashToCurve = (messages: readonly Uint8Array[], domain: string) => Point[]

/** The hash on the portable backend. It is only as constant-time as JavaScript big integers are. */
export const portableHashToCurve: HashToCurve = (messages, domain) => {
  const encoded = utf8(domain)
  // The portable group represents its points as this function does.
  return messages.map((message) => hashToSecp256k1(message, encoded) as unknown as Point)
}

/** The hash on the WebAssembly backend, in constant time. */
export const wasmHashToCurve: HashToCurve = (messages, domain) =>
  // The group of this backend represents its points as the module does.
  hashToCurve(messages, utf8(domain)) as unknown as Point[]
