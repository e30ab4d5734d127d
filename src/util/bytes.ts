/** Concatenates byte arrays into a new one. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}

/** Compares two byte arrays without an early exit. Only the time for different lengths differs. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}

/** Whether all bytes are the same, as in a secret that was wiped. The time depends on the length alone. */
export function allSame(bytes: Uint8Array): boolean {
  let [or, and] = [0, 255]
  for (let i = 0; i < bytes.length; i++) {
    or |= bytes[i] as number
    and &= bytes[i] as number
  }
  return or === and || bytes.length === 0
}

/**
 * Overwrites secrets with zeros, whatever their own `fill` does; skips those whose memory is gone. JavaScript cannot
 * guarantee that no other copy exists.
 */
export function wipe(...secrets: readonly (Uint8Array | undefined)[]): void {
  for (const secret of secrets) {
    if (secret !== undefined && lengthIn.call(secret) !== 0) Uint8Array.prototype.fill.call(secret, 0)
  }
}

/** The built-in getters of typed arrays. They work in every realm, and cannot be overridden by a subclass or a property. */
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object
const kindOf = /* @__PURE__ */ getter(typedArray, Symbol.toStringTag)
const lengthIn = /* @__PURE__ */ getter(typedArray, 'length')
const offsetIn = /* @__PURE__ */ getter(typedArray, 'byteOffset')
const bufferOf = /* @__PURE__ */ getter(typedArray, 'buffer')
/** In a runtime without resizable buffers, `byteLength` is used instead: it still throws for shared memory. */
const canResize = getter(ArrayBuffer.prototype, 'resizable' in ArrayBuffer.prototype ? 'resizable' : 'byteLength')

function getter(prototype: object, key: PropertyKey): (this: unknown) => unknown {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, key) as { get: (this: unknown) => unknown }
  return descriptor.get
}

/** Whether this is a `Uint8Array` of any realm (a frame, `node:vm`, Jest), including `Buffer` and other subclasses. */
export function isBytes(value: unknown): value is Uint8Array {
  return kindOf.call(value) === 'Uint8Array'
}

/**
 * The real length of bytes, even if a property named `length` hides it.
 *
 * @throws {TypeError} if it is not a `Uint8Array`, or if its buffer was transferred or has shrunk
 */
export function lengthOf(value: unknown, name: string): number {
  if (!isBytes(value)) throw new TypeError(`${name} must be a Uint8Array`)
  const length = lengthIn.call(value) as number
  // The length is also 0 if the buffer was transferred or has shrunk.
  if (length === 0 && isGone(value)) throw new TypeError(`${name} must be a Uint8Array whose memory is still there`)
  return length
}

/** Whether the memory of an array is gone: `indexOf` throws then. */
function isGone(value: Uint8Array): boolean {
  try {
    Uint8Array.prototype.indexOf.call(value, 0)
    return false
  } catch {
    return true
  }
}

/**
 * Asserts a `Uint8Array` of any realm, of an exact length or of any length.
 *
 * @param length in bytes; undefined for any length
 * @param name of the argument, for errors
 * @returns a plain `Uint8Array` of this realm on the same memory. If the memory is shared or resizable, it is a copy: the
 *   platform's functions refuse such memory, and it may change at any time.
 * @throws {TypeError} if it is not a `Uint8Array`, or if its buffer was transferred or has shrunk
 * @throws {RangeError} if its length is wrong
 */
export function abytes(value: unknown, length: number | undefined, name: string): Uint8Array {
  const actual = lengthOf(value, name)
  if (length !== undefined && actual !== length) throw new RangeError(`${name} must be ${length} bytes, got ${actual}`)
  const buffer = bufferOf.call(value) as ArrayBuffer
  const view = new Uint8Array(buffer, offsetIn.call(value) as number, actual)
  return isFixed(buffer) ? view : new Uint8Array(view)
}

function isFixed(buffer: ArrayBuffer): boolean {
  try {
    return canResize.call(buffer) !== true
  } catch {
    return false
  }
}

// Made at the first use: Hermes has no decoder, and had no encoder before React Native 0.74.
let encoder: TextEncoder | undefined
let decoder: TextDecoder | undefined

/** UTF-8 bytes of a string. */
export function utf8(text: string): Uint8Array {
  if (globalThis.TextEncoder === undefined) return encodeCodePoints(text)
  encoder ??= new TextEncoder()
  // In a realm without its own encoder (Jest), the result is from another realm.
  return abytes(encoder.encode(text), undefined, 'text')
}

function encodeCodePoints(text: string): Uint8Array {
  const bytes: number[] = []
  const tail = (point: number, shift: number) => 0x80 | ((point >> shift) & 63)
  for (const character of text) {
    const code = character.codePointAt(0)!
    // As an encoder does with half of a surrogate pair.
    const point = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code
    if (point < 0x80) bytes.push(point)
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), tail(point, 0))
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), tail(point, 6), tail(point, 0))
    else bytes.push(0xf0 | (point >> 18), tail(point, 12), tail(point, 6), tail(point, 0))
  }
  return Uint8Array.from(bytes)
}

/**
 * Decodes strict UTF-8. A byte order mark is kept.
 *
 * @throws {TypeError} if the bytes are not UTF-8
 */
export function fromUtf8(bytes: Uint8Array): string {
  if (globalThis.TextDecoder === undefined) return decodeEscapes(bytes)
  decoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return decoder.decode(bytes)
}

/** `decodeURIComponent` is as strict. */
function decodeEscapes(bytes: Uint8Array): string {
  const digit = (value: number) => value + 48 + (((9 - value) >> 31) & 39)
  let escaped = ''
  for (const byte of bytes) escaped += String.fromCharCode(37, digit(byte >> 4), digit(byte & 15))
  try {
    return decodeURIComponent(escaped)
  } catch {
    throw new TypeError('expected UTF-8')
  }
}

const HEX = /* @__PURE__ */ Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Encodes bytes as lower-case hex. For public values only: a table is indexed by the bytes. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

/**
 * Whether this is lower-case hex of whole bytes.
 *
 * @param length the number of bytes. Default: any number, 0 included
 */
export function isHex(value: unknown, length?: number): value is string {
  if (typeof value !== 'string' || (length !== undefined && value.length !== 2 * length)) return false
  return /^(?:[0-9a-f]{2})*$/.test(value)
}

/**
 * Decodes lower-case hex.
 *
 * @throws {TypeError} if `text` is not lower-case hex of whole bytes
 */
export function fromHex(text: string): Uint8Array {
  if (!isHex(text)) throw new TypeError('expected lower-case hex')
  const out = new Uint8Array(text.length / 2)
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return out
}

/** Encodes bytes as base64 with padding (RFC 4648 §4). No branch or index depends on the bytes. */
export function toBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(4 * Math.ceil(bytes.length / 3))
  for (let i = 0, at = 0; i < bytes.length; i += 3) {
    const second = i + 1 < bytes.length ? (bytes[i + 1] as number) : 0
    const third = i + 2 < bytes.length ? (bytes[i + 2] as number) : 0
    const group = ((bytes[i] as number) << 16) | (second << 8) | third
    for (let shift = 18; shift >= 0; shift -= 6) codes[at++] = codeOf((group >> shift) & 63)
  }
  codes.fill(0x3d, codes.length - ((3 - (bytes.length % 3)) % 3))
  let text = ''
  for (let i = 0; i < codes.length; i += 0x8000) text += String.fromCharCode(...codes.subarray(i, i + 0x8000))
  return text
}

/**
 * Decodes canonical base64 with padding (RFC 4648 §4). No branch or index depends on the bytes.
 *
 * @throws {TypeError} if `text` is not the canonical encoding of its bytes
 */
export function fromBase64(text: string): Uint8Array {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw new TypeError('expected padded base64')
  }
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let group = 0
  for (let i = 0, at = 0; i < text.length; at += 3) {
    for (const end = i + 4; i < end; i++) group = (group << 6) | valueOf(text.charCodeAt(i))
    // What is behind the end is not written.
    for (let j = 0; j < 3; j++) bytes[at + j] = group >> (16 - 8 * j)
  }
  if ((group & ((1 << (8 * padding)) - 1)) !== 0) throw new TypeError('expected canonical base64')
  return bytes
}

/** All bits set where `low <= value <= high`. All are below 2^31. */
const within = (low: number, value: number, high: number): number => ~((value - low) | (high - value)) >> 31

/** The character of six bits. */
function codeOf(value: number): number {
  // Each difference is negative, and its shifted bits are all set, once the value is past the end of a range.
  return (
    value +
    65 +
    (((25 - value) >> 31) & 6) -
    (((51 - value) >> 31) & 75) -
    (((61 - value) >> 31) & 15) +
    (((62 - value) >> 31) & 3)
  )
}

/** The six bits of a character; 0 for padding. */
function valueOf(code: number): number {
  return (
    (within(65, code, 90) & (code - 65)) |
    (within(97, code, 122) & (code - 71)) |
    (within(48, code, 57) & (code + 4)) |
    (within(43, code, 43) & 62) |
    (within(47, code, 47) & 63)
  )
}
