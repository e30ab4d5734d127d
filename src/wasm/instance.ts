import { MpcError } from '../errors.ts'
import { fromBase64 } from '../util/bytes.ts'
import { WASM_BASE64 } from './generated.ts'

/** What assembly/index.ts exports; test/wasm/exports.test.ts pins the list. */
export interface CoreExports {
  readonly memory: WebAssembly.Memory
  arena(): number
  arenaBytes(): number
}

let module: WebAssembly.Module | undefined
let instance: CoreExports | undefined

/**
 * The one shared instance, compiled once and instantiated at its first use. Synchronous: browsers allow modules of this
 * size on the main thread.
 *
 * @throws {WASM_UNAVAILABLE} where WebAssembly is missing, lacks SIMD, or is refused by a content security policy
 */
export function core(): CoreExports {
  if (instance === undefined) {
    try {
      module ??= new WebAssembly.Module(fromBase64(WASM_BASE64) as Uint8Array<ArrayBuffer>)
      instance = new WebAssembly.Instance(module).exports as unknown as CoreExports
    } catch (cause) {
      throw new MpcError('WASM_UNAVAILABLE', 'WebAssembly is not available in this runtime', { cause })
    }
  }
  return instance
}

/** Forgets the instance after a trap: its memory may hold secrets in an unknown state, so it is wiped and dropped. */
export function dropCore(): void {
  if (instance !== undefined) new Uint8Array(instance.memory.buffer).fill(0)
  instance = undefined
}
