import { argon2id as nobleArgon2id } from '@noble/hashes/argon2.js'
import { blake2b as nobleBlake2b } from '@noble/hashes/blake2.js'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { deriveArgon2id, type Argon2Engine } from '../../src/backup/methods/argon2.ts'
import { fillArgon2 } from '../../src/backup/methods/argon2-blocks.ts'
import { openPortableMemory } from '../../src/backup/methods/argon2-portable.ts'
import { openWasmMemory } from '../../src/backup/methods/argon2-wasm.ts'
import { blake2b } from '../../src/backup/methods/blake2b.ts'
import { toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'

const ENGINES: readonly Argon2Engine[] = ['wasm', 'portable']

/** Argon2id, version 0x13, of the reference implementation's test suite (phc-winner-argon2, test.c). */
const REFERENCE = [
  {
    password: 'password',
    salt: 'somesalt',
    cost: { memoryKiB: 256, passes: 2 },
    tag: '9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe',
  },
  {
    password: 'password',
    salt: 'somesalt',
    cost: { memoryKiB: 65536, passes: 1 },
    tag: 'f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98',
  },
  {
    password: 'differentpassword',
    salt: 'somesalt',
    cost: { memoryKiB: 65536, passes: 2 },
    tag: '0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde',
  },
]

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** Each look at the clock is 5 ms later than the one before. */
function slowClock(): void {
  const { now } = Date
  let ticks = 0
  vi.spyOn(Date, 'now').mockImplementation(() => now() + 5 * ticks++)
}

test('BLAKE2b: the vector of RFC 7693, and @noble/hashes for every number of blocks', () => {
  expect(toHex(blake2b(utf8('abc'), 64))).toBe(
    'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923',
  )
  const random = seededRandom()
  for (const length of [0, 1, 127, 128, 129, 255, 256, 257, 1028]) {
    const bytes = random(length)
    for (const size of [1, 32, 64]) expect(blake2b(bytes, size)).toEqual(nobleBlake2b(bytes, { dkLen: size }))
  }
})

describe('Argon2id', () => {
  test.each(ENGINES)('%s: the vectors of the reference implementation', async (engine) => {
    for (const { password, salt, cost, tag } of REFERENCE) {
      expect(toHex(await deriveArgon2id(utf8(password), utf8(salt), cost, { engine }))).toBe(tag)
    }
  })

  test('both engines agree with each other and with @noble/hashes on random input', async () => {
    const random = seededRandom()
    for (const cost of [
      { memoryKiB: 8, passes: 1 },
      { memoryKiB: 11, passes: 2 },
      { memoryKiB: 13, passes: 4 },
      // One address block for a segment, exactly, and one more.
      { memoryKiB: 512, passes: 3 },
      { memoryKiB: 516, passes: 3 },
      { memoryKiB: 1000, passes: 2 },
      { memoryKiB: 4099, passes: 1 },
    ]) {
      const [password, salt] = [random(1 + (random(1)[0] as number)), random(16)]
      const [wasm, portable] = await Promise.all(
        ENGINES.map((engine) => deriveArgon2id(password, salt, cost, { engine })),
      )
      expect(wasm).toEqual(portable)
      const { memoryKiB: m, passes: t } = cost
      expect(portable).toEqual(nobleArgon2id(password, salt, { m, t, p: 1, dkLen: 32 }))
    }
  })

  test.each([
    ['is missing', undefined],
    [
      'is forbidden',
      {
        ...WebAssembly,
        compile: () => Promise.reject(new Error('CSP')),
        instantiate: () => Promise.reject(new Error('CSP')),
      },
    ],
  ])('falls back where WebAssembly %s', async (_, replacement) => {
    vi.stubGlobal('WebAssembly', replacement)
    const { password, salt, cost, tag } = REFERENCE[0]!
    expect(toHex(await deriveArgon2id(utf8(password), utf8(salt), cost))).toBe(tag)
  })

  test.each(ENGINES)('%s: too little memory is said, and may pass', async (engine) => {
    vi.stubGlobal('WebAssembly', { ...WebAssembly, instantiate: () => Promise.reject(new RangeError('out of memory')) })
    const words = Uint32Array
    const scarce = vi.fn(function (...args: [number]) {
      if (args[0] > 4096) throw new RangeError('Array buffer allocation failed')
      return new words(...args)
    })
    vi.stubGlobal('Uint32Array', scarce)
    const derived = deriveArgon2id(utf8('p'), new Uint8Array(16), { memoryKiB: 65536, passes: 3 }, { engine })
    await expect(derived).rejects.toMatchObject({ code: 'OUT_OF_MEMORY', retryable: true })
    expect(scarce).toHaveBeenCalled()
  })

  test('what a progress callback throws is not taken for a lack of memory', async () => {
    slowClock()
    const onProgress = (fraction: number) => {
      if (fraction > 0) throw new RangeError('mine')
    }
    const cost = { memoryKiB: 64, passes: 1 }
    const derived = deriveArgon2id(utf8('p'), new Uint8Array(16), cost, { engine: 'portable', onProgress })
    await expect(derived).rejects.toEqual(new RangeError('mine'))
  })

  test.each(ENGINES)('%s: progress starts at 0, grows and ends at 1', async (engine) => {
    const reports: number[] = []
    const onProgress = (fraction: number) => void reports.push(fraction)
    await deriveArgon2id(utf8('p'), new Uint8Array(16), { memoryKiB: 256, passes: 2 }, { engine, onProgress })
    expect([reports[0], reports.at(-1)]).toEqual([0, 1])
    expect(reports).toEqual([...reports].sort((a, b) => a - b))
  })

  test.each(ENGINES)('%s: an aborted signal starts nothing', async (engine) => {
    const reports: number[] = []
    const options = {
      engine,
      signal: AbortSignal.abort(),
      onProgress: (fraction: number) => void reports.push(fraction),
    }
    const derived = deriveArgon2id(utf8('p'), new Uint8Array(16), { memoryKiB: 256, passes: 1 }, options)
    await expect(derived).rejects.toMatchObject({ code: 'ABORTED' })
    expect(reports).toEqual([])
  })

  test.each(ENGINES)('%s: it reports, yields and stops between slices', async (engine) => {
    slowClock()
    const controller = new AbortController()
    const reports: number[] = []
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    const { scheduler } = globalThis as { scheduler?: { yield?: () => Promise<void> } }
    const yielded =
      scheduler?.yield === undefined ? undefined : vi.spyOn(scheduler as { yield: () => Promise<void> }, 'yield')
    const onProgress = (fraction: number) => {
      reports.push(fraction)
      if (fraction > 0.5) controller.abort()
    }
    const cost = { memoryKiB: engine === 'wasm' ? 8192 : 256, passes: 3 }
    const { signal } = controller
    const derived = deriveArgon2id(utf8('p'), new Uint8Array(16), cost, { engine, onProgress, signal })
    await expect(derived).rejects.toMatchObject({ code: 'ABORTED' })
    clearInterval(timer)
    expect(reports.length).toBeGreaterThan(4)
    expect(reports).toEqual([...reports].sort((a, b) => a - b))
    expect(reports.at(-1)).toBeLessThan(0.7)
    // A scheduler goes on with who yields before it runs timers.
    expect(yielded?.mock.calls.length ?? turns).toBeGreaterThan(0)
  })

  test.each(
    [openWasmMemory, openPortableMemory].flatMap((open) =>
      ['ends', 'is aborted', 'is ended by a callback that throws'].map((how) => [how, open] as const),
    ),
  )('its memory is wiped when it %s: %o', async (how, open) => {
    const memory = await open(256, 3)
    const fill = vi.fn(memory.fill)
    const parameters = { password: utf8('p'), salt: new Uint8Array(16), memoryKiB: 256, passes: 3, tagLength: 32 }
    let looks = 0
    vi.spyOn(Date, 'now').mockImplementation(() => 1000 * looks++)
    const work = fillArgon2(parameters, { ...memory, fill }, () => {
      expect(memory.blocks.some((byte) => byte !== 0)).toBe(true)
      if (how !== 'ends') throw new Error('ended')
    })
    if (how === 'ends') expect((await work).some((byte) => byte !== 0)).toBe(true)
    else await expect(work).rejects.toThrow('ended')
    expect(memory.blocks).toHaveLength(256 * 1024)
    expect(memory.blocks.every((byte) => byte === 0)).toBe(true)
  })

  test('a result that comes after the abort is not given away', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const onProgress = () => controller.abort()
    const derived = deriveArgon2id(utf8('p'), new Uint8Array(16), { memoryKiB: 64, passes: 1 }, { onProgress, signal })
    await expect(derived).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
