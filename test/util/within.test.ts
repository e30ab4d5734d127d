import { expect, test } from 'vitest'
import { within } from '../../src/util/within.ts'

const late = () => new RangeError('too late')

test('gives what the work gives, or what it throws, also at once', async () => {
  expect(await within(60_000, () => 7, late)).toBe(7)
  expect(await within(60_000, async () => 8, late)).toBe(8)
  const failure = new Error('failed')
  await expect(within(60_000, () => Promise.reject(failure), late)).rejects.toBe(failure)
  const throwing = () => {
    throw failure
  }
  await expect(within(60_000, throwing, late)).rejects.toBe(failure)
})

test('ends when its time is over, whether or not the work ever does', async () => {
  let signal: AbortSignal | undefined
  const endless = (given: AbortSignal) => {
    signal = given
    return new Promise(() => undefined)
  }
  await expect(within(1, endless, late)).rejects.toThrow(RangeError)
  expect(signal?.aborted).toBe(true)
  // What comes later is nobody's unhandled rejection.
  const failsLater = (given: AbortSignal) =>
    new Promise((_, reject) => given.addEventListener('abort', () => setTimeout(() => reject(new Error('later')))))
  await expect(within(1, failsLater, late)).rejects.toThrow(RangeError)
  await new Promise((resolve) => setTimeout(resolve, 5))
})
