import { Decrypter, type Recipient } from 'age-encryption'
import { afterEach, expect, test, vi } from 'vitest'
import { custom, type BackupKeys } from '../../src/backup/index.ts'
import { someOf } from '../../src/backup/some-of/index.ts'
import { textAge } from '../../src/backup/age-keys/text-age.ts'
import { sealFile } from '../../src/backup/seal-file.ts'
import { toHex } from '../../src/util/bytes.ts'
import { allocationsOf } from '../support/allocations.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf } from './fixtures.ts'
import { createGuardians, stanzasOf } from './some-of-fixtures.ts'

const random = seededRandom()
const walletId = toHex(random(16))
const plaintext = random(100)

afterEach(() => {
  vi.useRealTimers()
})

/** A 2-of-2 method whose guardians only seal. */
async function createMethod() {
  const guardians = await createGuardians(2)
  const method = someOf(
    2,
    guardians.map(({ seals }) => seals()),
  )
  return { guardians, method }
}

/** Of the arrays that hold a share, those that are a share: what age-encryption has copied to encrypt it, it keeps. */
const kept = (arrays: readonly Uint8Array[]) => arrays.filter(({ length }) => length === 16)

/** The shares that are in a cipherText. */
async function sharesOf(cipherText: string, guardians: Awaited<ReturnType<typeof createGuardians>>) {
  const shares: Uint8Array[] = []
  for (const [i, { body }] of stanzasOf(cipherText).entries()) {
    const decrypter = new Decrypter()
    decrypter.addIdentity(guardians[i]!.identity)
    shares.push((await decrypter.decrypt(body)).slice(-16))
  }
  return shares
}

test('what was sealed and never opened is forgotten after ten minutes', async () => {
  const { guardians, method } = await createMethod()
  let cipherText = ''
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { holding } = await allocationsOf(async () => {
    cipherText = await method.seal(plaintext, { walletId })
  })
  const shares = await sharesOf(cipherText, guardians)
  expect(vi.getTimerCount()).toBe(1)
  await vi.advanceTimersByTimeAsync(10 * 60_000 - 1)
  for (const share of shares) expect(kept(holding(share))).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  for (const share of shares) expect(kept(holding(share))).toEqual([])
  expect(await codeOf(method.open(cipherText, {}))).toBe('BACKUP_PARTS_MISSING')
  // What is opened leaves no timer.
  const opened = await method.seal(plaintext, { walletId })
  expect(await method.open(opened, {})).toEqual(plaintext)
  expect(vi.getTimerCount()).toBe(0)
})

test('what was sealed is forgotten when its work is aborted', async () => {
  const { guardians, method } = await createMethod()
  const controller = new AbortController()
  let cipherText = ''
  const { holding } = await allocationsOf(async () => {
    cipherText = await method.seal(plaintext, { walletId, signal: controller.signal })
  })
  const shares = await sharesOf(cipherText, guardians)
  for (const share of shares) expect(kept(holding(share))).toHaveLength(1)
  controller.abort()
  for (const share of shares) expect(kept(holding(share))).toEqual([])
  expect(await codeOf(method.open(cipherText, {}))).toBe('BACKUP_PARTS_MISSING')
})

test('what is aborted while it is sealed is not kept', async () => {
  const guardians = await createGuardians(2)
  const controller = new AbortController()
  const [a, b] = guardians.map(({ seals }) => seals()) as [BackupKeys, BackupKeys]
  const recipient: Recipient = {
    wrapFileKey: () => {
      controller.abort()
      return []
    },
  }
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const methods = [someOf(2, [a, b]), custom({ recipients: [recipient] })]
  const { signal } = controller
  expect(await codeOf(sealFile(textAge, { plaintext, walletId, methods, signal }))).toBe('ABORTED')
  expect(vi.getTimerCount()).toBe(0)
})

test('what cannot be sealed after all is not kept', async () => {
  const { method } = await createMethod()
  const broken: Recipient = {
    wrapFileKey() {
      throw new Error('broken')
    },
  }
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const methods = [method, custom({ recipients: [broken] })]
  await expect(sealFile(textAge, { plaintext, walletId, methods })).rejects.toThrow('broken')
  expect(vi.getTimerCount()).toBe(0)
})
