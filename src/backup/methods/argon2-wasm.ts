import { fromBase64 } from '../../util/bytes.ts'
import type { Argon2Memory } from './argon2-blocks.ts'
import { ARGON2_MODULE } from './argon2-module.gen.ts'

// The memory of Argon2id in a WebAssembly instance of its own, which assembly/argon2 fills.

const BLOCK = 1024
/** The first page is the module's. */
const PAGE = 65536
const STEP = 512

/**
 * Compiles the module and takes the memory.
 *
 * @param count blocks, a multiple of four
 * @throws {unknown} what the engine throws if it has no WebAssembly, refuses it, lacks SIMD, or has not enough memory
 */
export async function openWasmMemory(count: number, passes: number): Promise<Argon2Memory> {
  const { instance } = await WebAssembly.instantiate(fromBase64(ARGON2_MODULE) as Uint8Array<ArrayBuffer>)
  const { memory, fill } = instance.exports as unknown as {
    readonly memory: WebAssembly.Memory
    readonly fill: (from: number, to: number, count: number, passes: number) => void
  }
  memory.grow(Math.ceil((count * BLOCK) / PAGE))
  const all = new Uint8Array(memory.buffer)
  return {
    blocks: all.subarray(PAGE, PAGE + count * BLOCK),
    step: STEP,
    fill: (from, to) => fill(from, to, count, passes),
    wipe: () => void all.fill(0),
  }
}
