import { sha256 } from '@noble/hashes/sha2.js'
import { lengthOf, utf8 } from './bytes.ts'
import { type Label, tag, type TaggedProtocol, type TagSuite } from './tags.ts'

/** What is hashed: bytes, a list of byte strings, or a number below 2^32 as four big-endian bytes. */
export type Part = Uint8Array | readonly Uint8Array[] | number

/** Hashes under one label of one suite and protocol; see {@link taggedHash}. */
export type Hasher<P extends TaggedProtocol> = (label: Label<P>, ...parts: readonly Part[]) => Uint8Array

type Sha256 = ReturnType<typeof sha256.create>

const prefixes = new Map<string, Sha256>()

/** The state of the hash that is being computed. */
const working = sha256.create()

/** Wipes that state: a digest leaves itself in it, and the end of what was hashed. */
const blank = sha256.create().update(new Uint8Array(1))

/** What waits to be hashed: many short fields cost less in one piece. All zeros between hashes. */
const pending = new Uint8Array(1024)
let pendingLength = 0

/** SHA-256 after `SHA256(tag) ‖ SHA256(tag)`, which is one block: computed once for each tag. */
function startAfterTag(tagText: string): void {
  let state = prefixes.get(tagText)
  if (state === undefined) {
    const digest = sha256(utf8(tagText))
    state = sha256.create().update(digest).update(digest)
    prefixes.set(tagText, state)
  }
  state._cloneInto(working)
}

function hashPending(): void {
  if (pendingLength > 0) working.update(pending.subarray(0, pendingLength))
  pending.fill(0, 0, pendingLength)
  pendingLength = 0
}

function addNumber(value: number): void {
  if (value >>> 0 !== value) throw new RangeError(`a number that is hashed must be below 2^32, got ${value}`)
  if (pendingLength + 4 > pending.length) hashPending()
  pending[pendingLength++] = value >>> 24
  pending[pendingLength++] = value >>> 16
  pending[pendingLength++] = value >>> 8
  pending[pendingLength++] = value
}

function addField(bytes: Uint8Array): void {
  const length = lengthOf(bytes, 'what is hashed')
  addNumber(length)
  if (pendingLength + length > pending.length) hashPending()
  if (length > pending.length) {
    working.update(bytes)
    return
  }
  pending.set(bytes, pendingLength)
  pendingLength += length
}

function addPart(part: Part): void {
  if (typeof part === 'number') {
    addNumber(4)
    addNumber(part)
  } else if (Array.isArray(part)) {
    addNumber(part.length)
    for (const item of part as readonly Uint8Array[]) addField(item)
  } else {
    addField(part as Uint8Array)
  }
}

/**
 * `TH(tag, p1 .. pm) = SHA256(SHA256(tag) ‖ SHA256(tag) ‖ Σ u32be(len p) ‖ p)`, 32 bytes.
 *
 * The length prefixes make the parts' borders part of the input; a list is its count (u32) and its items, each with a
 * prefix. Whether a part is a list is fixed by its label and place, so no two inputs hash the same bytes.
 *
 * @throws {TypeError} for a part that is neither number, bytes nor a list of bytes
 * @throws {RangeError} for a number that is not an integer of 32 bits
 */
export function taggedHash(tagText: string, ...parts: readonly Part[]): Uint8Array {
  startAfterTag(tagText)
  try {
    try {
      for (const part of parts) addPart(part)
    } finally {
      hashPending()
    }
    return working.digest()
  } finally {
    blank._cloneInto(working)
  }
}

/** {@link taggedHash} for one suite and protocol. */
export function createHasher<P extends TaggedProtocol>(suite: TagSuite, protocol: P): Hasher<P> {
  return (label, ...parts) => taggedHash(tag(suite, protocol, label), ...parts)
}
