import { identityToRecipient } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import { custom, openBackup, sealBackup, type AgeIdentity } from '../../src/backup/index.ts'
import { hybrid } from '../../src/backup/post-quantum.ts'
import { MpcError } from '../../src/errors.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf, generateUsableX25519Identity, record } from './fixtures.ts'

const random = seededRandom()

describe('custom keys', () => {
  test('a WebCrypto key that cannot be exported seals and opens', async () => {
    const { privateKey } = await generateKey()
    const method = custom({ identities: [privateKey] })
    await method.probe()
    const original = record(random)
    const cipherText = await sealBackup({ record: original, methods: [method] })
    expect(await openBackup({ cipherText, methods: [method] })).toEqual(original)
  })

  test('any of several identities opens', async () => {
    const identities = await Promise.all([generateUsableX25519Identity(), generateUsableX25519Identity()])
    const original = record(random)
    const cipherText = await sealBackup({ record: original, methods: [custom({ identities })] })
    for (const identity of identities) {
      expect(await openBackup({ cipherText, methods: [custom({ identities: [identity] })] })).toEqual(original)
    }
  })

  test('what the code of an identity throws is DECRYPT_FAILED, unless it has a code', async () => {
    const identity = await generateUsableX25519Identity()
    const cipherText = await sealBackup({ record: record(random), methods: [custom({ identities: [identity] })] })
    const throwing = (error: Error): AgeIdentity => ({ unwrapFileKey: () => Promise.reject(error) })
    const token = new Error('no token in the slot')
    await expect(
      openBackup({ cipherText, methods: [custom({ identities: [throwing(token)] })] }),
    ).rejects.toMatchObject({
      code: 'DECRYPT_FAILED',
      cause: token,
    })
    const coded = throwing(new MpcError('TIMEOUT', 'key service'))
    expect(await codeOf(openBackup({ cipherText, methods: [custom({ identities: [coded] })] }))).toBe('TIMEOUT')
  })

  test('refuses what is no key, and does not repeat it', async () => {
    const identity = await generateUsableX25519Identity()
    const damaged = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`
    for (const options of [
      {},
      { recipients: [], identities: [] },
      { recipients: ['age1x'] },
      { identities: [damaged] },
    ]) {
      expect(() => custom(options)).toThrow(TypeError)
    }
    try {
      custom({ identities: [damaged] })
    } catch (error) {
      expect(`${String(error)} ${String((error as Error).cause)}`).not.toContain(damaged.slice(20, 40))
    }
    // An identity where a recipient belongs.
    expect(() => custom({ recipients: [identity] })).toThrow(TypeError)
    expect(() => custom({ identities: [identity], kind: 'hybrid' as never })).toThrow(TypeError)
  })

  test('a post-quantum key needs its kind, and says so', async () => {
    const [identity, other] = [hybrid.generate(), hybrid.generate()]
    const recipient = await hybrid.toRecipient(identity)
    const message = 'needs the kind hybrid of reshare/backup/post-quantum'
    expect(() => custom({ identities: [identity] })).toThrow(message)
    expect(() => custom({ recipients: [recipient] })).toThrow(message)
    const original = record(random)
    const method = custom({ recipients: [recipient], identities: [other, identity], kind: hybrid })
    const cipherText = await sealBackup({ record: original, methods: [method] })
    for (const identities of [[identity], [other, await generateUsableX25519Identity(), identity]]) {
      const opens = custom({ identities, kind: hybrid })
      expect(await openBackup({ cipherText, methods: [opens] })).toEqual(original)
    }
    const opens = custom({ identities: [other], kind: hybrid })
    expect(await codeOf(openBackup({ cipherText, methods: [opens] }))).toBe('DECRYPT_FAILED')
  })

  test('an identity that is code needs its recipient', async () => {
    const identities: AgeIdentity[] = [{ unwrapFileKey: () => null }]
    await expect(custom({ identities }).recipients({ walletId: '00'.repeat(16) })).rejects.toThrow(TypeError)
    const recipients = [await identityToRecipient(await generateUsableX25519Identity())]
    const given = await custom({ identities, recipients }).recipients({ walletId: '00'.repeat(16) })
    expect(given.map((recipient) => typeof recipient === 'object' && recipient.text)).toEqual(recipients)
  })
})

/** WebKitGTK fails for one key in 256, one that begins with a zero byte. */
async function generateKey(): Promise<CryptoKeyPair> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await crypto.subtle.generateKey({ name: 'X25519' }, false, ['deriveBits'])
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
}
