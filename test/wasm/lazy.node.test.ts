import { readFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

test('nothing is compiled on import, and what unpacks the module and the module once on first use', async () => {
  const { Module } = WebAssembly
  const compiled: number[] = []
  class CountedModule extends Module {
    constructor(bytes: BufferSource) {
      super(bytes)
      compiled.push(bytes.byteLength)
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
  expect(compiled).toEqual([])
  getGroup('secp256k1')
  getGroup('ed25519')
  expect(compiled).toEqual(['unpack', 'core'].map((name) => readFileSync(`build/${name}.wasm`).length))
})
