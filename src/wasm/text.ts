import { ALPHABET, COMMON, TEXT, UNPACK } from './generated.ts'

/** How many characters of the alphabet begin a pair; the others stand for one of the common bytes each. */
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
 * The bytes of the module, from the text that scripts/pack-wasm.mjs made of them.
 *
 * @throws {unknown} what the engine throws where it has no WebAssembly or refuses it
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
  const { written } = new TextEncoder().encodeInto(TEXT, bytes.subarray(START))
  return bytes.slice(START, START + unpack(written, ALPHABET.length, PREFIXES))
}
