import { identityToRecipient, Stanza } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import {
  anyOf,
  backupChoicesOf,
  backupMethodsOf,
  cloudKey,
  custom,
  memoryCloudKey,
  openBackup,
  sealBackup,
  type BackupKeys,
} from '../../src/backup/index.ts'
import { someOf } from '../../src/backup/some-of/index.ts'
import { toHex } from '../../src/util/bytes.ts'
import { CIPHER_TEXT } from '../../src/util/text.ts'
import { seededRandom } from '../support/random.ts'
import { cheap, codeOf, counting, generateUsableX25519Identity, record } from './fixtures.ts'
import { createGuardians, createPad, subsets } from './some-of-fixtures.ts'

const random = seededRandom()
const walletId = toHex(random(16))

describe('k of n', () => {
  test.each([
    [2, 2],
    [2, 3],
    [3, 4],
    [3, 5],
    [5, 7],
  ])('%i of %i: every k open, no k − 1 do', async (needed, total) => {
    const guardians = Array.from({ length: total }, (_, i) => ({ index: i + 1, key: createPad(`${i}`, random) }))
    const plaintext = random(300)
    const of = (some: typeof guardians) =>
      someOf(
        needed,
        some.map(({ key }) => key),
      )
    const cipherText = await of(guardians).seal(plaintext, { walletId })
    expect(backupChoicesOf(cipherText)).toEqual([{ needed, methods: guardians.map(() => 'CUSTOM') }])
    expect(backupMethodsOf(cipherText)).toEqual(['CUSTOM'])
    for (const some of subsets(guardians, needed)) {
      expect(await of(some).open(cipherText, { walletId })).toEqual(plaintext)
    }
    for (const some of subsets(guardians, needed - 1)) {
      await expect(of(some).open(cipherText, {})).rejects.toMatchObject({
        code: 'BACKUP_PARTS_MISSING',
        needed,
        opened: some.map(({ index }) => index),
        failures: [],
      })
    }
  })

  test('of different kinds, and the number of the caller does not count when it opens', async () => {
    const original = record(random)
    const storage = memoryCloudKey()
    const paper = await generateUsableX25519Identity()
    const makers: (() => BackupKeys)[] = [
      () => cheap('p'),
      () => cloudKey({ provider: 'GDRIVE', storage }),
      () => custom({ identities: [paper] }),
    ]
    const cipherText = await sealBackup({
      record: original,
      methods: [
        someOf(
          2,
          makers.map((make) => make()),
        ),
      ],
    })
    expect(backupChoicesOf(cipherText)).toEqual([{ needed: 2, methods: ['PASSWORD', 'GDRIVE', 'CUSTOM'] }])
    for (const some of subsets(makers, 2)) {
      for (const needed of [2, 3, 16]) {
        const methods = [
          someOf(
            needed,
            some.map((make) => make()),
          ),
        ]
        expect(await openBackup({ cipherText, methods })).toEqual(original)
      }
    }
    // No method opens it alone, in its own name.
    for (const make of makers)
      expect(await codeOf(openBackup({ cipherText, methods: [make()] }))).toBe('DECRYPT_FAILED')
  })

  test('beside others in anyOf: the file opens by either', async () => {
    const guardians = await createGuardians(3)
    const storage = memoryCloudKey()
    const drive = () => cloudKey({ provider: 'GDRIVE', storage })
    const plaintext = random(99)
    for (const method of [
      anyOf(
        drive(),
        someOf(
          2,
          guardians.map(({ seals }) => seals()),
        ),
      ),
      anyOf(
        someOf(
          2,
          guardians.map(({ seals }) => seals()),
        ),
        drive(),
      ),
    ]) {
      const cipherText = await method.seal(plaintext, { walletId })
      expect(backupChoicesOf(cipherText)).toContainEqual({ needed: 2, methods: ['CUSTOM', 'CUSTOM', 'CUSTOM'] })
      expect(backupChoicesOf(cipherText)).toContainEqual({ needed: 1, methods: ['GDRIVE'] })
      expect(await drive().open(cipherText, { walletId })).toEqual(plaintext)
      for (const some of subsets(guardians, 2)) {
        expect(
          await someOf(
            2,
            some.map(({ opens }) => opens()),
          ).open(cipherText, {}),
        ).toEqual(plaintext)
      }
      expect(await codeOf(custom({ identities: [guardians[0]!.identity] }).open(cipherText, {}))).toBe('DECRYPT_FAILED')
    }
  })

  test('asks no more methods than it takes, and those first that ask nobody', async () => {
    const storage = memoryCloudKey()
    const drive = () => cloudKey({ provider: 'GDRIVE', storage })
    const [guardian] = await createGuardians(1)
    const cipherText = await someOf(2, [cheap('p'), drive(), guardian!.opens(), cheap('q')]).seal(random(9), {
      walletId,
    })
    const methods = [counting(cheap('p')), counting(cheap('q')), counting(drive()), counting(guardian!.opens())]
    await someOf(2, methods).open(cipherText, {})
    expect(methods.map(({ asked }) => asked)).toEqual([0, 0, 1, 1])
    const few = [counting(cheap('q')), counting(cheap('p')), counting(drive())]
    await someOf(2, few).open(cipherText, {})
    expect(few.map(({ asked }) => asked)).toEqual([2, 0, 1])
  })

  test('what it has sealed it opens once without its methods', async () => {
    const guardians = await createGuardians(3)
    const method = someOf(
      2,
      guardians.map(({ seals }) => seals()),
    )
    const plaintext = random(9)
    const cipherText = await method.seal(plaintext, { walletId })
    expect(await method.open(cipherText, {})).toEqual(plaintext)
    expect(await codeOf(method.open(cipherText, {}))).toBe('BACKUP_PARTS_MISSING')
    // Nor anything that it has not sealed.
    const other = await someOf(
      2,
      guardians.map(({ seals }) => seals()),
    ).seal(plaintext, { walletId })
    await method.seal(plaintext, { walletId })
    expect(await codeOf(method.open(other, {}))).toBe('BACKUP_PARTS_MISSING')
  })

  test('gives nothing away if a method does not open its part', async () => {
    const [right, wrong, other] = await createGuardians(3)
    const recipients = [await identityToRecipient(right!.identity)]
    const broken = custom({ recipients, identities: [wrong!.identity] })
    for (const methods of [
      [broken, other!.opens(), cheap('p')],
      [cheap('p'), other!.seals(), broken],
    ]) {
      expect(await codeOf(someOf(2, methods).seal(random(9), { walletId }))).toBe('DECRYPT_FAILED')
    }
  })

  test('several backups can be made with one method at a time', async () => {
    const guardians = await createGuardians(3)
    const method = someOf(
      2,
      guardians.map(({ seals }) => seals()),
    )
    const opened = [1, 2, 3, 4].map(async (byte) => {
      const cipherText = await method.seal(Uint8Array.of(byte), { walletId })
      return method.open(cipherText, { walletId })
    })
    expect(await Promise.all(opened)).toEqual([1, 2, 3, 4].map((byte) => Uint8Array.of(byte)))
  })

  test('refuses what cannot be', async () => {
    const [a, b, c] = (await createGuardians(3)).map(({ opens }) => opens()) as [BackupKeys, BackupKeys, BackupKeys]
    const all = [a, b, c]
    for (const needed of [0, 1, -1, 1.5, NaN, 17, '2' as never]) expect(() => someOf(needed, all)).toThrow(RangeError)
    expect(() => someOf(2, [])).toThrow(RangeError)
    expect(() =>
      someOf(
        2,
        Array.from({ length: 17 }, () => ({ ...a })),
      ),
    ).toThrow(RangeError)
    expect(() =>
      someOf(
        2,
        Array.from({ length: 5 }, () => cheap('p')),
      ),
    ).toThrow(RangeError)
    expect(() => someOf(2, [a, a])).toThrow(TypeError)
    expect(() => someOf(2, [a, {} as never])).toThrow(TypeError)
    expect(() => someOf(2, a as never)).toThrow(TypeError)
    expect(() => someOf(2, [a, someOf(2, [b, c])])).toThrow(TypeError)
    // Enough to open, not to seal.
    await expect(someOf(3, [a, b]).seal(random(9), { walletId })).rejects.toThrow(RangeError)
    await expect(someOf(3, [a, b]).probe()).rejects.toThrow(RangeError)
    for (const wrong of ['', 'ab', 'AB'.repeat(16), 'ab'.repeat(17)]) {
      await expect(someOf(2, [a, b]).seal(random(9), { walletId: wrong })).rejects.toThrow(TypeError)
    }
    await expect(anyOf(someOf(2, [a, b]), someOf(2, [b, c])).seal(random(9), { walletId })).rejects.toThrow(TypeError)
  })

  test('seals for 16 methods, as far as a header has room', async () => {
    const keys = (size: number) =>
      Array.from({ length: 16 }, (_, i) =>
        custom({ recipients: [{ wrapFileKey: () => [new Stanza(['test', `${i}`], random(size))] }] }),
      )
    const method = someOf(16, keys(1600))
    const cipherText = await method.seal(random(9), { walletId })
    expect(cipherText.length).toBeLessThan(CIPHER_TEXT.most)
    expect(await method.open(cipherText, {})).toHaveLength(9)
    await expect(someOf(16, keys(3200)).seal(random(9), { walletId })).rejects.toThrow(RangeError)
  })

  test('no key opens two parts', async () => {
    const [first, second] = await createGuardians(2)
    const recipient = await identityToRecipient(first!.identity)
    const storage = memoryCloudKey()
    const drive = () => cloudKey({ provider: 'GDRIVE', storage })
    for (const twice of [
      [first!.opens(), first!.opens(), second!.opens()],
      [first!.seals(), custom({ recipients: [recipient] }), second!.opens()],
      [first!.seals(), second!.opens(), first!.opens()],
      [cheap('p'), cheap('p'), second!.opens()],
      [drive(), drive(), second!.opens()],
    ]) {
      await expect(someOf(2, twice).seal(random(9), { walletId })).rejects.toThrow(TypeError)
    }
  })

  test('a method counts for one part, even if its key opens two', async () => {
    const [one, two] = [memoryCloudKey(), memoryCloudKey()]
    const drives = [one, two].map((storage) => cloudKey({ provider: 'GDRIVE', storage }))
    const [guardian] = await createGuardians(1)
    const cipherText = await someOf(2, [...drives, guardian!.opens()]).seal(random(9), { walletId })
    // An account that has come to hold both keys.
    const merged = { ...one, read: async (id: string) => (await one.read(id)) ?? two.read(id) }
    const both = () => cloudKey({ provider: 'GDRIVE', storage: merged })
    await expect(someOf(2, [both()]).open(cipherText, {})).rejects.toMatchObject({ opened: [1] })
    expect(await someOf(2, [both(), guardian!.opens()]).open(cipherText, {})).toHaveLength(9)
    // Whoever holds them twice holds two.
    expect(await someOf(2, [both(), both()]).open(cipherText, {})).toHaveLength(9)
  })

  test('all are probed', async () => {
    const [guardian] = await createGuardians(1)
    expect(await codeOf(someOf(2, [guardian!.opens(), cheap('')]).probe())).toBe('PASSWORD_REQUIRED')
    await someOf(2, [guardian!.opens(), cheap('p')]).probe()
  })
})
