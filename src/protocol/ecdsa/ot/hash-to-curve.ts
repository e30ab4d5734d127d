import { secp256k1_hasher } from '@noble/curves/secp256k1.js'

import type { Group, Point } from '../../../curve/group.ts'
import { utf8 } from '../../../util/bytes.ts'
import { hashToCurve } from '../../../wasm/ot.ts'

/**
 * Hashes messages of equal length to points of unknown discrete logarithm: secp256k1_XMD:SHA-256_SSWU_RO_, RFC 9380 §8.7.
 */
export type HashToCurve = (messages: readonly Uint8Array[], domain: string) => Point[]

/** The hash on the portable backend. It is only as constant-time as JavaScript big integers are. */
export function portableHashToCurve(group: Group): HashToCurve {
  return (messages, DST) =>
    messages.map((message) => group.decodePoint(secp256k1_hasher.hashToCurve(message, { DST }).toBytes(true)))
}

/** The hash on the WebAssembly backend, in constant time. */
export const wasmHashToCurve: HashToCurve = (messages, domain) =>
  // The group of this backend represents its points as the module does.
  hashToCurve(messages, utf8(domain)) as unknown as Point[]
