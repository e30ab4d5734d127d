import { sha256 } from '@noble/hashes/sha2.js'
import { lengthOf, utf8 } from './bytes.ts'
import { type Label, tag, type TaggedProtocol, type TagSuite } from './tags.ts'

/** A part of a hash's input: bytes, a list of byte strings, or a number below 2^32 as four big-endian bytes. */
export type Part = Uint8Array | readonly Uint8Array[] | number

/** {@link taggedHash} with a label of one suite and protocol. 32 bytes. */
export type Hasher<P extends TaggedProtocol> = (label: Label<P>, ...parts: readonly Part[]) => Uint8Array

type Sha256 = ReturnType<typeof sha256.create>

const prefixes = new Map<string, Sha256>()

/** The state of the current hash. */
const working = sha256.create()

/** Copied over that state to wipe it: after a hash, it has the digest and the end of the input. */
const blank = sha256.create().update(new Uint8Array(1))

/** Input that is not hashed yet: hashing many short fields at once takes less time. All zeros between hashes. */
const pending = new Uint8Array(1024)
let pendingLength = 0

/** Starts with the state after `SHA256(tag) ‖ SHA256(tag)`, which is one block. It is computed once for each tag. */
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
 * The tagged hash `TH(tag, p1 .. pm) = SHA256(SHA256(tag) ‖ SHA256(tag) ‖ Σ u32be(len p) ‖ p)`, 32 bytes.
 *
 * The length prefixes encode where a part ends. A list is its count (u32), followed by its items with their prefixes.
 * Whether a part is a list is fixed by its label and position. So different inputs never hash the same bytes.
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
