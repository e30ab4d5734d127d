import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { createSignableMessage, isMessagePartialSigner, isTransactionPartialSigner } from '@solana/kit'
import { describe, expect, test } from 'vitest'
import { solanaAddress } from '../../../src/adapters/solana/address.ts'
import { prefixOf, signExpanded } from '../../../src/adapters/solana/scalar-signature.ts'
import { scalarSigner } from '../../../src/adapters/solana/scalar-signer.ts'
import { concatBytes, utf8 } from '../../../src/util/bytes.ts'
import { backends } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'

const { Point } = ed25519
const random = seededRandom()
const newScalar = () => Point.Fn.toBytes(BigInt(random.int(1, 2 ** 31 - 1)) ** 7n % Point.Fn.ORDER)
const number = (bytes: Uint8Array) => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)

describe.each(backends)('signatures with an expanded key on $name', ({ create }) => {
  const group = create('ed25519')

  test('are those of RFC 8032 where the prefix is', () => {
    for (let i = 0; i < 20; i++) {
      const seed = random(32)
      const { head, prefix } = ed25519.utils.getExtendedPublicKey(seed)
      const scalar = group.decodeScalar(Point.Fn.toBytes(number(head) % Point.Fn.ORDER))
      const message = random(random.int(0, 200))
      const key = { scalar, prefix, publicKey: ed25519.getPublicKey(seed) }
      expect(signExpanded(group, key, message)).toEqual(ed25519.sign(message, seed))
    }
  })

  test('by hand: R and S of a scalar with its derived prefix', () => {
    const scalar = group.decodeScalar(newScalar())
    const message = utf8('by hand')
    const prefix = sha512(concatBytes(utf8('reshare/v1/scalar-signer/prefix'), scalar)).slice(32)
    expect(prefixOf(scalar)).toEqual(prefix)
    const r = number(sha512(concatBytes(prefix, message))) % Point.Fn.ORDER
    const R = Point.BASE.multiply(r).toBytes()
    const A = Point.BASE.multiply(number(scalar)).toBytes()
    const k = number(sha512(concatBytes(R, A, message))) % Point.Fn.ORDER
    const S = Point.Fn.toBytes((r + k * number(scalar)) % Point.Fn.ORDER)
    expect(signExpanded(group, { scalar, prefix, publicKey: A }, message)).toEqual(concatBytes(R, S))
  })
})

test('signs messages with the key of the scalar, always alike', async () => {
  const scalar = newScalar()
  const signer = await scalarSigner(scalar)
  const publicKey = Point.BASE.multiply(number(scalar)).toBytes()
  expect(signer.address).toBe(solanaAddress(publicKey))
  expect(isTransactionPartialSigner(signer) && isMessagePartialSigner(signer)).toBe(true)
  const texts = ['a text', 'another text', 'a text']
  const dictionaries = await signer.signMessages(texts.map((text) => createSignableMessage(text)))
  const signatures = dictionaries.map((dictionary) => dictionary[signer.address]!)
  signatures.forEach((signature, i) => {
    expect(ed25519.verify(signature, utf8(texts[i]!), publicKey, { zip215: false })).toBe(true)
  })
  expect(signatures[0]).toEqual(signatures[2])
  expect(signatures[0]).not.toEqual(signatures[1])
  // Equal nonces for two messages would give the key away.
  expect(signatures[0]!.subarray(0, 32)).not.toEqual(signatures[1]!.subarray(0, 32))
})

test('has a copy of its own, and signs no more once that was wiped', async () => {
  const scalar = newScalar()
  const signer = await scalarSigner(scalar)
  scalar.fill(0)
  await signer.signMessages([createSignableMessage('a text')])
  signer.dispose()
  await expect(signer.signMessages([createSignableMessage('a text')])).rejects.toThrow('disposed')
})

test('refuses messages that are transactions, and aborts', async () => {
  const signer = await scalarSigner(newScalar())
  const content = Uint8Array.of(0x81, 1, 2)
  await expect(signer.signMessages([{ content, signatures: {} }])).rejects.toThrow(RangeError)
  const abortSignal = AbortSignal.abort()
  await expect(signer.signMessages([createSignableMessage('a')], { abortSignal })).rejects.toThrow('abort')
})

test.each<[string, unknown, typeof TypeError | typeof RangeError]>([
  ['text', 'ab'.repeat(32), TypeError],
  ['a short one', new Uint8Array(31), RangeError],
  ['the 64 bytes of a key pair', new Uint8Array(64), RangeError],
  ['zero', new Uint8Array(32), RangeError],
  ['one that is not below the order', new Uint8Array(32).fill(0x7f), RangeError],
])('%s is no scalar', async (_, scalar, kind) => {
  await expect(scalarSigner(scalar as Uint8Array)).rejects.toThrow(kind)
})
