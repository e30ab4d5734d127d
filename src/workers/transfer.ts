import { abytes, isBytes } from '../util/bytes.ts'

const NOT_DATA = 'a job is made of plain objects, lists and bytes'

/** All byte arrays in a structure of plain objects and lists. */
export function bytesIn(value: unknown): Uint8Array<ArrayBuffer>[] {
  if (isBytes(value)) return [value as Uint8Array<ArrayBuffer>]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(bytesIn)
}

/**
 * The buffers of a structure that are transferred to another thread instead of being copied.
 *
 * Every byte array must be the only one on its buffer, like those that {@link copyOf} and the codecs make.
 */
export function buffersIn(value: unknown): ArrayBuffer[] {
  return [...new Set(bytesIn(value).map(({ buffer }) => buffer))]
}

/**
 * A copy of a structure of plain objects, lists and byte arrays that shares no memory with it.
 *
 * @throws {TypeError} for a structure with anything else in it
 */
export function copyOf<T>(value: T): T {
  return copy(value) as T
}

function copy(value: unknown): unknown {
  if (isBytes(value)) return new Uint8Array(abytes(value, undefined, 'bytes'))
  if (Array.isArray(value)) return value.map(copy)
  if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(NOT_DATA)
  if (typeof value !== 'object' || value === null) return value
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError(NOT_DATA)
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copy(part)]))
}
