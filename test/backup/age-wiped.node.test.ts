import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { expect, test, vi } from 'vitest'
import { codeAge, readStanzas } from '../../src/backup/age-file.ts'
import { createAgeKey } from '../../src/backup/age-keys/create.ts'
import { identityCode, recipientCode } from '../../src/backup/age-keys/text-age.ts'
import { deriveArgon2id, type Argon2Engine } from '../../src/backup/methods/argon2.ts'
import { passkeyKeys } from '../../src/backup/methods/prf.ts'
import { hybrid } from '../../src/backup/post-quantum.ts'
import type { AgeIdentityCode, AgeRecipientCode } from '../../src/backup/types.ts'
import { decodeBech32 } from '../../src/util/bech32.ts'
import { allocationsOf } from '../support/allocations.ts'
import { seededRandom } from '../support/random.ts'

const draws: Uint8Array[] = []

vi.mock('../../src/util/random.ts', async (original) => {
  const { systemRandom } = await original<{ systemRandom: (length: number) => Uint8Array }>()
  const recording = (length: number) => {
    const bytes = systemRandom(length)
    draws.push(bytes)
    return bytes
  }
  return { ...(await original<object>()), systemRandom: recording }
})

const random = seededRandom()

interface Keys {
  readonly recipient: AgeRecipientCode
  readonly identity: AgeIdentityCode
  readonly secrets: readonly Uint8Array[]
}

const x25519Keys = await createAgeKey()
const hybridKeys = await createAgeKey({ kind: hybrid })
const prf = [random(32), random(32)]
const passkey = passkeyKeys({ evaluatePrf: () => ({ first: prf[0], second: prf[1] }) })

const KINDS: readonly [string, () => Keys][] = [
  [
    'X25519',
    () => ({
      recipient: recipientCode(x25519Keys.recipient),
      identity: identityCode(x25519Keys.identity),
      secrets: [decodeBech32('age-secret-key-', x25519Keys.identity)],
    }),
  ],
  [
    'hybrid',
    () => ({
      recipient: recipientCode(hybridKeys.recipient, hybrid),
      identity: identityCode(hybridKeys.identity, hybrid),
      secrets: [decodeBech32('age-secret-key-pq-', hybridKeys.identity)],
    }),
  ],
  ['passkey', () => ({ recipient: passkey, identity: passkey, secrets: prf })],
]

test.each(KINDS)('a file for a key of kind %s leaves neither file key nor secret key behind', async (_, make) => {
  const plaintext = random(200)
  let fileKey: Uint8Array = Buffer.alloc(0)
  const watching: AgeRecipientCode = {
    wrapFileKey(key) {
      fileKey = Buffer.from(key)
      return []
    },
  }
  const { recipient, identity, secrets } = make()
  const result: { file?: Uint8Array; opened?: Uint8Array } = {}
  const sealing = await allocationsOf(async () => {
    result.file = await codeAge.encrypt(plaintext, [recipient, watching], undefined)
  })
  const opening = await allocationsOf(async () => {
    result.opened = await codeAge.decrypt(result.file!, [identity])
  })
  expect([result.opened, fileKey.length]).toEqual([plaintext, 16])
  for (const { holding } of [sealing, opening]) {
    for (const secret of [fileKey, ...secrets]) expect(holding(secret, prf)).toEqual([])
  }
  // Ephemeral keys and seeds; nonces of 16 bytes are in the file.
  for (const drawn of draws.filter(({ length }) => length > 16)) expect(drawn).toEqual(new Uint8Array(drawn.length))
  const [stanza] = readStanzas(result.file!)
  for (const { made } of [sealing, opening]) {
    for (const bytes of made.filter(({ length }) => length === 32)) {
      expect(opens(bytes, stanza!.body), 'a wrapping key').toBe(false)
    }
  }
  // The plaintext is in what is given to the caller alone.
  expect(sealing.holding(plaintext)).toEqual([])
  expect(opening.holding(plaintext)).toEqual([result.opened])
})

test.each<Argon2Engine>(['wasm', 'portable'])('Argon2id (%s) leaves no copy of the password', async (engine) => {
  const [password, salt] = [random(40), random(16)]
  const result: { tag?: Uint8Array } = {}
  const deriving = await allocationsOf(async () => {
    result.tag = await deriveArgon2id(password, salt, { memoryKiB: 64, passes: 2 }, { engine })
  })
  expect(deriving.holding(password)).toEqual([])
  expect(deriving.holding(result.tag!)).toEqual([result.tag])
})

/** Whether this is the key of a stanza, whose nonce is zero. */
function opens(key: Uint8Array, body: Uint8Array): boolean {
  try {
    chacha20poly1305(key, new Uint8Array(12)).decrypt(body)
    return true
  } catch {
    return false
  }
}
