import { sha256 } from '@noble/hashes/sha2.js'

import { concatBytes, utf8 } from '../../util/bytes.ts'
import { type Label, tag } from '../tags.ts'
import { taggedHash } from '../transcript.ts'

/** What the batches hash under, in the order of assembly/ot/labels.ts. */
const BATCH_LABELS = [
  'gadget',
  'ote-prg',
  'ote-u',
  'ote-chi',
  'ote-pad',
  'vole-payload',
  'theta',
  'mu',
] as const satisfies readonly Label<'ecdsa'>[]

export type BatchLabel = (typeof BATCH_LABELS)[number]

/** The SHA-256 digests of the tags, for the WebAssembly backend. */
export function batchTagDigests(): Uint8Array {
  return concatBytes(...BATCH_LABELS.map((label) => sha256(utf8(tag('secp256k1', 'ecdsa', label)))))
}

/**
 * Hashes items as `TH(label, context ‖ 0^24, item)`: the lengths and a context of 32 bytes fill up a block, so that what
 * is public is hashed once for a whole batch and an item of up to 55 bytes costs one block.
 */
export function batchHasher(label: BatchLabel, context: Uint8Array): (item: Uint8Array) => Uint8Array {
  const padded = new Uint8Array(56)
  padded.set(context)
  const tagText = tag('secp256k1', 'ecdsa', label)
  return (item) => taggedHash(tagText, padded, item)
}

/** A tree of two levels, so that four lanes can share long data: H(Q_0 ‖ .. ‖ Q_3), Q_l = H(quarter l ‖ u32 l). */
export function hashQuarters(label: BatchLabel, context: Uint8Array, data: Uint8Array): Uint8Array {
  const hash = batchHasher(label, context)
  const length = data.length / 4
  const quarters = [0, 1, 2, 3].map((l) => hash(concatBytes(data.subarray(l * length, (l + 1) * length), u32(l))))
  return hash(concatBytes(...quarters))
}

/** A number below 2^32 as four big-endian bytes. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}
