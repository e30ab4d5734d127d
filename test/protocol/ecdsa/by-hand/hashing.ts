import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'

// Hashes, numbers and draws as docs/protocol.md and docs/ecdsa.md write them down. Nothing of src is used in this folder: it
// is a second signer, and shows that those pages are enough to write one.

export { bytesToHex as hex, concatBytes as concat, hexToBytes as unhex }

export const N = secp256k1.Point.Fn.ORDER
export const EMPTY = new Uint8Array(0)

export type Part = Uint8Array | number | readonly Uint8Array[]

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

function encodePart(part: Part): Uint8Array {
  if (typeof part === 'number') return concatBytes(u32(4), u32(part))
  if (part instanceof Uint8Array) return concatBytes(u32(part.length), part)
  return concatBytes(u32(part.length), ...part.flatMap((item) => [u32(item.length), item]))
}

/** TH(tag, parts …) */
export function taggedHash(tag: string, ...parts: readonly Part[]): Uint8Array {
  const prefix = sha256(utf8ToBytes(tag))
  return sha256(concatBytes(prefix, prefix, ...parts.map(encodePart)))
}

type Hash = (label: string, ...parts: readonly Part[]) => Uint8Array

export const setupHash: Hash = (label, ...parts) => taggedHash(`reshare/v1/secp256k1/ecdsa-setup/${label}`, ...parts)
export const signHash: Hash = (label, ...parts) => taggedHash(`reshare/v1/secp256k1/ecdsa/${label}`, ...parts)

/** TH(label, context ‖ 0^24, item) */
export function short(hash: Hash, label: string, context: Uint8Array, item: Uint8Array): Uint8Array {
  return hash(label, concatBytes(context, new Uint8Array(24)), item)
}

/** H(Q_0 ‖ … ‖ Q_3) of Q_l = H(quarter l ‖ l) */
export function tree(hash: Hash, label: string, context: Uint8Array, data: Uint8Array): Uint8Array {
  const length = data.length / 4
  const leaves = [0, 1, 2, 3].map((l) =>
    short(hash, label, context, concatBytes(data.subarray(l * length, (l + 1) * length), u32(l))),
  )
  return short(hash, label, context, concatBytes(...leaves))
}

export function modulo(value: bigint, modulus = N): bigint {
  return ((value % modulus) + modulus) % modulus
}

export function toNumber(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`)
}

/** A number modulo n as 32 bytes. */
export function scalarBytes(value: bigint): Uint8Array {
  return hexToBytes(modulo(value).toString(16).padStart(64, '0'))
}

/** Bit p is bit p mod 8 of byte ⌊p/8⌋. */
export function bit(bits: Uint8Array, p: number): number {
  return ((bits[p >> 3] as number) >> (p & 7)) & 1
}

export function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] as number))
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

/** A piece of bytes that hold many of one length. */
export function item(bytes: Uint8Array, index: number, length: number): Uint8Array {
  return bytes.subarray(index * length, (index + 1) * length)
}

/** Raw randomness of one party in the order in which it is drawn; says what each piece was for. */
export class Tape {
  readonly drawn: { for: string; bytes: string }[] = []
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The next 32 bytes. */
  take(purpose: string): Uint8Array {
    const bytes = this.#bytes.subarray(this.#at, this.#at + 32)
    if (bytes.length < 32) throw new RangeError(`no randomness is left for ${purpose}`)
    this.#at += 32
    const last = this.drawn.at(-1)
    if (last?.for === purpose) last.bytes += bytesToHex(bytes)
    else this.drawn.push({ for: purpose, bytes: bytesToHex(bytes) })
    return bytes
  }

  /** Whether all of it was drawn. */
  get isEmpty(): boolean {
    return this.#at === this.#bytes.length
  }
}

/** What a party of docs/protocol.md, Randomness, draws for one use. */
export class Draws {
  readonly #tape: Tape
  readonly #use: string
  readonly #parts: readonly Part[]
  #count = 0

  constructor(tape: Tape, use: string, ...secretAndAbout: readonly Part[]) {
    this.#tape = tape
    this.#use = use
    this.#parts = secretAndAbout
  }

  bytes(purpose: string, length: number): Uint8Array {
    const [secret, ...about] = this.#parts
    const raw = this.#tape.take(purpose)
    const key = taggedHash(`reshare/v1/wallet/hedge/${this.#use}`, raw, secret as Part, this.#count++, ...about)
    const blocks = range(Math.ceil(length / 32)).map((n) => taggedHash('reshare/v1/wallet/hedge/stream', key, n))
    return concatBytes(...blocks).slice(0, length)
  }

  scalar(purpose: string): bigint {
    return modulo(toNumber(this.bytes(purpose, 48)))
  }
}
