import { expect, test } from 'vitest'
import { inBatches } from '../../src/adapters/batches.ts'

const lengths = (items: readonly number[]) => inBatches(items, (bytes) => bytes).map(({ length }) => length)

test('a batch has at most 64 items and 96 KiB, and what is longer is alone', () => {
  expect(lengths([])).toEqual([])
  expect(lengths(new Array<number>(64).fill(32))).toEqual([64])
  expect(lengths(new Array<number>(130).fill(32))).toEqual([64, 64, 2])
  expect(lengths([48 * 1024, 48 * 1024, 1])).toEqual([2, 1])
  expect(lengths([1, 100 * 1024, 1])).toEqual([1, 1, 1])
  const items = Array.from({ length: 100 }, (_, i) => i)
  expect(inBatches(items, () => 2000).flat()).toEqual(items)
})
