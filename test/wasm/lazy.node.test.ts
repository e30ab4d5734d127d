import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

test('nothing is compiled on import, and the module once on first use', async () => {
  const { Module } = WebAssembly
  let compiled = 0
  class CountedModule extends Module {
    constructor(bytes: BufferSource) {
      super(bytes)
      compiled++
    }
  }
  vi.resetModules()
  vi.stubGlobal('WebAssembly', { ...WebAssembly, Module: CountedModule, Instance: WebAssembly.Instance })
  await import('../../src/index.ts')
  await import('../../src/export.ts')
  await import('../../src/portable.ts')
  await import('../../src/backup/index.ts')
  await import('../../src/server/index.ts')
  await import('../../src/custodian/index.ts')
  const { getGroup } = await import('../../src/protocol/index.ts')
  expect(compiled).toBe(0)
  getGroup('secp256k1')
  getGroup('ed25519')
  expect(compiled).toBe(1)
})
