import { describe, expect, test } from 'vitest'
import { anyOf, backupMethodsOf, cloudKey, custom, memoryCloudKey, sealBackup } from '../../src/backup/index.ts'
import { getGroup } from '../../src/curve/index.ts'
import { encodeWalletShares } from '../../src/key-share/index.ts'
import { toHex } from '../../src/util/bytes.ts'
import { generateUsableX25519Identity } from '../../src/backup/methods/x25519.ts'
import { seededRandom } from '../support/random.ts'
import { backupShares, cheap, codeOf, record } from './fixtures.ts'
import { identityToRecipient } from 'age-encryption'

const random = seededRandom()

describe('a backup method', () => {
  test('seals and opens the shares of a wallet', async () => {
    const shares = backupShares(random)
    const walletId = toHex(shares.walletId)
    const reports: number[] = []
    const onProgress = (fraction: number) => void reports.push(fraction)
    const cipherText = await cheap('p').seal(shares, { walletId, onProgress })
    expect(reports.at(-1)).toBe(1)
    const opened = await cheap('p').open(cipherText, { walletId, onProgress })
    expect(encodeWalletShares(getGroup, opened)).toEqual(encodeWalletShares(getGroup, shares))
    expect(toHex(opened.setId)).toBe(toHex(shares.setId))
    await cheap('p').open(cipherText, {})
    const other = toHex(random(16))
    expect(await codeOf(cheap('p').open(cipherText, { walletId: other }))).toBe('BACKUP_OTHER_WALLET')
    expect(await codeOf(cheap('x').open(cipherText, { walletId }))).toBe('WRONG_PASSWORD')
  })

  test('takes no shares of another wallet', async () => {
    const shares = backupShares(random)
    await expect(cheap('p').seal(shares, { walletId: toHex(random(16)) })).rejects.toThrow(TypeError)
  })

  test('an opened record whose fields were swapped is BACKUP_CORRUPT', async () => {
    const [shares, others] = [backupShares(random), backupShares(random)]
    const honest = {
      walletId: toHex(shares.walletId),
      setId: toHex(shares.setId),
      createdAt: 0,
      payload: encodeWalletShares(getGroup, shares),
    }
    const method = cheap('p')
    const open = async (change: Partial<typeof honest>) =>
      method.open(await sealBackup({ record: { ...honest, ...change }, methods: [method] }), {})
    await open({})
    const flipped = honest.payload.slice()
    flipped[20] = (flipped[20] as number) ^ 1
    for (const change of [
      { walletId: toHex(others.walletId) },
      { setId: toHex(others.setId) },
      { payload: encodeWalletShares(getGroup, others) },
      { payload: flipped },
      { payload: record(random).payload },
    ]) {
      expect(await codeOf(open(change))).toBe('BACKUP_CORRUPT')
    }
  })

  test('one of several opens; each is proven when it is sealed', async () => {
    const shares = backupShares(random)
    const walletId = toHex(shares.walletId)
    const storage = memoryCloudKey()
    const drive = () => cloudKey({ provider: 'GDRIVE', storage })
    const both = anyOf(cheap('p'), drive())
    expect(both.name).toBe('PASSWORD')
    await both.probe()
    const cipherText = await both.seal(shares, { walletId })
    expect(backupMethodsOf(cipherText)).toEqual(['PASSWORD', 'GDRIVE'])
    for (const method of [both, cheap('p'), drive(), anyOf(cheap('x'), drive())]) {
      expect(toHex((await method.open(cipherText, { walletId })).setId)).toBe(toHex(shares.setId))
    }
    const [right, wrong] = [await generateUsableX25519Identity(), await generateUsableX25519Identity()]
    const broken = custom({ recipients: [await identityToRecipient(right)], identities: [wrong] })
    expect(await codeOf(anyOf(cheap('p'), broken).seal(shares, { walletId }))).toBe('DECRYPT_FAILED')
  })

  test('all of several are probed', async () => {
    expect(await codeOf(anyOf(cheap('p'), cheap('')).probe())).toBe('PASSWORD_REQUIRED')
    expect(() => (anyOf as (...none: never[]) => unknown)()).toThrow(TypeError)
  })
})
