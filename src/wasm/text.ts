import { fromBase64, utf8 } from '../util/bytes.ts'
import { LENGTH, TEXT, UNPACK } from './generated.ts'

/** Offset of the text in the memory of assembly/unpack. */
const INPUT = 0x10000

/** The exports of assembly/unpack. */
interface Unpacker {
  readonly memory: WebAssembly.Memory
  readonly unpack: (length: number) => number
}

/**
 * Unpacks the module from the text that scripts/pack-wasm.mjs has made of it.
 *
 * @throws {unknown} what the engine throws if it has no WebAssembly or refuses it
 */
export function wasmBytes(): Uint8Array<ArrayBuffer> {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(fromBase64(UNPACK) as Uint8Array<ArrayBuffer>))
  const { memory, unpack } = exports as unknown as Unpacker
  const bytes = new Uint8Array(memory.buffer)
  bytes.set(utf8(TEXT), INPUT)
  const output = unpack(LENGTH)
  return bytes.slice(output, output + LENGTH)
}
