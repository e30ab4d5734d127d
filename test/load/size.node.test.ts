import { expect, test } from 'vitest'
import { readOptions } from '../../load/options.mjs'
import { judgeSize } from '../../load/size/report.mjs'

type Result = Parameters<typeof judgeSize>[0]

const GB = 2 ** 30
const run = (breaks: number | undefined, lastBytes: number) =>
  ({
    points: [{ breaks }],
    rounds: Array.from({ length: 24 }, (_, i) => ({ bytes: i < 20 ? GB : lastBytes })),
  }) as unknown as Result

test('a run has held if the log is whole and what signatures write is as large in the end', () => {
  expect(judgeSize(run(0, 1.1 * GB))).toEqual([])
  expect(judgeSize(run(undefined, GB))).toEqual([])
})

test('a run has failed by breaks of the log, and by growth', () => {
  expect(judgeSize(run(3, GB))).toEqual(['breaks in the audit log: 3'])
  expect(judgeSize(run(0, 1.5 * GB))).toEqual(['what signatures write grows in the second hour'])
})

test('sizes grow, and go with no other kind of run', () => {
  expect(readOptions(['--size', '10,200']).sizes).toEqual([10, 200])
  expect(readOptions([]).sizes).toEqual([])
  for (const sizes of ['200,10', '10,10', '0', '1e3x', ''])
    expect(() => readOptions(['--size', sizes])).toThrow(RangeError)
  expect(() => readOptions(['--size', '10', '--faults'])).toThrow(RangeError)
})

test('partitions are of a run over sizes that writes no docs', () => {
  expect(readOptions(['--size', '10', '--partitions', '16']).partitions).toBe(16)
  expect(readOptions(['--size', '10']).partitions).toBeUndefined()
  for (const others of [[], ['--size', '10', '--docs'], ['--shards']])
    expect(() => readOptions(['--partitions', '16', ...others])).toThrow(RangeError)
  expect(() => readOptions(['--size', '10', '--partitions', '0'])).toThrow(RangeError)
})
