import { afterEach, describe, expect, test, vi } from 'vitest'
import { custom, type BackupKeys } from '../../src/backup/index.ts'
import { someOf } from '../../src/backup/some-of/index.ts'
import { toHex } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { cheap, codeOf, counting } from './fixtures.ts'
import { createPad, subsets } from './some-of-fixtures.ts'

const random = seededRandom()
const walletId = toHex(random(16))
const plaintext = random(200)
const keys = ['a', 'b', 'c', 'd'].map((name) => createPad(name, random)) as [
  BackupKeys,
  BackupKeys,
  BackupKeys,
  BackupKeys,
]

afterEach(() => {
  vi.useRealTimers()
})

/** Never answers, but ends when it is aborted. */
function hanging(name: 'CUSTOM' | 'PASSWORD' | 'PASSKEY' = 'CUSTOM') {
  const seen = { asked: 0, aborted: 0 }
  const method: BackupKeys = {
    ...custom({ recipients: [{ wrapFileKey: () => [] }] }),
    name,
    identities: ({ signal }) =>
      new Promise((_, reject) => {
        seen.asked++
        signal?.addEventListener('abort', () => {
          seen.aborted++
          reject(new Error('aborted'))
        })
      }),
  }
  return { method, seen }
}

/** Lets a second pass again and again, with what runs in between, until the work has ended. */
async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
  const state = { hasEnded: false }
  const end = () => {
    state.hasEnded = true
  }
  void work.then(end, end)
  while (!state.hasEnded) await vi.advanceTimersByTimeAsync(1_000)
  return work
}

const seal = (needed: number, methods: readonly BackupKeys[] = keys) =>
  someOf(needed, methods).seal(plaintext, { walletId })

describe('opening parts', () => {
  test('goes on beside a method that hangs, wherever it stands, and has it stop in the end', async () => {
    for (const needed of [2, 3]) {
      const cipherText = await seal(needed)
      vi.useFakeTimers()
      for (const at of [0, 1, 2, 3]) {
        const { method, seen } = hanging()
        const methods = keys.slice(0, needed)
        methods.splice(at, 0, method)
        const work = someOf(needed, methods).open(cipherText, {})
        expect(await whileTimePasses(work)).toEqual(plaintext)
        expect(seen.aborted).toBe(seen.asked)
      }
      vi.useRealTimers()
    }
  })

  test('waits a minute for a password before it asks for another, and takes either', async () => {
    // Named so that they are asked as passwords are, without the timers of a derivation.
    const [right, other] = ['e', 'f'].map((name): BackupKeys => ({ ...createPad(name, random), name: 'PASSWORD' }))
    const cipherText = await seal(2, [other!, right!, keys[0]])
    vi.useFakeTimers()
    const { method, seen } = hanging('PASSWORD')
    const second = counting(right!)
    const work = someOf(2, [method, second, keys[0]]).open(cipherText, {})
    while (seen.asked === 0) await vi.advanceTimersByTimeAsync(1)
    await vi.advanceTimersByTimeAsync(59_000)
    expect([seen.asked, second.asked]).toEqual([1, 0])
    expect(await whileTimePasses(work)).toEqual(plaintext)
    expect([seen.aborted, second.asked]).toEqual([1, 1])
  })

  test('ends when all that is left hangs and the signal is aborted, and asks nobody after that', async () => {
    const cipherText = await seal(2, [cheap('p'), keys[0], keys[1]])
    for (const methods of [
      [hanging().method, keys[0]],
      [keys[0], hanging().method, hanging().method],
    ]) {
      const controller = new AbortController()
      const password = counting(cheap('p'))
      const work = someOf(2, [...methods, password]).open(cipherText, { signal: controller.signal })
      setTimeout(() => controller.abort(), 20)
      expect(await codeOf(work)).toBe('ABORTED')
      expect(password.asked).toBe(0)
    }
    const aborted = AbortSignal.abort()
    const first = counting(keys[0])
    expect(await codeOf(someOf(2, [first, keys[1]]).open(cipherText, { signal: aborted }))).toBe('ABORTED')
    expect(first.asked).toBe(0)
    expect(await codeOf(someOf(2, keys).seal(plaintext, { walletId, signal: aborted }))).toBe('ABORTED')
  })

  test('asks as many at a time as parts are missing', async () => {
    const cipherText = await seal(3)
    const slow = keys.map((method) => {
      const seen = { asked: false, go: () => {} }
      const wait = new Promise<void>((resolve) => (seen.go = resolve))
      const identities: BackupKeys['identities'] = async (options) => {
        seen.asked = true
        await wait
        return method.identities(options)
      }
      return { seen, method: { ...method, identities } }
    })
    const work = someOf(
      3,
      slow.map(({ method }) => method),
    ).open(cipherText, {})
    await vi.waitFor(() => expect(slow.map(({ seen }) => seen.asked)).toEqual([true, true, true, false]))
    for (const { seen } of slow) seen.go()
    expect(await work).toEqual(plaintext)
    expect(slow[3]!.seen.asked).toBe(false)
  })

  test('takes the same part once, by whichever of two methods', async () => {
    const cipherText = await seal(2)
    const twice = { ...keys[0] }
    await expect(someOf(2, [keys[0], twice]).open(cipherText, {})).rejects.toMatchObject({
      code: 'BACKUP_PARTS_MISSING',
      opened: [1],
      failures: [{ method: 'CUSTOM', error: { code: 'DECRYPT_FAILED' } }],
    })
    expect(await someOf(2, [keys[0], twice, keys[1]]).open(cipherText, {})).toEqual(plaintext)
  })

  test('reports from 0 to 1, never back, in both directions', async () => {
    const reports: number[] = []
    const onProgress = (fraction: number) => void reports.push(fraction)
    const methods = () => [cheap('p', { engine: 'portable' }), keys[0], keys[1]]
    const cipherText = await someOf(2, methods()).seal(plaintext, { walletId, onProgress })
    const runs = [reports.splice(0)]
    for (const some of subsets(methods(), 2)) {
      await someOf(2, some).open(cipherText, { onProgress })
      runs.push(reports.splice(0))
    }
    for (const run of runs) {
      expect(run).toEqual([...new Set(run)].sort((a, b) => a - b))
      expect(run.at(-1)).toBe(1)
      expect(run.length).toBeGreaterThan(1)
    }
    // Three methods.
    expect(runs[0]!.length).toBeGreaterThan(3)
  })

  test('leaves no timer behind', async () => {
    const cipherText = await seal(2)
    vi.useFakeTimers()
    await someOf(2, keys).open(cipherText, {})
    expect(await codeOf(someOf(2, [keys[0]]).open(cipherText, {}))).toBe('BACKUP_PARTS_MISSING')
    expect(vi.getTimerCount()).toBe(0)
  })
})
