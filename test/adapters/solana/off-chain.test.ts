import { ed25519 } from '@noble/curves/ed25519.js'
import {
  createSignableMessage,
  getOffchainMessageEncoder,
  offchainMessageApplicationDomain,
  offchainMessageContentRestrictedAsciiOf1232BytesMax,
  offchainMessageContentUtf8Of1232BytesMax,
  offchainMessageContentUtf8Of65535BytesMax,
  verifyOffchainMessageEnvelope,
  type Address,
  type OffchainMessage,
} from '@solana/kit'
import { describe, expect, test } from 'vitest'
import { solanaAddress } from '../../../src/adapters/solana/address.ts'
import { signOffchainMessage } from '../../../src/adapters/solana/off-chain.ts'
import { createSolanaSigner } from '../../../src/adapters/solana/signer.ts'
import { solanaIntents } from '../../../src/policy/solana/index.ts'
import { concatBytes, toHex, utf8 } from '../../../src/util/bytes.ts'
import { decodeIntent, encodeIntent } from '../../../src/wire/intent.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

const OTHER = solanaAddress(ed25519.getPublicKey(new Uint8Array(32).fill(9)))
const DOMAIN = offchainMessageApplicationDomain(solanaAddress(new Uint8Array(32).fill(8)))

async function setup() {
  const wallet = fakeWallet(seededRandom('off-chain'))
  const signer = await createSolanaSigner(wallet)
  const publicKey = await wallet.getPublicKey('ed25519')
  const decode = (message: Uint8Array, kind: 'solanaMessage' | 'solanaOffchainMessage' = 'solanaOffchainMessage') =>
    solanaIntents().decode(decodeIntent(encodeIntent({ kind })), { scheme: 'ed25519', message, publicKey }).intent
  return { wallet, signer, decode }
}

const signedBy = (...addresses: readonly Address[]) => addresses.map((address) => ({ address }))

function messages(address: Address): readonly (readonly [OffchainMessage, object])[] {
  const zero = { version: 0, applicationDomain: DOMAIN, requiredSignatories: signedBy(address) } as const
  const shown = { version: 0, applicationDomain: DOMAIN, signers: [address] }
  return [
    [
      { ...zero, content: offchainMessageContentRestrictedAsciiOf1232BytesMax('I agree') },
      { ...shown, format: 'ascii', text: 'I agree' },
    ],
    [
      { ...zero, content: offchainMessageContentUtf8Of1232BytesMax('日本\n語') },
      { ...shown, format: 'utf8', text: '日本\n語' },
    ],
    [
      { ...zero, content: offchainMessageContentUtf8Of65535BytesMax('é'.repeat(1000)) },
      { ...shown, format: 'longUtf8', text: 'é'.repeat(1000) },
    ],
    [
      { version: 1, content: 'one', requiredSignatories: signedBy(address, OTHER) },
      { version: 1, applicationDomain: null, format: null, text: 'one' },
    ],
  ]
}

test('are signed as kit verifies, and shown to the server', async () => {
  const { wallet, signer, decode } = await setup()
  for (const [message, shown] of messages(signer.address)) {
    const envelope = await signOffchainMessage(signer, message)
    const { signed, intent } = wallet.requests.at(-1)
    expect(intent).toEqual({ kind: 'solanaOffchainMessage' })
    expect(toHex(signed)).toBe(toHex(Uint8Array.from(envelope.content)))
    expect(decode(signed)).toMatchObject({
      kind: 'solanaOffchainMessage',
      verified: true,
      signer: signer.address,
      ...shown,
    })
    if (message.requiredSignatories.length === 1) await verifyOffchainMessageEnvelope(envelope)
    else expect(envelope.signatures[OTHER]).toBe(null)
    // The same bytes as a message of kit are the same request.
    await signer.signMessages([createSignableMessage(Uint8Array.from(envelope.content))])
    expect(wallet.requests.at(-1).intent).toEqual({ kind: 'solanaOffchainMessage' })
    // Not as a plain message, which would hide the text.
    expect(() => decode(signed, 'solanaMessage')).toThrow('the message is an off-chain message')
  }
})

test('of others are not signed', async () => {
  const { wallet, signer, decode } = await setup()
  for (const [message] of messages(OTHER)) {
    const foreign = { ...message, requiredSignatories: signedBy(OTHER) } as OffchainMessage
    await expect(signOffchainMessage(signer, foreign)).rejects.toThrow('is not one of requiredSignatories')
    const content = Uint8Array.from(getOffchainMessageEncoder().encode(foreign))
    await expect(signer.signMessages([createSignableMessage(content)])).rejects.toThrow('is not a signer')
    expect(() => decode(content)).toThrow('this key is not a signer of the message')
  }
  for (const message of [null, undefined, 'a', {}, { version: 0 }]) {
    await expect(signOffchainMessage(signer, message as never)).rejects.toThrow(TypeError)
  }
  await expect(signOffchainMessage(null as never, {} as never)).rejects.toThrow(TypeError)
  expect(wallet.requests).toEqual([])
})

describe('bytes with their prefix', async () => {
  const { wallet, signer, decode } = await setup()
  const zero = { version: 0, applicationDomain: DOMAIN, requiredSignatories: signedBy(signer.address) } as const
  const encode = (message: OffchainMessage) => Uint8Array.from(getOffchainMessageEncoder().encode(message))
  const ascii = encode({ ...zero, content: offchainMessageContentRestrictedAsciiOf1232BytesMax('I agree') })
  const one = encode({ version: 1, content: 'I agree', requiredSignatories: signedBy(signer.address) })
  // prefix 16, version 1, domain 32, format 1, number of signers 1, signer 32, length 2
  const [version, format, signers, length] = [16, 49, 50, 83]
  const twice = concatBytes(
    ascii.subarray(0, signers).slice(),
    Uint8Array.of(2),
    ascii.subarray(51, 83),
    ascii.subarray(51),
  )

  test.each<[string, Uint8Array]>([
    ['are nothing else', ascii.subarray(0, 16)],
    ['are of a version to come', ascii.with(version, 2)],
    ['are of version 0 as 1', ascii.with(version, 1)],
    ['are of version 1 as 0', one.with(version, 0)],
    ['have an unknown format', ascii.with(format, 3)],
    ['have no signer', ascii.with(signers, 0)],
    ['have more signers than there are', ascii.with(signers, 200)],
    ['name a signer twice', twice],
    ['say that they are longer', ascii.with(length, 8)],
    ['say that they are shorter', ascii.with(length, 6)],
    ['have bytes left over', concatBytes(ascii, Uint8Array.of(0x20))],
    ['are cut off', ascii.subarray(0, -1)],
    ['have a NUL left over', concatBytes(one, Uint8Array.of(0))],
    ['are not UTF-8', concatBytes(one, Uint8Array.of(0xff))],
    ['have no text', one.subarray(0, -7)],
    ['have control characters in ASCII', ascii.with(ascii.length - 1, 7)],
    ['have text in ASCII that is none', concatBytes(ascii.subarray(0, -2), utf8('é'))],
    ['are too long', concatBytes(one, new Uint8Array(80_000).fill(0x61))],
  ])('that %s are neither signed nor shown', async (_, bytes) => {
    await expect(signer.signMessages([createSignableMessage(bytes)])).rejects.toThrow(RangeError)
    expect(() => decode(bytes)).toThrow(RangeError)
    expect(() => decode(bytes, 'solanaMessage')).toThrow(RangeError)
    expect(wallet.requests).toEqual([])
  })

  test('are no transaction, and a transaction is none of them', () => {
    expect(() => decode(utf8('I agree'))).toThrow(RangeError)
    expect(() => decode(Uint8Array.of(0x80, 1, 0, 0))).toThrow(RangeError)
  })
})
