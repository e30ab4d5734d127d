import { expect, test, vi } from 'vitest'
import { turnOfClient } from '../../../src/server/lock-client.ts'
import { createTurns, turnOfSet } from '../../../src/server/rounds/turns.ts'

const LONG_MS = 60_000

/** Work that ends when it is told to. */
function work<T>(result: T) {
  let end: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  return { end, run: async () => ended.then(() => result) }
}

test('two of one name go at once, the others in the order in which they came', async () => {
  const turns = createTurns(LONG_MS)
  const begun: number[] = []
  const works = [0, 1, 2, 3].map(work)
  const results = works.map(({ run }, i) =>
    turns.take('one', () => {
      begun.push(i)
      return run()
    }),
  )
  await turns.take('another', async () => undefined)
  expect(begun).toEqual([0, 1])
  for (const i of [1, 0, 3, 2]) {
    works[i]!.end()
    expect(await results[i]).toBe(i)
  }
  expect(begun).toEqual([0, 1, 2, 3])
})

test('what fails gives its place away', async () => {
  const turns = createTurns(LONG_MS)
  const failing = () => Promise.reject(new Error('failed'))
  for (let i = 0; i < 5; i++) await expect(turns.take('one', failing)).rejects.toThrow('failed')
  expect(await turns.take('one', async () => 'done')).toBe('done')
})

test('whose turn does not come in time has done nothing, and holds up none after it', async () => {
  const turns = createTurns(1)
  const [first, second] = [work(1), work(2)]
  const running = [first, second].map(({ run }) => turns.take('one', run))
  let done = false
  const late = turns.take('one', async () => (done = true))
  await expect(late).rejects.toMatchObject({ name: 'Unavailable' })
  first.end()
  second.end()
  expect(await Promise.all(running)).toEqual([1, 2])
  expect(await turns.take('one', async () => 3)).toBe(3)
  expect(done).toBe(false)
})

test('a place is never lost and never given twice, whatever becomes of those who wait', async () => {
  const turns = createTurns(1)
  let running = 0
  const most: number[] = []
  /** Begins many at once, which end as soon as no more of them begin. @returns how many of them were at work together */
  const atOnce = async (count: number, outcome: () => Promise<unknown>) => {
    let together = 0
    const { end, run } = work(undefined)
    const all = Array.from({ length: count }, () =>
      turns.take('one', async () => {
        together = Math.max(together, ++running)
        await run()
        running -= 1
        return outcome()
      }),
    )
    const late = all.slice(2)
    expect((await Promise.allSettled(late)).map(({ status }) => status)).toEqual(late.map(() => 'rejected'))
    end()
    await Promise.allSettled(all)
    most.push(together)
  }
  await atOnce(5, () => Promise.resolve())
  await atOnce(1, () => Promise.resolve())
  await atOnce(4, () => Promise.reject(new Error('failed')))
  await atOnce(3, () => Promise.resolve())
  expect(most).toEqual([2, 1, 2, 2])
})

test('one that ends while another is at work lets one in, not two', async () => {
  const turns = createTurns(LONG_MS)
  const [first, second, third] = [work(1), work(2), work(3)]
  const results = [first, second].map(({ run }) => turns.take('one', run))
  first.end()
  await results[0]
  const begun: number[] = []
  const later = [3, 4].map((number) =>
    turns.take('one', () => {
      begun.push(number)
      return third.run()
    }),
  )
  await turns.take('another', async () => undefined)
  expect(begun).toEqual([3])
  for (const { end } of [second, third]) end()
  await Promise.all([...results, ...later])
  expect(begun).toEqual([3, 4])
})

test('nothing is kept of a name whose work is done', async () => {
  const [kept, forgotten] = [vi.spyOn(Map.prototype, 'set'), vi.spyOn(Map.prototype, 'delete')]
  const turns = createTurns(LONG_MS)
  await Promise.all([1, 2, 3].map(() => turns.take('one', async () => undefined)))
  expect(kept.mock.calls.map(([name]) => name as unknown)).toContain('one')
  expect(forgotten).toHaveBeenLastCalledWith('one')
  vi.restoreAllMocks()
})

test('sets and clients wait for none but themselves', () => {
  const names = ['ann', 'bob'].flatMap((id) => [turnOfSet(id), turnOfClient(id)])
  expect(new Set(names)).toHaveProperty('size', 4)
})
