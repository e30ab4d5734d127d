import { expect, test } from 'vitest'
import { createTurns } from '../../../src/server/rounds/turns.ts'

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
