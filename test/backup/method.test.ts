import { describe, expect, test } from 'vitest'
import {
  anyOf,
  backupMethodsOf,
  cloudKey,
  createBackupMethod,
  custom,
  memoryCloudKey,
  openBackup,
  sealBackup,
  type AgeIdentity,
} from '../../src/backup/index.ts'
import { encodeBackupRecord } from '../../src/key-share/backup-record.ts'
import { toHex } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { cheap, codeOf, generateUsableX25519Identity, record } from './fixtures.ts'
import { identityToRecipient } from 'age-encryption'

const random = seededRandom()

describe('a backup method', () => {
  const walletId = toHex(random(16))

  test('seals and opens bytes, and leaves those that it is given as they are', async () => {
    for (const plaintext of [random(700), random(1), new Uint8Array(0), random(70_000)]) {
      const given = plaintext.slice()
      const reports: number[] = []
      const onProgress = (fraction: number) => void reports.push(fraction)
      const cipherText = await cheap('p').seal(given, { walletId, onProgress })
      expect([reports.at(-1), given]).toEqual([1, plaintext])
      expect(await cheap('p').open(cipherText, { walletId, onProgress })).toEqual(plaintext)
      expect(await codeOf(cheap('x').open(cipherText, { walletId }))).toBe('WRONG_PASSWORD')
    }
  })

  test('seals nothing but bytes', async () => {
    for (const plaintext of ['text', [1, 2], undefined, { walletId }]) {
      await expect(cheap('p').seal(plaintext as never, { walletId })).rejects.toThrow(TypeError)
    }
  })

  test('seals nothing that is too long, or for too many, to be opened again', async () => {
    const identity = await generateUsableX25519Identity()
    const recipient = await identityToRecipient(identity)
    for (const [length, count] of [
      [770_000, 1],
      [10, 32],
    ] as const) {
      const method = custom({ recipients: new Array<string>(count).fill(recipient), identities: [identity] })
      const opened = await method.open(await method.seal(new Uint8Array(length), { walletId }), { walletId })
      expect(opened.length).toBe(length)
    }
    const long = custom({ identities: [identity] }).seal(new Uint8Array(780_000), { walletId })
    await expect(long).rejects.toThrow(RangeError)
    const many = custom({ recipients: new Array<string>(33).fill(recipient) }).seal(random(10), { walletId })
    await expect(many).rejects.toThrow(RangeError)
  })

  test('opens what sealBackup has sealed, and the other way round', async () => {
    const sealed = record(random)
    const cipherText = await sealBackup({ record: sealed, methods: [cheap('p')] })
    expect(await cheap('p').open(cipherText, {})).toEqual(encodeBackupRecord(sealed))
    const again = await cheap('p').seal(encodeBackupRecord(sealed), { walletId: sealed.walletId })
    expect(await openBackup({ cipherText: again, methods: [cheap('p')] })).toEqual(sealed)
  })

  test('one of several opens; each is proven when it is sealed', async () => {
    const plaintext = random(300)
    const storage = memoryCloudKey()
    const drive = () => cloudKey({ provider: 'GDRIVE', storage })
    const both = anyOf(cheap('p'), drive())
    expect(both.name).toBe('PASSWORD')
    await both.probe()
    const cipherText = await both.seal(plaintext, { walletId })
    expect(backupMethodsOf(cipherText)).toEqual(['PASSWORD', 'GDRIVE'])
    for (const method of [both, cheap('p'), drive(), anyOf(cheap('x'), drive())]) {
      expect(await method.open(cipherText, { walletId })).toEqual(plaintext)
    }
    const [right, wrong] = [await generateUsableX25519Identity(), await generateUsableX25519Identity()]
    const broken = custom({ recipients: [await identityToRecipient(right)], identities: [wrong] })
    expect(await codeOf(anyOf(cheap('p'), broken).seal(plaintext, { walletId }))).toBe('DECRYPT_FAILED')
  })

  test.each<[string, unknown]>([
    ['text that is no key', 'AGE-SECRET-KEY-1QQQ'],
    ['a key of a kind that is not given', 'AGE-SECRET-KEY-PQ-1QQQ'],
    ['no key at all', undefined],
    ['code that gives nothing', { unwrapFileKey: () => undefined }],
    ['code that gives a longer key', { unwrapFileKey: () => random(32) }],
    ['code that gives no bytes', { unwrapFileKey: () => '0123456789abcdef' }],
  ])('that gives %s as an identity fails itself, and leaves the next method its chance', async (_, identity) => {
    const plaintext = random(100)
    const cipherText = await cheap('p').seal(plaintext, { walletId })
    const broken = createBackupMethod({
      name: 'CUSTOM',
      probe: async () => {},
      recipients: async () => [],
      identities: async () => [identity as AgeIdentity],
    })
    expect(await codeOf(broken.open(cipherText, { walletId }))).toBe('DECRYPT_FAILED')
    expect(await anyOf(broken, cheap('p')).open(cipherText, { walletId })).toEqual(plaintext)
  })

  test('all of several are probed', async () => {
    expect(await codeOf(anyOf(cheap('p'), cheap('')).probe())).toBe('PASSWORD_REQUIRED')
    expect(() => (anyOf as (...none: never[]) => unknown)()).toThrow(TypeError)
  })
})
