import { finishSha256, sha256, startSha256, type Sha256Start } from '../../../symmetric/sha256.ts'
import { concatBytes, utf8 } from '../../../util/bytes.ts'
import { type Label, tag } from '../../transcript/tags.ts'

/** The labels of the batch hashes, in the order of assembly/ot/labels.ts, and the protocol of each. */
const BATCH_TAGS = {
  'ote-prg': 'ecdsa',
  'ote-u': 'ecdsa',
  'ote-chi': 'ecdsa',
  'ote-t': 'ecdsa',
  'ote-x': 'ecdsa',
  'vole-context': 'ecdsa',
  'ote-pad': 'ecdsa',
  'vole-matrix': 'ecdsa',
  'vole-chi': 'ecdsa',
  'vole-check': 'ecdsa',
  'vole-message': 'ecdsa',
  gadget: 'ecdsa',
  'ot-offer': 'ecdsa-setup',
  'ot-context': 'ecdsa-setup',
  'ot-key': 'ecdsa-setup',
  'ot-reversed-key': 'ecdsa-setup',
} as const satisfies Partial<Record<Label<'ecdsa'> | Label<'ecdsa-setup'>, 'ecdsa' | 'ecdsa-setup'>>

export type BatchLabel = keyof typeof BATCH_TAGS

function hashTag(label: BatchLabel): Uint8Array {
  return sha256(utf8(tag('secp256k1', BATCH_TAGS[label], label)))
}

let digests: Uint8Array | undefined

/** The SHA-256 digests of all tags, concatenated, as the WebAssembly module expects them. */
export function batchTagDigests(): Uint8Array {
  digests ??= concatBytes(...(Object.keys(BATCH_TAGS) as BatchLabel[]).map(hashTag))
  return digests
}

/**
 * Hashes items as `TH(label, context ‖ 0^24, item)`.
 *
 * The lengths and the padded context fill one block exactly. So that part, which is public, is hashed once for all items of
 * a length, and an item of up to 55 bytes takes one block.
 *
 * @param context 32 bytes
 */
export function batchHasher(label: BatchLabel, context: Uint8Array): (item: Uint8Array) => Uint8Array {
  const padded = new Uint8Array(56)
  padded.set(context)
  const tagDigest = hashTag(label)
  const starts = new Map<number, Sha256Start>()
  return (item) => {
    const { length } = item
    let start = starts.get(length)
    if (start === undefined) {
      start = startSha256(concatBytes(tagDigest, tagDigest, u32(padded.length), padded, u32(length)))
      starts.set(length, start)
    }
    return finishSha256(start, item)
  }
}

/**
 * Hashes long data as a tree of two levels: H(Q_0 ‖ Q_1 ‖ Q_2 ‖ Q_3) with Q_l = H(quarter l ‖ u32 l). Four SIMD lanes can
 * each hash one quarter.
 *
 * @param data its length must be a multiple of 4
 */
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
