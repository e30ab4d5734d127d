import { describe, expect, test } from 'vitest'
import { decodeBackupRecord, encodeBackupRecord } from '../../src/key-share/backup-record.ts'
import { fromHex, toHex } from '../../src/util/bytes.ts'
import { CodecError } from '../../src/util/codec.ts'
import { seededRandom } from '../support/random.ts'
import { record } from '../backup/fixtures.ts'

describe('backup record', () => {
  test('has these bytes', () => {
    const bytes = encodeBackupRecord({
      walletId: '11'.repeat(16),
      setId: '22'.repeat(32),
      createdAt: 0x0123_4567_89ab_cd,
      payload: fromHex('abcdef'),
    })
    expect(toHex(bytes)).toBe(
      `01${'000123456789abcd'.padStart(16, '0')}${'11'.repeat(16)}${'22'.repeat(32)}00000003abcdef`,
    )
  })

  test('comes back as it was', () => {
    const original = record(seededRandom())
    expect(decodeBackupRecord(encodeBackupRecord(original))).toEqual(original)
    const empty = { ...original, payload: new Uint8Array(0), createdAt: 0 }
    expect(decodeBackupRecord(encodeBackupRecord(empty))).toEqual(empty)
  })

  test('is refused in any other length or version', () => {
    const bytes = encodeBackupRecord(record(seededRandom()))
    const longer = new Uint8Array([...bytes, 0])
    const wrong = [longer, bytes.slice(0, -1), bytes.slice(0, 40), new Uint8Array(0)]
    for (const [at, value] of [
      [0, 0],
      [0, 2],
      [1, 0xff],
      [57, 0xff],
      [60, (bytes[60] as number) ^ 1],
    ] as const) {
      const changed = bytes.slice()
      changed[at] = value
      wrong.push(changed)
    }
    for (const input of wrong) expect(() => decodeBackupRecord(input)).toThrow(CodecError)
  })

  test('takes no wrong field', () => {
    const good = record(seededRandom())
    for (const change of [
      { walletId: good.walletId.slice(2) },
      { walletId: good.walletId.toUpperCase().replace(/^../, 'AB') },
      { setId: '' },
      { createdAt: -1 },
      { createdAt: 0.5 },
      { createdAt: Number.NaN },
      { payload: 'text' as never },
      { payload: new Uint8Array((1 << 18) + 1) },
    ]) {
      expect(() => encodeBackupRecord({ ...good, ...change })).toThrow(/must be|expected/)
    }
  })
})
