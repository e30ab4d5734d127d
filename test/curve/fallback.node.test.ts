import { afterEach, expect, test, vi } from 'vitest'

import { CURVES } from '../../src/types.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

/** The modules as a runtime loads them that is without WebAssembly, or whose policy forbids it. */
async function loadWith(webAssembly: unknown) {
  vi.resetModules()
  const { getGroup } = await import('../../src/curve/index.ts')
  const { portableGroup, usePortableBackend } = await import('../../src/portable.ts')
  const { wasmGroup } = await import('../../src/curve/wasm/group.ts')
  vi.stubGlobal('WebAssembly', webAssembly)
  return { getGroup, portableGroup, usePortableBackend, wasmGroup }
}

const refusing = {
  Module: class {
    constructor() {
      throw new Error('refused by the content security policy')
    }
  },
}

test.each([
  ['is missing', undefined],
  ['is refused', refusing],
])('where WebAssembly %s, getGroup gives the portable group once it is asked for', async (_, webAssembly) => {
  const { getGroup, portableGroup, usePortableBackend, wasmGroup } = await loadWith(webAssembly)
  for (const curve of CURVES) expect(() => getGroup(curve)).toThrow(/WebAssembly is not available.*reshare\/portable/)
  usePortableBackend()
  for (const curve of CURVES) {
    expect(() => wasmGroup(curve)).toThrow(expect.objectContaining({ code: 'WASM_UNAVAILABLE' }))
    expect(getGroup(curve)).toBe(portableGroup(curve))
    vi.unstubAllGlobals()
    // Points made before stay usable: the choice does not change under a running program.
    expect(getGroup(curve)).toBe(portableGroup(curve))
    vi.stubGlobal('WebAssembly', webAssembly)
  }
})
