import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { indexedDbStore } from '../../src/storage/index.ts'

// By a name that the bundler of the browser tests does not follow: there the real one is used.
const substitute = 'fake-indexeddb/auto'
if (typeof indexedDB === 'undefined') await import(/* @vite-ignore */ substitute)

const VALUE = new Uint8Array([1])

let name = ''
beforeEach(() => {
  name = `reshare-test-${crypto.randomUUID()}`
  return () => void indexedDB.deleteDatabase(name)
})

afterEach(() => {
  vi.unstubAllGlobals()
})

/** A browser that answers in this way. */
function browser(persist: unknown) {
  const asked = vi.fn(persist as () => unknown)
  vi.stubGlobal('navigator', { storage: { persist: asked } })
  return asked
}

describe('the IndexedDB store asks the browser to keep its data', () => {
  test.each([[true], [false]])('once, at the first write, and tells that it says %s', async (answer) => {
    const asked = browser(async () => answer)
    const onPersist = vi.fn()
    const store = indexedDbStore(name, { onPersist })
    await store.probe()
    await store.read('a')
    await store.list('')
    expect(asked).not.toHaveBeenCalled()
    const version = await store.write('a', VALUE, null)
    await store.write('a', VALUE, version)
    await vi.waitFor(() => expect(onPersist.mock.calls).toEqual([[answer]]))
    expect(asked).toHaveBeenCalledOnce()
  })

  test('not where the app says so', async () => {
    const asked = browser(async () => true)
    const onPersist = vi.fn()
    await indexedDbStore(name, { persist: false, onPersist }).write('a', VALUE, null)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect([asked, onPersist].map(({ mock }) => mock.calls.length)).toEqual([0, 0])
  })

  test.each<[string, unknown]>([
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new TypeError('no')
      },
    ],
    ['gives anything else', async () => 'yes'],
    ['is not there', undefined],
  ])('and goes on if what it asks %s, which counts as no', async (_, persist) => {
    vi.stubGlobal('navigator', { storage: persist === undefined ? {} : { persist } })
    const onPersist = vi.fn()
    const store = indexedDbStore(name, { onPersist })
    await store.write('a', VALUE, null)
    await vi.waitFor(() => expect(onPersist.mock.calls).toEqual([[false]]))
    expect((await store.read('a'))?.value).toEqual(VALUE)
  })

  test('and waits for no answer, where a user is asked who does not', async () => {
    browser(() => new Promise(() => {}))
    const store = indexedDbStore(name)
    const version = await store.write('a', VALUE, null)
    await store.write('a', VALUE, version)
    await store.probe()
  })

  test.each([[undefined], [{}]])('and works with a navigator that is %o', async (navigator) => {
    vi.stubGlobal('navigator', navigator)
    const onPersist = vi.fn()
    await indexedDbStore(name, { onPersist }).write('a', VALUE, null)
    await vi.waitFor(() => expect(onPersist.mock.calls).toEqual([[false]]))
  })

  test('and reports what the callback throws, like an error of a listener', async () => {
    browser(async () => true)
    const reported = vi.fn()
    vi.stubGlobal('reportError', reported)
    const error = new Error('of the app')
    const store = indexedDbStore(name, {
      onPersist: () => {
        throw error
      },
    })
    await store.write('a', VALUE, null)
    await vi.waitFor(() => expect(reported.mock.calls).toEqual([[error]]))
  })

  test.each([[{ persist: 1 }], [{ onPersist: 'log' }]])('and refuses the options %o', (options) => {
    expect(() => indexedDbStore(name, options as never)).toThrow(TypeError)
  })
})
