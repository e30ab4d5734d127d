import { ALPHABET, COMMON, TEXT, UNPACK } from './generated.ts'

/** How many characters of the alphabet start a pair that encodes a byte. Each of the others encodes one common byte. */
const PREFIXES = ALPHABET.length - COMMON.length

/** The layout of the memory of assembly/unpack. */
const PLACES = 0
const VALUES = 128
const START = 256

/** The exports of assembly/unpack. */
interface Unpacker {
  readonly memory: WebAssembly.Memory
  readonly unpack: (length: number, alphabetLength: number, prefixes: number) => number
}

/**
 * Decodes the module from the text that scripts/pack-wasm.mjs has made of it.
 *
 * @throws {unknown} what the engine throws if it has no WebAssembly or refuses it
 */
export function wasmBytes(): Uint8Array<ArrayBuffer> {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(UNPACK)))
  const { memory, unpack } = exports as unknown as Unpacker
  const bytes = new Uint8Array(memory.buffer)
  for (let i = 0; i < ALPHABET.length; i++) {
    const code = ALPHABET.charCodeAt(i)
    bytes[PLACES + code] = i
    bytes[VALUES + code] = COMMON[i - PREFIXES] ?? 0
  }
  // `encodeInto` writes only what fits, and polyfills lack it.
  const text = new TextEncoder().encode(TEXT)
  bytes.set(text, START)
  return bytes.slice(START, START + unpack(text.length, ALPHABET.length, PREFIXES))
}
