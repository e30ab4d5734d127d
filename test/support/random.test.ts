import { expect, test } from 'vitest'
import { equalBytes, toHex } from '../../src/util/bytes.ts'
import { seededRandom } from './random.ts'

test('the same label gives the same stream, another label another', () => {
  const [a, b, c] = [seededRandom('a'), seededRandom('a'), seededRandom('c')]
  const first = a(33)
  expect(toHex(b(33))).toBe(toHex(first))
  expect(equalBytes(c(33), first)).toBe(false)
  expect(equalBytes(a(33), first)).toBe(false)
})

test('without a label the stream is that of the running test', () => {
  expect(toHex(seededRandom()(32))).toBe(toHex(seededRandom()(32)))
  expect(toHex(seededRandom()(32))).not.toBe(toHex(seededRandom('a')(32)))
})

test('integers reach both ends of their range and nothing outside', () => {
  const random = seededRandom()
  const seen = new Set(Array.from({ length: 500 }, () => random.int(-2, 3)))
  expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3])
  expect(random.int(7, 7)).toBe(7)
  expect(() => random.int(1, 0)).toThrow(RangeError)
  expect(() => random.pick([])).toThrow(RangeError)
})
