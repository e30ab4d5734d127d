import { identityToRecipient, Stanza, type Recipient } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import { custom, openBackup, sealBackup } from '../../src/backup/index.ts'
import { generateUsableX25519Identity } from '../../src/backup/methods/x25519.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf, forge, record } from './fixtures.ts'

const random = seededRandom()

describe('X25519 keys that a runtime refuses', () => {
  test('are not made', async () => {
    const alphabet = 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'
    for (let i = 0; i < 2000; i++) {
      const text = (await generateUsableX25519Identity()).slice('AGE-SECRET-KEY-1'.length)
      const [first, second] = [...text].map((character) => alphabet.indexOf(character)) as [number, number]
      expect((first << 3) | (second >> 2)).not.toBe(0)
    }
  })

  test('are replaced by others when a backup is sealed', async () => {
    const identity = await generateUsableX25519Identity()
    const refusals = (count: number): Recipient => {
      let tries = 0
      return {
        wrapFileKey() {
          if (tries++ < count) throw new DOMException('refused', 'DataError')
          return []
        },
      }
    }
    const recipient = await identityToRecipient(identity)
    const method = (refused: number) => custom({ recipients: [recipient, refusals(refused)], identities: [identity] })
    const original = record(random)
    const cipherText = await sealBackup({ record: original, methods: [method(2)] })
    expect(await openBackup({ cipherText, methods: [method(0)] })).toEqual(original)
    await expect(sealBackup({ record: original, methods: [method(99)] })).rejects.toThrow('refused')
  })

  test('are no damage of the file', async () => {
    // A share of order 1, which WebCrypto refuses as well.
    const stanza = new Stanza(['X25519', 'A'.repeat(43)], new Uint8Array(32))
    const cipherText = await forge(['CUSTOM'], () => [stanza], record(random))
    const method = custom({ identities: [await generateUsableX25519Identity()] })
    expect(await codeOf(openBackup({ cipherText, methods: [method] }))).toBe('DECRYPT_FAILED')
  })
})
