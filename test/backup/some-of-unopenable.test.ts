import { identityToRecipient, Stanza } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import { sealOpenable } from '../../src/backup/seal.ts'
import { cloudKey, createBackupMethod, custom, memoryCloudKey, type BackupKeys } from '../../src/backup/index.ts'
import { createPartReceiver, guardianPart, openPart, someOf } from '../../src/backup/some-of/index.ts'
import { toHex } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { cheap } from './fixtures.ts'
import { createGuardians } from './some-of-fixtures.ts'

const random = seededRandom()
const walletId = toHex(random(16))
const plaintext = random(200)

/** A guardian with so many keys, who only seals. */
async function withKeys(count: number) {
  const guardians = await createGuardians(count)
  const recipients = await Promise.all(guardians.map(({ identity }) => identityToRecipient(identity)))
  return { guardians, method: custom({ recipients }) }
}

describe('a part that nobody could open is not sealed', () => {
  test('for more keys than a part may have', async () => {
    const others = (await createGuardians(2)).map(({ seals }) => seals())
    const { method } = await withKeys(33)
    for (const methods of [
      [method, ...others],
      [...others, method],
    ]) {
      await expect(sealOpenable({ plaintext, walletId, methods: [someOf(2, methods)] })).rejects.toThrow(RangeError)
    }
    const most = await withKeys(32)
    const sealed = await sealOpenable({ plaintext, walletId, methods: [someOf(2, [most.method, ...others])] })
    const { recipient } = await createPartReceiver()
    for (const { opens } of [most.guardians[0]!, most.guardians[31]!]) {
      expect(await openPart({ cipherText: sealed, method: opens(), recipient })).toMatchObject({ part: 1 })
    }
  })

  test('for nobody, or for two passwords', async () => {
    const [a, b] = (await createGuardians(2)).map(({ seals }) => seals()) as [BackupKeys, BackupKeys]
    const nobody = custom({ recipients: [{ wrapFileKey: (): Stanza[] => [] }] })
    const twice: BackupKeys = {
      ...cheap('p'),
      sealsOnly: true,
      recipients: async (options) => [
        ...(await cheap('p').recipients(options)),
        ...(await cheap('q').recipients(options)),
      ],
    }
    for (const method of [nobody, twice]) {
      await expect(someOf(2, [method, a, b]).seal(plaintext, { walletId })).rejects.toThrow(RangeError)
    }
  })

  test('for more keys of a cloud than one', async () => {
    const [a, b] = (await createGuardians(2)).map(({ seals }) => seals()) as [BackupKeys, BackupKeys]
    const drive = () => cloudKey({ provider: 'GDRIVE', storage: memoryCloudKey() })
    const two: BackupKeys = {
      ...drive(),
      sealsOnly: true,
      recipients: async (options) => [...(await drive().recipients(options)), ...(await drive().recipients(options))],
    }
    await expect(someOf(2, [two, a, b]).seal(plaintext, { walletId })).rejects.toThrow(RangeError)
    await someOf(2, [drive(), a, b]).seal(plaintext, { walletId })
  })

  test('for a method that gives no recipients', async () => {
    const [a, b] = (await createGuardians(2)).map(({ seals }) => seals()) as [BackupKeys, BackupKeys]
    for (const given of [null, undefined, []]) {
      const none = { ...a, recipients: async () => given as never }
      for (const method of [someOf(2, [none, b]), createBackupMethod(none)]) {
        await expect(method.seal(plaintext, { walletId })).rejects.toThrow('gave no recipient')
      }
    }
  })

  test('with a header that is too large', async () => {
    const [a, b] = (await createGuardians(2)).map(({ seals }) => seals()) as [BackupKeys, BackupKeys]
    const large = custom({ recipients: [{ wrapFileKey: () => [new Stanza(['test'], random(60_000))] }] })
    const methods = [someOf(2, [a, b]), large]
    await expect(sealOpenable({ plaintext, walletId, methods })).rejects.toThrow(RangeError)
  })
})

describe('a part that is handed over', () => {
  async function handed() {
    const guardians = await createGuardians(2)
    const cipherText = await someOf(
      2,
      guardians.map(({ seals }) => seals()),
    ).seal(plaintext, { walletId })
    const { recipient, identity } = await createPartReceiver()
    const { text } = await openPart({ cipherText, method: guardians[0]!.opens(), recipient })
    return { cipherText, guardians, part: guardianPart(text, { identity }), other: guardians[1]!.opens() }
  }

  test('may come in a class of its own, whose slices share their memory, as a Buffer does', async () => {
    const { cipherText, part, other } = await handed()
    class Shared extends Uint8Array<ArrayBuffer> {
      override slice(start?: number, end?: number) {
        return this.subarray(start, end)
      }
    }
    const shared = new Shared(new ArrayBuffer(66))
    shared.set(await part.handedPart!({}))
    const buffer: BackupKeys = { ...part, handedPart: async () => shared }
    expect(await someOf(2, [buffer, other]).open(cipherText, {})).toEqual(plaintext)
  })

  test.each([null, undefined, 'text', 7, {}])('is told from %s', async (value) => {
    const { cipherText, part, other } = await handed()
    const wrong: BackupKeys = { ...part, handedPart: async () => value as never }
    await expect(someOf(2, [wrong, other]).open(cipherText, {})).rejects.toMatchObject({
      opened: [2],
      failures: [
        { position: 0, error: { code: 'DECRYPT_FAILED', cause: { message: expect.stringContaining('handedPart') } } },
      ],
    })
  })

  test('may be brought by a method with a class', async () => {
    const { cipherText, part, other } = await handed()
    class Part implements BackupKeys {
      readonly name = 'CUSTOM'
      readonly #part = part
      readonly probe = part.probe
      readonly recipients = part.recipients
      readonly identities = part.identities
      handedPart(options: { readonly signal?: AbortSignal }) {
        return this.#part.handedPart!(options)
      }
    }
    expect(await someOf(2, [new Part(), other]).open(cipherText, {})).toEqual(plaintext)
  })

  test('fails for itself alone, even where its method cannot be read', async () => {
    const { cipherText, guardians, part } = await handed()
    for (const key of ['name', 'handedPart']) {
      let reads = 0
      const broken = Object.defineProperty({ ...part }, key, {
        get() {
          // What comes before the opening itself.
          if (reads++ < 2) return part[key as 'name']
          throw new Error('broken')
        },
      })
      const methods = [broken, ...guardians.map(({ opens }) => opens())]
      expect(await someOf(2, methods).open(cipherText, {})).toEqual(plaintext)
    }
  })
})

test('a part is handed to the text of a recipient only', async () => {
  const guardians = await createGuardians(2)
  const cipherText = await someOf(
    2,
    guardians.map(({ seals }) => seals()),
  ).seal(plaintext, { walletId })
  const recipient = { wrapFileKey: () => [new Stanza(['x'], new Uint8Array(0))] } as never
  await expect(openPart({ cipherText, method: guardians[0]!.opens(), recipient })).rejects.toThrow(TypeError)
})
