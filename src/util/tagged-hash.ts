import { continueSha256, finishSha256, sha256, startSha256, type Sha256Start } from '../symmetric/sha256.ts'
import { concatBytes, lengthOf, utf8 } from './bytes.ts'
import { type Label, tag, type TaggedProtocol, type TagSuite } from './tags.ts'

/** A part of a hash's input: bytes, a list of byte strings, or a number below 2^32 as four big-endian bytes. */
export type Part = Uint8Array | readonly Uint8Array[] | number

/** {@link taggedHash} with a label of one suite and protocol. 32 bytes. */
export type Hasher<P extends TaggedProtocol> = (label: Label<P>, ...parts: readonly Part[]) => Uint8Array

/** The states after `SHA256(tag) ‖ SHA256(tag)`, which is one block. Each is computed once. */
const prefixes = new Map<string, Sha256Start>()

/** The current hash. All zeros between hashes. */
const working: Sha256Start = { state: /* @__PURE__ */ new Int32Array(8), bytes: 0 }

/** Input that is not hashed yet: hashing many short fields at once takes less time. All zeros between hashes. */
const pending = /* @__PURE__ */ new Uint8Array(1024)
let pendingLength = 0

function startAfterTag(tagText: string): void {
  let start = prefixes.get(tagText)
  if (start === undefined) {
    const digest = sha256(utf8(tagText))
    start = startSha256(concatBytes(digest, digest))
    prefixes.set(tagText, start)
  }
  working.state.set(start.state)
  working.bytes = start.bytes
}

/** Hashes whole blocks, so that there is room for a number. */
function hashPending(): void {
  const rest = pendingLength % 64
  continueSha256(working, pending.subarray(0, pendingLength - rest))
  pending.copyWithin(0, pendingLength - rest, pendingLength)
  pendingLength = rest
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
  if (length < pending.length - pendingLength) {
    pending.set(bytes, pendingLength)
    pendingLength += length
    return
  }
  for (let at = 0; at < length;) {
    const count = Math.min(length - at, pending.length - pendingLength)
    pending.set(bytes.subarray(at, at + count), pendingLength)
    pendingLength += count
    at += count
    if (pendingLength === pending.length) hashPending()
  }
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
  // Again, in case a hash was cut short.
  pendingLength = 0
  startAfterTag(tagText)
  try {
    for (const part of parts) addPart(part)
    return finishSha256(working, pending, pendingLength)
  } finally {
    pending.fill(0)
    pendingLength = 0
    working.state.fill(0)
  }
}

/** {@link taggedHash} for one suite and protocol. */
export function createHasher<P extends TaggedProtocol>(suite: TagSuite, protocol: P): Hasher<P> {
  return (label, ...parts) => taggedHash(tag(suite, protocol, label), ...parts)
}
