import { brand, hasBrand } from './brand.ts'
import { abytes, lengthOf, wipe } from './bytes.ts'

/** Bytes from outside are not a valid encoding. Callers convert it to an error code of their layer. */
export class CodecError extends Error {
  override readonly name = 'CodecError'
}

brand(CodecError, 'CodecError')

/** Whether this is a {@link CodecError}, of any copy of this package. */
export function isCodecError(error: unknown): error is CodecError {
  return hasBrand(error, 'CodecError')
}

/** Writes fields, big-endian and concatenated. A value that does not fit throws a `RangeError`. */
export class Writer {
  #buffer = new Uint8Array(256)
  #length = 0

  #reserve(count: number): number {
    const start = this.#length
    this.#length += count
    if (this.#length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(this.#length, 2 * this.#buffer.length))
      grown.set(this.#buffer.subarray(0, start))
      this.#buffer.fill(0)
      this.#buffer = grown
    }
    return start
  }

  u8(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 0xff) throw new RangeError(`u8 out of range: ${value}`)
    // Before the buffer is used: #reserve may replace it.
    const at = this.#reserve(1)
    this.#buffer[at] = value
    return this
  }

  u16(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff) throw new RangeError(`u16 out of range: ${value}`)
    return this.u8(value >>> 8).u8(value & 0xff)
  }

  u32(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new RangeError(`u32 out of range: ${value}`)
    const at = this.#reserve(4)
    for (let i = 0; i < 4; i++) this.#buffer[at + i] = (value >>> (24 - 8 * i)) & 0xff
    return this
  }

  u64(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`u64 out of range: ${value}`)
    return this.u32(Math.floor(value / 2 ** 32)).u32(value % 2 ** 32)
  }

  /** Writes bytes without their length, which the reader must know. */
  bytes(value: Uint8Array): this {
    const at = this.#reserve(lengthOf(value, 'what is encoded'))
    this.#buffer.set(value, at)
    return this
  }

  /** Writes the length (u32) and the bytes. */
  prefixed(value: Uint8Array): this {
    return this.u32(lengthOf(value, 'what is encoded')).bytes(value)
  }

  /** Returns a copy of what was written, and wipes the buffer. */
  finish(): Uint8Array {
    const out = this.#buffer.slice(0, this.#length)
    this.#buffer.fill(0)
    this.#length = 0
    return out
  }
}

/** Reads what {@link Writer} wrote. Throws a {@link CodecError} if bytes are missing or left over. */
export class Reader {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = abytes(bytes, undefined, 'what is decoded')
  }

  /** How many bytes are not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  u8(): number {
    return this.#bytes[this.#advance(1)] as number
  }

  u16(): number {
    return (this.u8() << 8) | this.u8()
  }

  u32(): number {
    return ((this.u16() << 16) | this.u16()) >>> 0
  }

  /** @throws {CodecError} if it is above 2^53 − 1 */
  u64(): number {
    const value = this.u32() * 2 ** 32 + this.u32()
    if (!Number.isSafeInteger(value)) throw new CodecError('a number is too large')
    return value
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length)
    return this.#bytes.slice(at, at + length)
  }

  /** A copy of bytes with a length (u32) before them. @throws {CodecError} if they are more than `maximum` */
  prefixed(maximum: number): Uint8Array {
    const length = this.u32()
    if (length > maximum) throw new CodecError(`field of ${length} bytes exceeds ${maximum}`)
    return this.bytes(length)
  }

  /** Asserts that all bytes were read. */
  end(): void {
    if (this.remaining !== 0) throw new CodecError(`${this.remaining} trailing bytes`)
  }

  /** Skips bytes, and returns the offset of the first. */
  #advance(length: number): number {
    if (length > this.remaining) throw new CodecError(`expected ${length} bytes, ${this.remaining} left`)
    const at = this.#offset
    this.#offset += length
    return at
  }
}

/** Reads what has secrets: of bytes that are spoilt, any field may be part of one. */
export class SecretReader extends Reader {
  readonly #copies: Uint8Array[] = []

  override bytes(length: number): Uint8Array {
    const copy = super.bytes(length)
    this.#copies.push(copy)
    return copy
  }

  /** Wipes every copy that it gave. */
  wipe(): void {
    wipe(...this.#copies)
  }
}
