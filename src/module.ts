import { MpcError } from './errors.ts'
import { toHex } from './util/bytes.ts'
import { STAMP } from './wasm/generated.ts'
import { provideModule } from './wasm/instance.ts'

/** The custom section in which reshare/core.wasm has its stamp: scripts/stamp-wasm.mjs. */
const SECTION = 'reshare'

/** A `WebAssembly.Module`; an object, for a program whose types have no WebAssembly (`@types/node` alone has none). */
export type CompiledModule =
  typeof globalThis extends Record<'WebAssembly', Record<'Module', Record<'prototype', infer Module>>> ? Module : object

/**
 * Lets reshare use a module that the runtime has compiled, where it refuses to compile the inlined one, as Cloudflare
 * Workers do. The module is `reshare/core.wasm`, of the same version of the package.
 *
 * Called once, before anything else. It compares versions: where the file comes from is the app's to trust, as with any
 * other file of the package.
 *
 * @throws {TypeError} if it is not a compiled module
 * @throws {WASM_MISMATCH} if it is another module, or of another version
 *
 * @example
 * import core from 'reshare/core.wasm'
 * import { useModule } from 'reshare/module'
 * useModule(core)
 */
export function useModule(module: CompiledModule): void {
  // A module of another realm is not an instance of this one's class.
  if (Object.prototype.toString.call(module) !== '[object WebAssembly.Module]')
    throw new TypeError(
      'useModule needs a WebAssembly.Module: the compiled reshare/core.wasm, not its bytes or its URL',
    )
  const [section] = WebAssembly.Module.customSections(module, SECTION)
  if (section === undefined)
    throw new MpcError(
      'WASM_MISMATCH',
      'the module is not reshare/core.wasm, or something has removed its custom section',
    )
  if (toHex(new Uint8Array(section)) !== STAMP)
    throw new MpcError('WASM_MISMATCH', 'the module is reshare/core.wasm of another version of the package')
  provideModule(module)
}
