import { armor, Decrypter, Encrypter, identityToRecipient, Stanza } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import { custom, type BackupKeys } from '../../src/backup/index.ts'
import { hybrid } from '../../src/backup/post-quantum.ts'
import {
  createPartReceiver,
  guardianPart,
  isPartsMissingError,
  openPart,
  recipientFingerprint,
  someOf,
} from '../../src/backup/some-of/index.ts'
import { encodePartArguments } from '../../src/backup/some-of/part-stanza.ts'
import { readStanzas } from '../../src/backup/age-file.ts'
import { toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { cheap, codeOf, forge } from './fixtures.ts'
import { createGuardians, editHeader, stanzasOf, subsets } from './some-of-fixtures.ts'

const random = seededRandom()
const walletId = toHex(random(16))
const plaintext = random(200)

async function createBackup(needed = 2, more: readonly BackupKeys[] = []) {
  const guardians = await createGuardians(3)
  const cipherText = await someOf(needed, [...guardians.map(({ seals }) => seals()), ...more]).seal(plaintext, {
    walletId,
  })
  return { guardians, cipherText }
}

describe('a guardian', () => {
  test.each([
    ['hybrid', { kind: hybrid }],
    ['x25519', {}],
  ])('hands over a part, and any two recover (%s)', async (_, keys) => {
    const { guardians, cipherText } = await createBackup()
    const { recipient, identity } = await createPartReceiver(keys)
    const handed = await Promise.all(
      guardians.map(({ opens }) => openPart({ cipherText, method: opens(), recipient, walletId, ...keys })),
    )
    expect(handed.map(({ part, needed, total, walletId: wallet }) => [part, needed, total, wallet])).toEqual(
      [1, 2, 3].map((part) => [part, 2, 3, walletId]),
    )
    for (const some of subsets(handed, 2)) {
      const method = someOf(
        2,
        some.map(({ text }) => guardianPart(text, { identity, ...keys })),
      )
      expect(await method.open(cipherText, { walletId })).toEqual(plaintext)
    }
    // One alone, twice, or beside a key that is the same guardian's, is one.
    const one = () => guardianPart(handed[0]!.text, { identity, ...keys })
    for (const some of [[one()], [one(), one()], [one(), guardians[0]!.opens()]]) {
      const error = await someOf(2, some)
        .open(cipherText, {})
        .catch((thrown: unknown) => thrown)
      expect(isPartsMissingError(error) && error.opened).toEqual([1])
    }
    expect(await someOf(2, [one(), guardians[1]!.opens()]).open(cipherText, {})).toEqual(plaintext)
  })

  test('helps beside a password of the user, which is asked for last', async () => {
    const { guardians, cipherText } = await createBackup(3, [cheap('p')])
    const { recipient, identity } = await createPartReceiver()
    const texts = await Promise.all(
      guardians.map(async ({ opens }) => (await openPart({ cipherText, method: opens(), recipient })).text),
    )
    const parts = () => texts.map((text) => guardianPart(text, { identity }))
    let asked = 0
    const secret = () => {
      asked++
      return 'p'
    }
    expect(await someOf(3, [cheap(secret), ...parts()]).open(cipherText, {})).toEqual(plaintext)
    expect(asked).toBe(0)
    expect(await someOf(3, [cheap(secret), ...parts().slice(1)]).open(cipherText, {})).toEqual(plaintext)
    expect(asked).toBe(1)
  })

  test('sends a text that only the receiver opens', async () => {
    const { guardians, cipherText } = await createBackup()
    const { recipient, identity } = await createPartReceiver()
    const stranger = await createPartReceiver()
    const { text } = await openPart({ cipherText, method: guardians[0]!.opens(), recipient })
    const method = () => someOf(2, [guardianPart(text, { identity: stranger.identity }), guardians[1]!.opens()])
    await expect(method().open(cipherText, {})).rejects.toMatchObject({
      opened: [2],
      failures: [{ position: 0, parts: [], error: { code: 'DECRYPT_FAILED' } }],
    })
    const file = armor.decode(text)
    for (let at = 0; at < file.length; at += 37) {
      const damaged = armor.encode(file.map((byte, i) => (i === at ? byte ^ 1 : byte)))
      const some = someOf(2, [guardianPart(damaged, { identity }), guardians[1]!.opens()])
      await expect(some.open(cipherText, {})).rejects.toMatchObject({
        failures: [{ error: { code: 'BACKUP_CORRUPT' } }],
      })
    }
  })

  test('whose part is of another backup, or is made up, is named and passed over', async () => {
    const { guardians, cipherText } = await createBackup()
    const other = await someOf(
      2,
      guardians.map(({ seals }) => seals()),
    ).seal(plaintext, { walletId })
    const { recipient, identity } = await createPartReceiver()
    const old = await openPart({ cipherText: other, method: guardians[0]!.opens(), recipient })
    const madeUp = await custom({ recipients: [recipient] }).seal(random(66), { walletId })
    const parts = [old.text, madeUp].map((text) => guardianPart(text, { identity }))
    const error = await someOf(2, [...parts, guardians[2]!.opens()])
      .open(cipherText, {})
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      opened: [3],
      failures: [
        { position: 0, error: { code: 'BACKUP_CORRUPT', message: expect.stringContaining('another backup') } },
        { position: 1, error: { code: 'BACKUP_CORRUPT', message: expect.stringContaining('not a part') } },
      ],
    })
    const rest = guardians.slice(1).map(({ opens }) => opens())
    expect(await someOf(2, [...parts, ...rest]).open(cipherText, {})).toEqual(plaintext)
  })

  test('is no oracle: opens nothing for others that is not a part whose share they have committed to', async () => {
    const { guardians, cipherText } = await createBackup()
    const [guardian] = guardians
    const { recipient } = await createPartReceiver()
    // A file of the guardian's own, with a manifest and without, put where a part belongs.
    const own = await custom({ recipients: [await identityToRecipient(guardian!.identity)] }).seal(random(66), {
      walletId,
    })
    const encrypter = new Encrypter()
    encrypter.addRecipient(await identityToRecipient(guardian!.identity))
    for (const file of [armor.decode(own), await encrypter.encrypt(random(66))]) {
      const edited = editHeader(cipherText, ([a, b, c]) => [new Stanza(a!.args, file), b!, c!])
      expect(await codeOf(openPart({ cipherText: edited, method: guardian!.opens(), recipient }))).toBe(
        'BACKUP_CORRUPT',
      )
    }
    // A part of a backup in another one, with arguments that go with it but for the commitment.
    const victim = stanzasOf(cipherText)[0]!
    const id = Uint8Array.from(atob(`${victim.args[1]!}==`), (character) => character.charCodeAt(0))
    const group = { id, needed: 2, total: 2 }
    const args = [1, 2].map((index) => encodePartArguments({ group, index, method: 'CUSTOM', commitment: random(32) }))
    const trap = await forge(
      [{ needed: 2, methods: ['CUSTOM', 'CUSTOM'] }],
      () => args.map((each) => new Stanza(each, victim.body)),
      random(9),
    )
    expect(await codeOf(openPart({ cipherText: trap, method: guardian!.opens(), recipient }))).toBe('BACKUP_CORRUPT')
  })

  test('does not take the part of one wallet for that of another', async () => {
    const { guardians, cipherText } = await createBackup()
    const { recipient } = await createPartReceiver()
    const asked = { cipherText, method: guardians[0]!.opens(), recipient }
    expect(await codeOf(openPart({ ...asked, walletId: toHex(random(16)) }))).toBe('BACKUP_OTHER_WALLET')
  })

  test('without a part, with a wrong password, or asked wrongly, hands over nothing', async () => {
    const [stranger] = await createGuardians(1)
    const { cipherText, guardians } = await createBackup(2, [cheap('p')])
    const { recipient, identity } = await createPartReceiver()
    const asked = { cipherText, method: guardians[0]!.opens(), recipient }
    expect(await codeOf(openPart({ ...asked, method: stranger!.opens() }))).toBe('DECRYPT_FAILED')
    expect(await codeOf(openPart({ ...asked, method: cheap('x') }))).toBe('WRONG_PASSWORD')
    expect((await openPart({ ...asked, method: cheap('p') })).part).toBe(4)
    const plain = await cheap('p').seal(plaintext, { walletId })
    expect(await codeOf(openPart({ ...asked, cipherText: plain }))).toBe('DECRYPT_FAILED')
    expect(await codeOf(openPart({ ...asked, cipherText: 'not a backup' }))).toBe('BACKUP_CORRUPT')
    expect(await codeOf(openPart({ ...asked, signal: AbortSignal.abort() }))).toBe('ABORTED')
    await expect(openPart({ ...asked, recipient: identity })).rejects.toThrow(TypeError)
    await expect(openPart({ ...asked, method: {} as never })).rejects.toThrow(TypeError)
    await expect(createPartReceiver({ kind: 'rsa' as never })).rejects.toThrow(TypeError)
    expect(() => guardianPart(7 as never, { identity })).toThrow(TypeError)
    expect(() => guardianPart('', { identity: recipient })).toThrow(TypeError)
    // It opens, and seals nothing.
    const part = () => guardianPart('', { identity })
    await expect(someOf(2, [part(), cheap('p')]).probe()).rejects.toThrow(TypeError)
    await expect(someOf(2, [part(), cheap('p')]).seal(plaintext, { walletId })).rejects.toThrow(TypeError)
    await expect(part().probe()).rejects.toThrow(TypeError)
  })

  test('can open the part with any age tool', async () => {
    const { guardians, cipherText } = await createBackup()
    const decrypter = new Decrypter()
    decrypter.addIdentity(guardians[1]!.identity)
    // Other tools skip the parts: the key of one guardian opens nothing of the file itself.
    await expect(decrypter.decrypt(armor.decode(cipherText))).rejects.toThrow()
    const part = stanzasOf(cipherText)[1]!
    const opened = await decrypter.decrypt(part.body)
    expect(opened).toHaveLength(66)
    expect(opened.slice(0, 15)).toEqual(utf8('reshare/v1/part'))
    expect(toHex(opened.slice(15, 31))).toBe(walletId)
    expect([...opened.slice(47, 50)]).toEqual([2, 3, 2])
    expect(readStanzas(part.body).map(({ args }) => args[0])).toEqual(['X25519', 'reshare/v1/manifest'])
  })
})

test('a fingerprint is 80 bits for people', async () => {
  expect(recipientFingerprint('age1qqq')).toBe(recipientFingerprint('age1qqq'))
  const { recipient } = await createPartReceiver()
  expect(recipientFingerprint(recipient)).toMatch(/^[0-9a-f]{4}(?: [0-9a-f]{4}){4}$/)
  expect(recipientFingerprint(recipient)).not.toBe(recipientFingerprint('age1qqq'))
  expect(() => recipientFingerprint('')).toThrow(TypeError)
})
