import { expect, test } from 'vitest'
import { isHex } from '../../src/util/bytes.ts'
import { isDeviceId, isOperationId, isSetId, isWalletId } from '../../src/wire/ids.ts'

test.each([
  [isWalletId, 16],
  [isOperationId, 16],
  [isSetId, 32],
  [isDeviceId, 32],
])('an id is lower-case hex of its own length: %o', (isId, length) => {
  const id = '0f'.repeat(length)
  expect(isId(id)).toBe(true)
  const others = [id.slice(2), `${id}0f`, id.toUpperCase(), `${id.slice(1)}g`, `${id.slice(1)}\n`, `${id}\n`]
  for (const other of [...others, '', undefined, null, 1, [id]]) expect(isId(other)).toBe(false)
})

test('hex of any length is of whole bytes', () => {
  for (const text of ['', '00', '00ff']) expect(isHex(text)).toBe(true)
  for (const text of ['0', '00f', '0x', 'FF']) expect(isHex(text)).toBe(false)
})
