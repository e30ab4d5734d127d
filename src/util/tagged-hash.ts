import { sha256 } from '@noble/hashes/sha2.js'
import { utf8 } from './bytes.ts'
import { type Label, tag, type TaggedProtocol, type TagSuite } from './tags.ts'

/** What is hashed: bytes, a list of byte strings, or a number below 2^32 as four big-endian bytes. */
export type Part = Uint8Array | readonly Uint8Array[] | number

/** Hashes under one label of one suite and protocol; see {@link taggedHash}. */
export type Hasher<P extends TaggedProtocol> = (label: Label<P>, ...parts: readonly Part[]) => Uint8Array

type Sha256 = ReturnType<typeof sha256.create>

const prefixes = new Map<string, Sha256>()

/** SHA-256 after `SHA256(tag) ‖ SHA256(tag)`, which is one block: computed once for each tag. */
function prefixed(tagText: string): Sha256 {
  let state = prefixes.get(tagText)
  if (state === undefined) {
    const digest = sha256(utf8(tagText))
    state = sha256.create().update(digest).update(digest)
    prefixes.set(tagText, state)
  }
  return state.clone()
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/**
 * `TH(tag, p1 .. pm) = SHA256(SHA256(tag) ‖ SHA256(tag) ‖ Σ u32be(len p) ‖ p)`, 32 bytes.
 *
 * The length prefixes make the parts' borders part of the input; a list is its count (u32) and its items, each with a
 * prefix. Whether a part is a list is fixed by its label and place, so no two inputs hash the same bytes.
 */
export function taggedHash(tagText: string, ...parts: readonly Part[]): Uint8Array {
  const state = prefixed(tagText)
  const field = (bytes: Uint8Array): Sha256 => state.update(u32(bytes.length)).update(bytes)
  for (const part of parts) {
    if (typeof part === 'number') field(u32(part))
    else if (part instanceof Uint8Array) field(part)
    else {
      state.update(u32(part.length))
      for (const item of part) field(item)
    }
  }
  return state.digest()
}

/** {@link taggedHash} for one suite and protocol. */
export function createHasher<P extends TaggedProtocol>(suite: TagSuite, protocol: P): Hasher<P> {
  return (label, ...parts) => taggedHash(tag(suite, protocol, label), ...parts)
}
