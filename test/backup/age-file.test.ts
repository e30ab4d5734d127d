import { Decrypter, Encrypter, type Identity, type Recipient, type Stanza } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import { codeAge } from '../../src/backup/age-file.ts'
import { concatBytes, fromUtf8, toHex, utf8 } from '../../src/util/bytes.ts'

const KEY = 0x5a
const mask = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ KEY)

/** Hides the file key behind a byte and puts `padding` more behind it. */
const recipient = (padding = 0): Recipient => ({
  wrapFileKey: (fileKey): Stanza[] => {
    const body = new Uint8Array(fileKey.length + padding)
    body.set(mask(fileKey))
    return [{ args: ['test', String(padding)], body }]
  },
})
const identity: Identity = {
  unwrapFileKey: (stanzas) => {
    const own = stanzas.find(({ args }) => args[0] === 'test')
    return own === undefined ? null : mask(own.body.subarray(0, 16))
  },
}

const encrypt = (plaintext: Uint8Array, ...recipients: Recipient[]) => codeAge.encrypt(plaintext, recipients, undefined)
const decrypt = (file: Uint8Array, ...identities: Identity[]) => codeAge.decrypt(file, identities)

/** Around the ends of lines and of chunks. */
const PADDINGS = [0, 31, 32, 33, 80]
const SIZES = [0, 1, 65535, 65536, 65537, 131072, 200_000]

describe('an age file', () => {
  test.each(SIZES)('of %i bytes opens in the age library, and the library’s here', async (size) => {
    const plaintext = new Uint8Array(size).map((_, i) => i * 7)
    const library = { encrypter: new Encrypter(), decrypter: new Decrypter() }
    library.encrypter.addRecipient(recipient())
    library.decrypter.addIdentity(identity)
    const ours = await library.decrypter.decrypt(await encrypt(plaintext, recipient()))
    const theirs = await decrypt(await library.encrypter.encrypt(plaintext), identity)
    expect([ours.length, theirs.length]).toEqual([size, size])
    expect(ours.every((byte, i) => byte === plaintext[i]) && theirs.every((byte, i) => byte === plaintext[i])).toBe(
      true,
    )
  })

  test.each(PADDINGS)('with %i bytes more in its stanza is read by both', async (padding) => {
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    const file = await encrypt(utf8('text'), recipient(padding), recipient())
    expect(fromUtf8(await decrypter.decrypt(file))).toBe('text')
    expect(fromUtf8(await decrypt(file, identity))).toBe('text')
  })

  test('has a file key and a nonce of its own', async () => {
    const [a, b] = [await encrypt(utf8('text'), recipient()), await encrypt(utf8('text'), recipient())]
    expect(toHex(a)).not.toBe(toHex(b))
    expect(toHex(a.slice(-36, -20))).not.toBe(toHex(b.slice(-36, -20)))
  })

  test('is refused with any bit of it turned, and cut anywhere', async () => {
    const file = await encrypt(utf8('text'), recipient())
    for (let i = 0; i < file.length; i++) {
      const turned = file.slice()
      turned[i] = (turned[i] as number) ^ 1
      await expect(decrypt(turned, identity), `byte ${i}`).rejects.toThrow()
      await expect(decrypt(file.subarray(0, i), identity), `cut at ${i}`).rejects.toThrow()
    }
  })

  test('is refused where chunks are missing, swapped or behind the last', async () => {
    const file = await encrypt(new Uint8Array(2 * 65536 + 9), recipient())
    const at = file.length - 9 - 16 - 2 * 65552
    const [head, first, second, last] = [
      file.slice(0, at),
      ...[0, 1, 2].map((i) => file.slice(at + i * 65552, at + (i + 1) * 65552)),
    ]
    const joined = (...parts: (Uint8Array | undefined)[]) => concatBytes(...(parts as Uint8Array[]))
    expect((await decrypt(joined(head, first, second, last), identity)).length).toBe(2 * 65536 + 9)
    for (const parts of [
      [first, second],
      [second, first, last],
      [first, last],
      [first, second, last, last],
    ]) {
      await expect(decrypt(joined(head, ...parts), identity)).rejects.toThrow()
    }
  })

  test('takes keys that are code, and asks each identity in turn', async () => {
    const file = await encrypt(utf8('text'), recipient())
    const none: Identity = { unwrapFileKey: () => null }
    expect(fromUtf8(await decrypt(file, none, identity))).toBe('text')
    await expect(decrypt(file, none)).rejects.toThrow('no identity')
    await expect(decrypt(file, { unwrapFileKey: () => new Uint8Array(15) })).rejects.toThrow('16 bytes')
    await expect(codeAge.encrypt(utf8('text'), ['age1'], undefined)).rejects.toThrow(TypeError)
    await expect(codeAge.decrypt(file, ['AGE-SECRET-KEY-1'])).rejects.toThrow(TypeError)
  })

  test('is sealed under its own key, whatever a recipient does to the copy that it gets', async () => {
    const given: Uint8Array[] = []
    const wiping: Recipient = {
      wrapFileKey: (fileKey) => {
        given.push(fileKey)
        fileKey.fill(0)
        return []
      },
    }
    const file = await encrypt(utf8('text'), wiping, recipient(), wiping)
    expect(fromUtf8(await decrypt(file, identity))).toBe('text')
    await expect(decrypt(file, { unwrapFileKey: () => new Uint8Array(16) })).rejects.toThrow('MAC')
    // Nor has it the key afterwards.
    let kept = new Uint8Array(0)
    await encrypt(utf8('text'), { wrapFileKey: (fileKey) => ((kept = fileKey as typeof kept), []) }, recipient())
    expect(kept).toEqual(new Uint8Array(16))
    expect(given).toHaveLength(2)
  })

  test('is not written with a stanza that would end its line', async () => {
    const broken: Recipient = { wrapFileKey: () => [{ args: ['a\n-> b'], body: new Uint8Array(0) }] }
    await expect(encrypt(utf8('text'), broken)).rejects.toThrow(TypeError)
  })
})
