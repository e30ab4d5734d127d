import { Decrypter } from 'age-encryption'
import { expect, test, vi } from 'vitest'
import { custom, type BackupKeys } from '../../src/backup/index.ts'
import { someOf } from '../../src/backup/some-of/index.ts'
import { interpolateBytes, splitBytes } from '../../src/secret-sharing/gf256.ts'
import { toHex } from '../../src/util/bytes.ts'
import { allocationsOf } from '../support/allocations.ts'
import { seededRandom } from '../support/random.ts'
import { createGuardians, stanzasOf } from './some-of-fixtures.ts'

const random = seededRandom()
const walletId = toHex(random(16))

/** A 2-of-3 backup, and the open records of its parts. */
async function createBackup() {
  const guardians = await createGuardians(3)
  const cipherText = await someOf(
    2,
    guardians.map(({ seals }) => seals()),
  ).seal(random(100), { walletId })
  const records: Uint8Array[] = []
  for (const [i, { body }] of stanzasOf(cipherText).entries()) {
    const decrypter = new Decrypter()
    decrypter.addIdentity(guardians[i]!.identity)
    records.push(await decrypter.decrypt(body))
  }
  return { cipherText, records, shares: records.map((record) => record.slice(-16)) }
}

/** Methods that bring these records, as copies that are kept to look at. */
function bringing(records: readonly Uint8Array[]) {
  const brought: Uint8Array[] = []
  const methods = records.map((record): BackupKeys => ({
    ...custom({ recipients: [{ wrapFileKey: () => [] }] }),
    handedPart: async () => {
      const copy = record.slice()
      brought.push(copy)
      return copy
    },
  }))
  return { brought, methods }
}

test.each([
  ['opens', [0, 1]],
  ['has too few', [2]],
  ['has one twice', [1, 1]],
])('a someOf that %s keeps no share', async (_, which) => {
  const { cipherText, records, shares } = await createBackup()
  const { brought, methods } = bringing(which.map((i) => records[i]!))
  const outcome: unknown[] = []
  const { holding } = await allocationsOf(async () => {
    outcome.push(
      await someOf(2, methods)
        .open(cipherText, {})
        .catch((error: unknown) => error),
    )
  })
  expect(outcome[0] instanceof Uint8Array).toBe(new Set(which).size > 1)
  expect(brought).toHaveLength(which.length)
  for (const bytes of brought) expect(bytes).toEqual(new Uint8Array(66))
  // Nor those that follow from the ones that were brought.
  for (const share of shares) expect(holding(share)).toEqual([])
})

test('what comes after the work was aborted is wiped', async () => {
  const { cipherText, records, shares } = await createBackup()
  const { brought, methods } = bringing(records.slice(0, 1))
  const controller = new AbortController()
  let arrive = () => {}
  const late: BackupKeys = {
    ...methods[0]!,
    async handedPart(options) {
      await new Promise<void>((resolve) => (arrive = resolve))
      return methods[0]!.handedPart!(options)
    },
  }
  const { holding } = await allocationsOf(async () => {
    const work = someOf(2, [late]).open(cipherText, { signal: controller.signal })
    work.catch(() => undefined)
    await vi.waitFor(() => expect(arrive.length).toBe(1))
    controller.abort()
    await expect(work).rejects.toMatchObject({ code: 'ABORTED' })
    arrive()
    await vi.waitFor(() => expect(brought[0]).toEqual(new Uint8Array(66)))
  })
  expect(holding(shares[0]!)).toEqual([])
})

test('a wrong record is wiped too', async () => {
  const { cipherText, records } = await createBackup()
  const wrong = records[0]!.slice()
  wrong[65]! ^= 1
  const { brought, methods } = bringing([wrong, records[1]!, records[2]!])
  const share = wrong.slice(-16)
  const { holding } = await allocationsOf(() => someOf(2, methods).open(cipherText, {}))
  expect(brought[0]).toEqual(new Uint8Array(66))
  expect(holding(share)).toEqual([])
})

test('of what is sealed and never opened, the last four are kept', async () => {
  const guardians = await createGuardians(2)
  const method = someOf(
    2,
    guardians.map(({ seals }) => seals()),
  )
  const [first] = await method.recipients({ walletId })
  const fileKey = random(16)
  if (typeof first !== 'object') throw new Error('not code')
  const shares: Uint8Array[] = []
  const { made } = await allocationsOf(async () => void (await first.wrapFileKey(fileKey)))
  // The two that it keeps give the key.
  const alive = () => made.filter((bytes) => bytes.length === 16 && bytes.some((byte) => byte !== 0))
  const pairs = () => alive().flatMap((a) => alive().map((b) => [a, b] as const))
  const keeps = () =>
    pairs().some(([a, b]) => {
      const key = interpolateBytes(
        [
          { index: 1, value: a },
          { index: 2, value: b },
        ],
        0,
      )
      if (toHex(key) !== toHex(fileKey) || a === b) return false
      shares.push(a, b)
      return true
    })
  expect(keeps()).toBe(true)
  for (let i = 0; i < 4; i++) {
    for (const share of shares.slice(0, 2)) expect(share).not.toEqual(new Uint8Array(16))
    await method.seal(random(9), { walletId })
  }
  for (const share of shares.slice(0, 2)) expect(share).toEqual(new Uint8Array(16))
})

test('a sharing keeps nothing but its shares, and combining nothing but the secret', async () => {
  const secret = random(16)
  const given = secret.slice()
  const result: { shares?: ReturnType<typeof splitBytes>; secret?: Uint8Array } = {}
  const sharing = await allocationsOf(() => {
    result.shares = splitBytes(given, 3, 5, random)
  })
  expect(sharing.holding(secret)).toEqual([])
  const alive = sharing.made.filter((bytes) => bytes.length === 16 && bytes.some((byte) => byte !== 0))
  expect(alive.length).toBe(5)
  const combining = await allocationsOf(() => {
    result.secret = interpolateBytes(result.shares!.slice(1, 4), 0)
  })
  expect(result.secret).toEqual(secret)
  expect(combining.holding(secret)).toEqual([result.secret])
})
