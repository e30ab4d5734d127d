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

/** Compares two byte arrays without an early exit; only the lengths are public. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}

/** Overwrites secrets with zeros. JavaScript cannot promise that no other copy exists. */
export function wipe(...secrets: readonly (Uint8Array | undefined)[]): void {
  for (const secret of secrets) secret?.fill(0)
}

/** What every typed array of every realm answers about itself, whatever a subclass or a property of its own says. */
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object
const kindOf = getter(typedArray, Symbol.toStringTag)
const lengthIn = getter(typedArray, 'length')
const offsetIn = getter(typedArray, 'byteOffset')
const bufferOf = getter(typedArray, 'buffer')
/** Where a runtime has no resizable buffers, this still throws for shared memory. */
const canResize = getter(ArrayBuffer.prototype, 'resizable' in ArrayBuffer.prototype ? 'resizable' : 'byteLength')

function getter(prototype: object, key: PropertyKey): (this: unknown) => unknown {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, key) as { get: (this: unknown) => unknown }
  return descriptor.get
}

/** Whether this is a `Uint8Array`: of this realm or another (a frame, `node:vm`, Jest), a `Buffer` or another subclass. */
export function isBytes(value: unknown): value is Uint8Array {
  return kindOf.call(value) === 'Uint8Array'
}

/**
 * The length of bytes, whatever a property of that name says.
 *
 * @throws {TypeError} if it is not a `Uint8Array`, or one whose memory is gone
 */
export function lengthOf(value: unknown, name: string): number {
  if (!isBytes(value)) throw new TypeError(`${name} must be a Uint8Array`)
  const length = lengthIn.call(value) as number
  // An array whose buffer was transferred or has shrunk says 0.
  if (length === 0 && isGone(value)) throw new TypeError(`${name} must be a Uint8Array whose memory is still there`)
  return length
}

/** `indexOf` is one of the methods that refuse such an array. */
function isGone(value: Uint8Array): boolean {
  try {
    Uint8Array.prototype.indexOf.call(value, 0)
    return false
  } catch {
    return true
  }
}

/**
 * Asserts a `Uint8Array` of an exact length (or of any length where none is given), of any realm.
 *
 * @returns a plain `Uint8Array` of this realm on the same memory; on a copy of it if the memory is shared or can be
 *   resized, which the platform's functions refuse and which may change at any time
 * @throws {TypeError} if it is not a `Uint8Array`, or one whose memory is gone
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

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8 bytes of a string. */
export function utf8(text: string): Uint8Array {
  // In a realm that has no encoder of its own (Jest) it makes bytes of another one.
  return abytes(encoder.encode(text), undefined, 'text')
}

/**
 * The string of strict UTF-8 bytes.
 *
 * @throws {TypeError} if the bytes are not UTF-8
 */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Lower-case hex. For public values: table look-ups are indexed by the bytes. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

/**
 * Whether it is lower-case hex of whole bytes.
 *
 * @param length the number of bytes. Default: any number, 0 included
 */
export function isHex(value: unknown, length?: number): value is string {
  if (typeof value !== 'string' || (length !== undefined && value.length !== 2 * length)) return false
  return /^(?:[0-9a-f]{2})*$/.test(value)
}

/**
 * Bytes of lower-case hex.
 *
 * @throws {TypeError} if `text` is not lower-case hex of whole bytes
 */
export function fromHex(text: string): Uint8Array {
  if (!isHex(text)) throw new TypeError('expected lower-case hex')
  const out = new Uint8Array(text.length / 2)
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return out
}

/** Base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(binary)
}

/**
 * Bytes of canonical padded base64 (RFC 4648 §4).
 *
 * @throws {TypeError} if `text` is not the one canonical encoding of its bytes
 */
export function fromBase64(text: string): Uint8Array {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw new TypeError('expected padded base64')
  }
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  if (toBase64(bytes) !== text) throw new TypeError('expected canonical base64')
  return bytes
}
