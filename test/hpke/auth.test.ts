import { x25519 } from '@noble/curves/ed25519.js'
import { describe, expect, test } from 'vitest'
import { agree, stableKeyPair } from '../../src/hpke/agree.ts'
import { setupAuthReceiver, setupAuthSender } from '../../src/hpke/auth.ts'
import { openContext } from '../../src/hpke/key-schedule.ts'
import { agreeOnce, generateKeyPair, keyPairOf } from '../../src/hpke/x25519.ts'
import { concatBytes, fromHex, toHex, utf8 } from '../../src/util/bytes.ts'
import { CodecError } from '../../src/util/codec.ts'
import { seededRandom } from '../support/random.ts'
import { flip } from '../support/simulator.ts'

const info = utf8('Ode on a Grecian Urn')
const aad = utf8('Count-0')
const pt = utf8('Beauty is truth, truth beauty')

/** RFC 9180 A.2.3: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, auth, sequence number 0. */
const AUTH = {
  skEm: 'c94619e1af28971c8fa7957192b7e62a71ca2dcdde0a7cc4a8a9e741d600ab13',
  enc: 'f7674cc8cd7baa5872d1f33dbaffe3314239f6197ddf5ded1746760bfc847e0e',
  skRm: '3ca22a6d1cda1bb9480949ec5329d3bf0b080ca4c45879c95eddb55c70b80b82',
  pkRm: '1a478716d63cb2e16786ee93004486dc151e988b34b475043d3e0175bdb01c44',
  skSm: '2def0cb58ffcf83d1062dd085c8aceca7f4c0c3fd05912d847b61f3e54121f05',
  pkSm: 'f0f4f9e96c54aeed3f323de8534fffd7e0577e4ce269896716bcb95643c8712b',
  ct: 'ab1a13c9d4f01a87ec3440dbd756e2677bd2ecf9df0ce7ed73869b98e00c09be111cb9fdf077347aeb88e61bdf',
  exported: {
    '': '070cffafd89b67b7f0eeb800235303a223e6ff9d1e774dce8eac585c8688c872',
    '00': '2852e728568d40ddb0edde284d36a4359c56558bb2fb8837cd3d92e46a3a14a8',
    '54657374436f6e74657874': '1df39dc5dd60edcbf5f9ae804e15ada66e885b28ed7929116f768369a3f950ee',
  },
}

/** RFC 9180 A.2.1: the same suite in mode base. */
const BASE = {
  skEm: 'f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600',
  pkRm: '4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a',
  exported: {
    '': '4bbd6243b8bb54cec311fac9df81841b6fd61f56538a775e7c80a9f40160606e',
    '00': '8c1df14732580e5501b00f82b10a1647b40713191b7c1240ac80e2b68808ba69',
    '54657374436f6e74657874': '5acb09211139c43b3090489a9da433e8a30ee7188ba8b0a9a1ccf0c229283e53',
  },
}

describe('HPKE with an authenticated sender', () => {
  const sender = keyPairOf(fromHex(AUTH.skSm))
  const receiver = keyPairOf(fromHex(AUTH.skRm))
  const ephemeral = keyPairOf(fromHex(AUTH.skEm))
  const sending = () => setupAuthSender(receiver.publicKey, sender, ephemeral, info)
  const receiving = () => setupAuthReceiver(receiver, sender.publicKey, ephemeral.publicKey, info)

  test('gives the bytes of RFC 9180 A.2.3, on both sides', async () => {
    expect([sender, receiver, ephemeral].map(({ publicKey }) => toHex(publicKey))).toEqual([
      AUTH.pkSm,
      AUTH.pkRm,
      AUTH.enc,
    ])
    const [ours, theirs] = [await sending(), await receiving()]
    expect(toHex(ours.seal(aad, pt))).toBe(AUTH.ct)
    expect(theirs.open(aad, fromHex(AUTH.ct))).toEqual(pt)
    for (const [context, value] of Object.entries(AUTH.exported)) {
      expect(toHex(ours.export(fromHex(context), 32))).toBe(value)
      expect(toHex(theirs.export(fromHex(context), 32))).toBe(value)
    }
  })

  test('exports the values of RFC 9180 A.2.1 in mode base', () => {
    const { publicKey, secretKey } = keyPairOf(fromHex(BASE.skEm))
    const pkRm = fromHex(BASE.pkRm)
    const context = openContext('base', agreeOnce(secretKey, pkRm), concatBytes(publicKey, pkRm), info)
    for (const [exporter, value] of Object.entries(BASE.exported)) {
      expect(toHex(context.export(fromHex(exporter), 32))).toBe(value)
    }
  })

  test('opens for its sender, receiver, encapsulated key, info and associated data alone', async () => {
    const other = generateKeyPair(seededRandom())
    const ciphertext = fromHex(AUTH.ct)
    const wrong = [
      setupAuthReceiver(receiver, other.publicKey, ephemeral.publicKey, info),
      setupAuthReceiver(other, sender.publicKey, ephemeral.publicKey, info),
      setupAuthReceiver(receiver, sender.publicKey, other.publicKey, info),
      setupAuthReceiver(receiver, sender.publicKey, ephemeral.publicKey, flip(info, 0)),
      // Whoever knows nobody's secret key but an ephemeral one of its own.
      setupAuthSender(receiver.publicKey, { ...other, publicKey: sender.publicKey }, ephemeral, info),
    ]
    for (const context of await Promise.all(wrong)) {
      expect(() => context.open(aad, ciphertext)).toThrow(CodecError)
    }
    const right = await receiving()
    expect(() => right.open(flip(aad, 0), ciphertext)).toThrow(CodecError)
    expect(() => right.open(aad, flip(ciphertext, ciphertext.length - 1))).toThrow(CodecError)
    expect(right.open(aad, ciphertext)).toEqual(pt)
  })

  test.each([0, 1])('a key of small order is refused wherever it is: %i', async (u) => {
    const small = new Uint8Array(32).fill(u, 0, 1)
    await expect(setupAuthSender(small, sender, ephemeral, info)).rejects.toThrow(CodecError)
    await expect(setupAuthReceiver(receiver, small, ephemeral.publicKey, info)).rejects.toThrow(CodecError)
    await expect(setupAuthReceiver(receiver, sender.publicKey, small, info)).rejects.toThrow(CodecError)
  })
})

test('the platform and the portable code agree', async () => {
  const random = seededRandom()
  for (let i = 0; i < 8; i++) {
    const [secretKey, other] = [random(32), random(32)]
    expect((await stableKeyPair(secretKey)).publicKey).toEqual(x25519.getPublicKey(secretKey))
    // Any 32 bytes are a public key, those too whose highest bit is set or that are not reduced.
    expect(await agree(secretKey, other)).toEqual(x25519.getSharedSecret(secretKey, other))
  }
  const unreduced = new Uint8Array(32).fill(0xff)
  expect(await agree(random(32), unreduced).then(toHex, () => '')).toHaveLength(64)
})
