import { describe, expect, test } from 'vitest'
import { Stanza } from 'age-encryption'
import { custom } from '../../src/backup/index.ts'
import { openBackup } from '../../src/backup/open.ts'
import { hybrid } from '../../src/backup/post-quantum.ts'
import { x25519 } from '../../src/backup/age-keys/x25519.ts'
import { encodeArgument } from '../../src/backup/stanza.ts'
import { encodeBech32 } from '../../src/util/bech32.ts'
import { fromHex } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf, forge, record } from './fixtures.ts'

const random = seededRandom()

/** The points of small order, also with their top bit set, and those that are written as more than p. */
const SMALL = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
].map(fromHex)

const withStanza = (args: string[], body = random(32)) =>
  forge(['CUSTOM'], () => [new Stanza(args, body)], record(random))

describe('an X25519 stanza', () => {
  test('whose share is of small order makes the file BACKUP_CORRUPT', async () => {
    const { privateKey } = await generateKey()
    for (const identity of [x25519.generate(), privateKey]) {
      for (const share of SMALL) {
        const cipherText = await withStanza(['X25519', encodeArgument(share)])
        const method = custom({ identities: [identity] })
        expect(await codeOf(openBackup({ cipherText, methods: [method] }))).toBe('BACKUP_CORRUPT')
      }
    }
  })

  test('that is malformed makes the file BACKUP_CORRUPT, with this key or another', async () => {
    const share = encodeArgument(random(32))
    const cases: [string[], Uint8Array?][] = [
      [['X25519']],
      [['X25519', share, share]],
      [['X25519', share.slice(1)]],
      [['X25519', `${share}=`]],
      [['X25519', `${share.slice(0, -1)}_`]],
      // The unused bits of the last character are set.
      [['X25519', `${'A'.repeat(42)}B`]],
      [['X25519', encodeArgument(random(31))]],
      [['X25519', encodeArgument(random(33))]],
      [['X25519', share], random(31)],
      [['X25519', share], random(33)],
      [['X25519', share], new Uint8Array(0)],
    ]
    for (const [args, body] of cases) {
      const cipherText = await withStanza(args, body)
      const method = custom({ identities: [x25519.generate()] })
      expect(await codeOf(openBackup({ cipherText, methods: [method] })), args.join(' ')).toBe('BACKUP_CORRUPT')
    }
    const cipherText = await withStanza(['X25519', share])
    const method = custom({ identities: [x25519.generate()] })
    expect(await codeOf(openBackup({ cipherText, methods: [method] }))).toBe('DECRYPT_FAILED')
  })
})

describe('a key as text', () => {
  test('of small order is refused as a recipient', () => {
    for (const point of SMALL) {
      expect(() => custom({ recipients: [encodeBech32('age', point)] })).toThrow(TypeError)
    }
  })

  test.each([
    ['x25519', x25519, 32],
    ['hybrid', hybrid, 1216],
  ] as const)(
    'of kind %s is refused in another case, length, prefix or with another checksum',
    async (_, kind, recipientLength) => {
      const identity = kind.generate()
      const recipient = await kind.toRecipient(identity)
      const opens = (text: string) => custom({ identities: [text], kind })
      const seals = (text: string) => custom({ recipients: [text], kind })
      opens(identity)
      seals(recipient)
      const last = (text: string) => `${text.slice(0, -1)}${text.endsWith('q') ? 'p' : 'q'}`
      for (const text of [
        '',
        identity.toLowerCase(),
        `${identity} `,
        `${identity.slice(0, -3)}${identity.at(-3) === 'K' ? 'L' : 'K'}${identity.slice(-2)}`,
      ]) {
        expect(() => opens(text)).toThrow(TypeError)
      }
      for (const text of [recipient.toUpperCase(), last(recipient), ` ${recipient}`, identity]) {
        expect(() => seals(text)).toThrow(TypeError)
      }
      const prefixes = [kind.identityPrefix, kind.recipientPrefix].map((text) => text.slice(0, -1).toLowerCase())
      for (const [i, length] of [32, recipientLength].entries()) {
        for (const wrong of [length - 1, length + 1, 0]) {
          const text = encodeBech32(prefixes[i] as string, random(wrong))
          expect(() => (i === 0 ? opens(text.toUpperCase()) : seals(text))).toThrow(TypeError)
        }
      }
    },
  )
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
