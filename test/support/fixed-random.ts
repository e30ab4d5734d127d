import { sha256 } from '@noble/hashes/sha2.js'
import { utf8 } from '../../src/util/bytes.ts'
import type { RandomSource } from '../../src/util/random.ts'

/** The same bytes in every run: SHA-256 of the label, the number of the call and the block, for pinned vectors only. */
export function fixedRandom(label: string): RandomSource {
  let call = 0
  return (length) => {
    const out = new Uint8Array(length)
    call += 1
    for (let at = 0; at < length; at += 32) {
      out.set(sha256(utf8(`${label} ${call} ${at}`)).subarray(0, length - at), at)
    }
    return out
  }
}
