import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { stampWasm } from '../../scripts/stamp-wasm.mjs'

const built = readFileSync('build/core.wasm')
const compiled = new WebAssembly.Module(stampWasm(built))

/** Fresh modules, so that nothing was compiled before, in a runtime that refuses to compile. */
beforeEach(() => {
  vi.resetModules()
  vi.stubGlobal('WebAssembly', {
    Instance: WebAssembly.Instance,
    Module: class {
      static readonly customSections = WebAssembly.Module.customSections.bind(WebAssembly.Module)
      constructor() {
        throw new EvalError('Wasm code generation disallowed by embedder')
      }
    },
  })
})
afterEach(() => vi.unstubAllGlobals())

async function fresh() {
  const { useModule } = await import('../../src/module.ts')
  const { getGroup } = await import('../../src/curve/index.ts')
  return { useModule, getGroup }
}

describe('a module that the runtime has compiled', () => {
  test('runs the arithmetic where the inlined one is refused', async () => {
    const { useModule, getGroup } = await fresh()
    expect(() => getGroup('secp256k1')).toThrow(expect.objectContaining({ code: 'WASM_UNAVAILABLE' }))
    useModule(compiled)
    const group = getGroup('secp256k1')
    expect(group.encodePoint(group.multiplyBase(group.scalar(1)))).toEqual(group.encodePoint(group.generator))
  })

  test('may be of another realm', async () => {
    const { useModule } = await fresh()
    vi.unstubAllGlobals()
    const foreign = runInNewContext('new WebAssembly.Module(bytes)', { bytes: stampWasm(built) }) as WebAssembly.Module
    expect(foreign instanceof WebAssembly.Module).toBe(false)
    expect(() => useModule(foreign)).not.toThrow()
  })

  const changed = Uint8Array.from(stampWasm(built))
  changed[changed.length - 1]! ^= 1

  test.each([
    ['has no stamp', built, /custom section/],
    ['has the stamp of other bytes', changed, /another version/],
    ['is another', Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0), /not reshare\/core\.wasm/],
  ])('is refused if it %s, and nothing is changed', async (_, bytes, message) => {
    const { useModule, getGroup } = await fresh()
    vi.unstubAllGlobals()
    const other = new WebAssembly.Module(Uint8Array.from(bytes))
    const refusal = expect.objectContaining({
      code: 'WASM_MISMATCH',
      retryable: false,
      message: expect.stringMatching(message),
    })
    expect(() => useModule(other)).toThrow(refusal)
    expect(() => getGroup('ed25519')).not.toThrow()
  })

  test.each([
    ['nothing', undefined],
    ['bytes', built],
    ['a URL', 'core.wasm'],
    ['an instance', new WebAssembly.Instance(compiled)],
  ])('is not %s', async (_, wrong) => {
    const { useModule } = await fresh()
    expect(() => useModule(wrong as never)).toThrow(TypeError)
  })
})
