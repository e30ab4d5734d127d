import { expect, test } from 'vitest'
import { assertAscendingIds, assertDistinctIds, assertThreshold } from '../../../src/protocol/session/participants.ts'
import type { PartyId } from '../../../src/types.ts'

const asIds = (ids: readonly number[]) => ids as readonly PartyId[]

test('ids are whole numbers from 1 to 255', () => {
  for (const check of [assertAscendingIds, assertDistinctIds]) {
    for (const ids of [[], [1], [255], [1, 2, 255]]) expect(() => check(asIds(ids))).not.toThrow()
    for (const ids of [[0], [-1], [256], [1.5], [NaN], [1, 256], [0, 1]]) {
      expect(() => check(asIds(ids))).toThrow('must be 1..255')
    }
  }
})

test('ids ascend strictly where they must, and are distinct everywhere', () => {
  for (const ids of [
    [2, 1],
    [1, 1],
    [1, 3, 2],
    [1, 2, 2],
  ]) {
    expect(() => assertAscendingIds(asIds(ids))).toThrow(RangeError)
  }
  for (const ids of [
    [1, 1],
    [1, 2, 1],
  ])
    expect(() => assertDistinctIds(asIds(ids))).toThrow(RangeError)
  expect(() => assertDistinctIds(asIds([3, 1, 2]))).not.toThrow()
})

test('a threshold is from 2 to the number of parties', () => {
  for (const [threshold, count] of [
    [2, 2],
    [2, 3],
    [3, 3],
  ] as const) {
    expect(() => assertThreshold(threshold, count)).not.toThrow()
  }
  for (const [threshold, count] of [
    [1, 2],
    [0, 2],
    [3, 2],
    [2, 1],
    [2.5, 3],
  ] as const) {
    expect(() => assertThreshold(threshold, count)).toThrow(RangeError)
  }
})
