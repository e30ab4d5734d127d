import { bytesToHex, concatHex, encodeAbiParameters, getAddress, type Address, type Hex } from 'viem'
import { describe, expect, test } from 'vitest'
import {
  BATCH_CALLS_MAX,
  BATCH_MODE,
  decodeBatch,
  encodeBatch,
  EXECUTE_SELECTOR,
  isExecute,
  type BatchCall,
} from '../../src/util/erc7821.ts'
import { seededRandom } from '../support/random.ts'

const FRIEND = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8'
const components = [{ type: 'address' }, { type: 'uint256' }, { type: 'bytes' }] as const

/** The same by viem. */
function byViem(calls: readonly BatchCall[]): Hex {
  const list = calls.map(({ to, value, data }) => [getAddress(to), value, data] as [Address, bigint, Hex])
  const batch = encodeAbiParameters([{ type: 'tuple[]', components }], [list])
  return concatHex([
    EXECUTE_SELECTOR,
    encodeAbiParameters([{ type: 'bytes32' }, { type: 'bytes' }], [BATCH_MODE, batch]),
  ])
}

const random = seededRandom('batches')
const callOf = (length: number): BatchCall => ({
  to: bytesToHex(random(20)),
  value: BigInt(bytesToHex(random(32))),
  data: length === 0 ? '0x' : bytesToHex(random(length)),
})

describe('a batch', () => {
  test.each([[[0]], [[1]], [[31, 32, 33]], [[0, 0, 4, 68, 100]], [new Array(BATCH_CALLS_MAX).fill(0)]])(
    'of calls with data of %j bytes is written as viem does, and read again',
    (lengths) => {
      const calls = lengths.map(callOf)
      const data = encodeBatch(calls)
      expect(data).toBe(byViem(calls))
      expect(decodeBatch(data)).toEqual(calls)
      expect(isExecute(data)).toBe(true)
    },
  )

  test('in another case is the same', () => {
    const calls = [{ to: FRIEND, value: 1n, data: '0xabcd' }] as const
    const upper = [{ to: getAddress(FRIEND), value: 1n, data: '0xABCD' }] as const
    expect(encodeBatch(upper)).toBe(encodeBatch(calls))
    expect(decodeBatch(`0x${encodeBatch(calls).slice(2).toUpperCase()}`)).toEqual(calls)
  })

  test('that is cut off or longer, at any place, is refused', () => {
    const data = encodeBatch([callOf(5), callOf(32)])
    for (let end = EXECUTE_SELECTOR.length; end < data.length; end += 2) {
      expect(decodeBatch(data.slice(0, end))).toBeTypeOf('string')
    }
    for (const tail of ['00', '00'.repeat(32)]) expect(decodeBatch(data + tail)).toBeTypeOf('string')
  })

  test('of which any byte is another one is refused, or is another batch', () => {
    const calls = [callOf(5), callOf(32)]
    const data = encodeBatch(calls)
    for (let i = EXECUTE_SELECTOR.length; i < data.length; i += 2) {
      const other = (parseInt(data.slice(i, i + 2), 16) ^ 1).toString(16).padStart(2, '0')
      const changed = `${data.slice(0, i)}${other}${data.slice(i + 2)}`
      const decoded = decodeBatch(changed)
      if (typeof decoded === 'string') continue
      expect(decoded).not.toEqual(calls)
      expect(encodeBatch(decoded)).toBe(changed)
    }
  })
})

test('what is no call of execute is none', () => {
  for (const data of ['0x', '0xe9ae5c', '0xa9059cbb00']) expect(isExecute(data)).toBe(false)
})
