import { afterEach, describe, expect, test, vi } from 'vitest'
import type { MpcError } from '../../src/errors.ts'

// In Node only: browsers do not load a module a second time.

describe('where WebAssembly cannot be had', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  /** Fresh modules, so that nothing was compiled before. */
  async function group(): Promise<unknown> {
    vi.resetModules()
    const { wasmGroup } = await import('../../src/curve/wasm/group.ts')
    return wasmGroup('ed25519')
  }

  const refused = { name: 'MpcError', code: 'WASM_UNAVAILABLE', retryable: false } satisfies Partial<MpcError>

  test('the code says so when it is missing', async () => {
    vi.stubGlobal('WebAssembly', undefined)
    await expect(group()).rejects.toMatchObject(refused)
  })

  test('the code says so when the page forbids it', async () => {
    vi.stubGlobal('WebAssembly', {
      Module: class {
        constructor() {
          throw new EvalError('blocked by a content security policy')
        }
      },
    })
    await expect(group()).rejects.toMatchObject(refused)
  })
})
