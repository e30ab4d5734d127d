import { afterEach, expect, test, vi } from 'vitest'
import { toHex } from '../../src/util/bytes.ts'
import { systemRandom } from '../../src/util/random.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** Has the platform give the same bytes at every call, and stops the clocks. */
function stop(): void {
  vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((array) => array)
  vi.spyOn(Date, 'now').mockReturnValue(1_800_000_000_000)
  vi.spyOn(performance, 'now').mockReturnValue(12.5)
}

/** What a process draws that has drawn nothing before. */
async function drawAnew(length: number): Promise<Uint8Array> {
  vi.resetModules()
  const { systemRandom: fresh } = await import('../../src/util/random.ts')
  return fresh(length)
}

test.each([0, 1, 31, 32, 33, 64, 65_535, 65_536, 65_537, 200_000])('%i bytes are all drawn', (length) => {
  const [one, other] = [systemRandom(length), systemRandom(length)]
  expect([one.length, other.length]).toEqual([length, length])
  if (length < 31) return
  // No block of either is left as it was, or as in the other.
  for (let at = 0; at + 16 <= length; at += 16) {
    const block = one.slice(at, at + 16)
    expect(block).not.toEqual(new Uint8Array(16))
    expect(block).not.toEqual(other.slice(at, at + 16))
  }
})

test('the bytes are the platform’s with others added that do not depend on them', async () => {
  stop()
  const added = await drawAnew(70)
  vi.mocked(globalThis.crypto.getRandomValues).mockImplementation((array) => {
    ;(array as Uint8Array).forEach((_, i, bytes) => (bytes[i] = i))
    return array
  })
  const both = await drawAnew(70)
  expect(both.map((byte, i) => byte ^ added[i]!)).toEqual(added.map((_, i) => i))
})

test('a platform that repeats gives other bytes at each draw, and at another time', () => {
  stop()
  const drawn = Array.from({ length: 50 }, () => toHex(systemRandom(16)))
  expect(new Set(drawn).size).toBe(50)
})

test('the same count at another time is another draw', async () => {
  stop()
  const first = await drawAnew(32)
  expect(await drawAnew(32)).toEqual(first)
  vi.spyOn(Date, 'now').mockReturnValue(1_800_000_000_001)
  const later = await drawAnew(32)
  vi.spyOn(performance, 'now').mockReturnValue(12.6)
  expect(new Set([first, later, await drawAnew(32)].map(toHex)).size).toBe(3)
})

test('a runtime without a performance clock draws too', () => {
  vi.stubGlobal('performance', undefined)
  expect(systemRandom(32)).toHaveLength(32)
  vi.unstubAllGlobals()
})

test('a runtime without a random source is told what it lacks', () => {
  for (const crypto of [undefined, {}, { subtle: {} }]) {
    vi.stubGlobal('crypto', crypto)
    try {
      expect(() => systemRandom(16)).toThrow('crypto.getRandomValues is missing: import a polyfill before reshare')
    } finally {
      vi.unstubAllGlobals()
    }
  }
})
