import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { RawTx, RawWitness, Transaction, WIF } from '@scure/btc-signer'
import { describe, expect, test } from 'vitest'
import { createBitcoinSigner } from '../../../src/adapters/bitcoin/signer.ts'
import { ADDRESS_TYPES, type BitcoinAddressType } from '../../../src/adapters/bitcoin/address.ts'
import type { WalletKeys } from '../../../src/index.ts'
import { bitcoinIntents } from '../../../src/policy/bitcoin/index.ts'
import { fromBase64, toBase64, toHex, utf8 } from '../../../src/util/bytes.ts'
import { decodeIntent, encodeIntent, type Intent } from '../../../src/wire/intent.ts'
import { segwitDigest } from '../../support/bitcoin-sighash.ts'
import { fakeWallet, taprootOutputSecret } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

const MESSAGES = ['', 'Hello World', 'UTF-8 support: öäüéàè 测试文本 \u{1f604}']

/** A signer whose only key is this one, and what it has been asked to sign. */
async function signerOf(wif: string, types: readonly BitcoinAddressType[] = ADDRESS_TYPES) {
  const secret = WIF().decode(wif)
  const digests: Uint8Array[] = []
  const keys: Pick<WalletKeys, 'getPublicKey' | 'signEcdsa' | 'signTaproot'> = {
    getPublicKey: async () => secp256k1.getPublicKey(secret),
    signEcdsa: async ({ digest }) => {
      digests.push(digest)
      const encoded = secp256k1.sign(digest, secret, { prehash: false, lowS: true, format: 'recovered' })
      return { signature: encoded.slice(1), recovery: encoded[0] as 0 | 1 }
    },
    signTaproot: async ({ message }) => {
      digests.push(message)
      return schnorr.sign(message, taprootOutputSecret(secret))
    },
  }
  const signer = await createBitcoinSigner(keys as WalletKeys, { types })
  return { signer, digests }
}

describe('the vectors of BIP 322', () => {
  // bip-0322/basic-test-vectors.json, without the prefix `smp` of later drafts; and "Message signing" of the BIP.
  const WITNESS_KEY = 'L3VFeEujGtevx9w18HD1fhRbCH67Az2dpCymeRE1SoPK6XQtaN2k'
  const ADDRESS = 'bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l'

  test.each([
    [
      MESSAGES[0]!,
      'AkcwRAIgM2gBAQqvZX15ZiysmKmQpDrG83avLIT492QBzLnQIxYCIBaTpOaD20qRlEylyxFSeEA2ba9YOixpX8z46TSDtS40ASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=',
      'AkgwRQIhAPkJ1Q4oYS0htvyuSFHLxRQpFAY56b70UvE7Dxazen0ZAiAtZfFz1S6T6I23MWI2lK/pcNTWncuyL8UL+oMdydVgzAEhAsfxIAMZZEKUPYWI4BruhAQjzFT8FSFSajuFwrDL1Yhy',
    ],
    [
      MESSAGES[1]!,
      'AkcwRAIgZRfIY3p7/DoVTty6YZbWS71bc5Vct9p9Fia83eRmw2QCICK/ENGfwLtptFluMGs2KsqoNSk89pO7F29zJLUx9a/sASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=',
      'AkgwRQIhAOzyynlqt93lOKJr+wmmxIens//zPzl9tqIOua93wO6MAiBi5n5EyAcPScOjf1lAqIUIQtr3zKNeavYabHyR8eGhowEhAsfxIAMZZEKUPYWI4BruhAQjzFT8FSFSajuFwrDL1Yhy',
    ],
  ])('simple, P2WPKH: %j', async (message, ...signatures) => {
    const { signer } = await signerOf(WITNESS_KEY)
    expect(signatures).toContain(await signer.signMessage({ address: ADDRESS, message }))
    expect(signatures).toContain(await signer.signMessage({ address: ADDRESS, message: utf8(message) }))
  })

  test.each([
    [
      MESSAGES[0]!,
      'c5680aa69bb8d860bf82d4e9cd3504b55dde018de765a91bb566283c545a99a7',
      '1e9654e951a5ba44c8604c4de6c67fd78a27e81dcadcfe1edf638ba3aaebaed6',
    ],
    [
      MESSAGES[1]!,
      'b79d196740ad5217771c1098fc4a4b51e0535c32236c71f1ea4d61a2d603352b',
      '88737ae86f2077145f93cc4b153ae9a1cb8d56afa511988c149c5c8c9d93bddf',
    ],
    [
      MESSAGES[2]!,
      'c8f4f525fe8afb1bc09b44175bd2096f079c98425e8a1be676b712add1fb62f0',
      '8f488e06b89eafd019ec528109eafaf7f1d1811fd617aa1eeb9658f1c1be6586',
    ],
  ])('the ids of the transactions: %j', async (message, toSpend, toSign) => {
    const { signer } = await signerOf(WITNESS_KEY)
    const full = fromBase64(await signer.signMessage({ address: ADDRESS, message, format: 'full' }))
    expect(toHex(RawTx.decode(full).inputs[0]!.txid)).toBe(toSpend)
    const options = { allowUnknownOutputs: true, allowUnknownVersion: true }
    expect(Transaction.fromRaw(full, options).id).toBe(toSign)
  })

  test.each([
    [
      'No prefix fallback',
      'KyrSGCFPhqZMjCe5fNTYddiLMp4tMj4gLKuJ26TsB2rvr1VJGPbt',
      'bc1pss0zhytly75awhm6x2hhvd5lnzv3vssgrf9axfheq8ldyzn88ges79fler',
      'AUCJYOwOjxYAvatTAGYaVlNXBVyFuc4MwNQkOuK2tl8xhfKDONd0NjfYyNSYcRqeCp8hsAnCEPHAVEkO9h6vbQ/R',
    ],
    [
      'TPIZPITUIHEUHO5ACOL6W6MBVD',
      'L1rPtXzPkeCuXArPk5QKfaU4PCx16S2zCXnYtFSMGHiDkQyWw5fv',
      'bc1p9cyuceaazr8cz46mvgkzl94wy397mwpqsrk84su37t72jvkg6wzqv52nfp',
      'AUBay6NwR4LEYedkTG+vE9F7C0RTOCB5NH6ZAqf+3hudjHIkOzSZk1jW/5Kt0wRKX3llJ25os+0qktdou4/Y8516',
    ],
  ])(
    'simple, P2TR: the signature for %s is of the digest that is signed here',
    async (message, wif, address, signature) => {
      const { signer, digests } = await signerOf(wif)
      const own = await signer.signMessage({ address, message })
      const { signedBy } = signer.outputs.find((output) => output.address === address)!
      for (const text of [own, signature]) {
        const [bytes] = RawWitness.decode(fromBase64(text))
        expect(schnorr.verify(bytes!, digests[0]!, signedBy)).toBe(true)
      }
    },
  )

  // bip-0322/generated-test-vectors.json, "full": these have a time lock, so that only what they spend is the same.
  test.each([
    [
      'GI2SVNWVCWTEEIMFZFFZYAQNSA',
      'L2m4Wo96ZaFFd7cGFiv6SnCr1ntYEa6PVbfg6Z6gFCMW76ysZ6AT',
      '164P4mbDkPcyvRnFGAZd1ThjxSj7Fbsywz',
      'AgAAAAGEmHuloQANVIqnpMegGLNFKwAGE0Urv0a/uMiHnJ+FQwAAAABrSDBFAiEAr8VdqPCZU/oVqKKj2WwHfeCX/lzp+Rfk8d59cS9xdGECIAar0nievDdeVstmIgjfM7kzMepL6HrecBuJtgEitFxBASECzgU8WF30ffzpbdClcw/0NBkTCkuRbiEzr+CTXePjiPfgBwAAAQAAAAAAAAAAAWrgBwAA',
    ],
    [
      'YGIAANMREUXLFRI4HIEOCE4T23',
      'KyAbLfXdznrXRfeaCQTXPzqT5k12FHwKBLKE8fk8KZ9ye7nQf1TA',
      'bc1qkwzsslep5elkuat4608v7tpntpr3d9n7w5cwwq',
      'AgAAAAABAaVatLF3wpACTG5XowFYPJPv65lgTlZypjUV9d1DNduCAAAAAADgBwAAAQAAAAAAAAAAAWoCRzBEAiB+SJdR6bVLpv5+kK8pOXSUDS24rU53YkTQEvelQJ22uwIgEfqM8eYTupu4LtA0Tz7z1LIbhpP2PrUxWEt9osnrxFEBIQMasC7JaIHbbAUt1kU81yx7S4QHScnEDBs4GsdHDPMPSuAHAAA=',
    ],
    [
      'K276VUM3MXP56DGNVICQR5XWRT',
      'KyU8wJ8ARQruQikto4GksjPKmgh8pKF5GsZVB78JPbYgPDQSQzgw',
      'bc1psmjelwjtg7lz26jhd4kkf35v0xp3u7ffc6p4n4869s0hxkrrrtkqkpqvmg',
      'AgAAAAABAY+B3hhlrps+S2YaxSvL3HxZKdfT+8XCCtZ4KQc5N+AaAAAAAADgBwAAAQAAAAAAAAAAAWoBQEHQoT3HfPKw4WNiQySblfcRX2gnha/mrpFxUoYlkJxuQFXNN3sS+XbJsNAoXRlvQitk0tVEFpsUGRcCdZ7bWPHgBwAA',
    ],
    [
      'OQXDXSR5SN5N7WRXSPTI462HKH',
      'KyS1o2pNNmd5bfw4cnhVZLJus7CFLgbYBKB3GY2KQKuWKT8remsc',
      '37HVPoc7ZsU5C9Z2VKcCkSLzEknYXCzm3s',
      'AgAAAAABAbtjBsUTHnoyuNG4NGbx6cI1Z01QLlfGHJX/WIRCAU6/AAAAABcWABTGXFmsgRqCkic6D+eE4AKm1iyVhuAHAAABAAAAAAAAAAABagJHMEQCIBp/IMJTnnhI6YrHJwIQbfucoizq0esZ35QRxtpXuk7fAiAGx6kSd9BuPDY+R0sHTJU0ZFtScJI8ASojEHwrClKxDQEhAl3boe/68fHvtuYzRkaS3GOSxnUTJwejjrubm+czK+Yi4AcAAA==',
    ],
  ])('full: what is spent for %s', async (message, wif, address, signature) => {
    const { signer } = await signerOf(wif)
    const own = RawTx.decode(fromBase64(await signer.signMessage({ address, message, format: 'full' })))
    const theirs = RawTx.decode(fromBase64(signature))
    expect([own.version, own.lockTime, own.inputs[0]!.sequence]).toEqual([0, 0, 0])
    expect([theirs.version, theirs.lockTime, theirs.inputs[0]!.sequence]).toEqual([2, 2016, 2016])
    expect(toHex(own.inputs[0]!.txid)).toBe(toHex(theirs.inputs[0]!.txid))
    expect(own.outputs).toEqual(theirs.outputs)
    // The script of the nested address is the same, and so is the key of the others.
    expect(own.inputs[0]!.finalScriptSig.at(-1)).toBe(theirs.inputs[0]!.finalScriptSig.at(-1))
    expect(own.witnesses?.[0]?.[1]).toEqual(theirs.witnesses?.[0]?.[1])
  })
})

describe('a message', () => {
  const setup = async () => {
    const wallet = fakeWallet(seededRandom())
    const signer = await createBitcoinSigner(wallet, { types: ADDRESS_TYPES, paths: ['m/3'] })
    const of = (type: BitcoinAddressType) => signer.outputs.find((output) => output.type === type)!
    return { wallet, signer, of }
  }
  const seen = (intent: Intent, publicKey: Uint8Array, message: Uint8Array) =>
    bitcoinIntents().decode(decodeIntent(encodeIntent(intent)), { scheme: 'ecdsa', message, publicKey })

  test.each(ADDRESS_TYPES)('of %s is shown to the server, which finds the same digest', async (type) => {
    const { wallet, signer, of } = await setup()
    const { address, publicKey } = of(type)
    await signer.signMessage({ address, message: 'hello' })
    const [{ signed, intent, kind }] = wallet.requests as [(typeof wallet.requests)[0]]
    const decoded = seen(intent!, publicKey, signed)
    expect(decoded.message).toEqual(signed)
    expect(decoded.scheme).toBe(kind === 'taproot' ? 'bip340' : 'ecdsa')
    const shown = { kind: 'bitcoinMessage', verified: true, type, address, data: '68656c6c6f', text: 'hello' }
    expect(decoded.intent).toEqual(shown)
    // Of another message, address type or key it has another one.
    const lies: readonly [Intent, Uint8Array][] = [
      [{ ...intent!, data: utf8('hello!') } as Intent, publicKey],
      [{ kind: 'bitcoinMessage', data: utf8('hello'), addressType: type === 'p2tr' ? 'p2wpkh' : 'p2tr' }, publicKey],
      [
        { kind: 'bitcoinMessage', data: utf8('hello'), addressType: type === 'p2pkh' ? 'p2sh-p2wpkh' : 'p2pkh' },
        publicKey,
      ],
      [intent!, await wallet.getPublicKey('secp256k1', 'm/4')],
    ]
    for (const [lie, key] of lies) expect(toHex(seen(lie, key, signed).message)).not.toBe(toHex(signed))
  })

  test('of bytes that are no text has no text', async () => {
    const { wallet, signer, of } = await setup()
    await signer.signMessage({ address: of('p2wpkh').address, message: Uint8Array.of(0xff) })
    const { intent, signed } = wallet.requests[0]!
    expect(seen(intent!, of('p2wpkh').publicKey, signed).intent).toMatchObject({ data: 'ff', text: null })
  })

  test('of nested P2WPKH is verified by hand, with a digest computed otherwise', async () => {
    const { signer, of } = await setup()
    const { address, publicKey, redeemScript } = of('p2sh-p2wpkh')
    const text = await signer.signMessage({ address, message: 'hello', format: 'full' })
    const { version, lockTime, inputs, outputs, witnesses } = RawTx.decode(fromBase64(text))
    const [input] = inputs
    const txid = input!.txid.slice().reverse()
    const spending = { version, lockTime, outputs, inputs: [{ ...input!, txid, amount: 0n, script: redeemScript! }] }
    const [signature, key] = witnesses![0]!
    expect(key).toEqual(publicKey)
    const options = { prehash: false, lowS: true, format: 'der' } as const
    expect(secp256k1.verify(signature!.subarray(0, -1), segwitDigest(spending, 0), publicKey, options)).toBe(true)
    expect(signature!.at(-1)).toBe(1)
    const simple = await signer.signMessage({ address, message: 'hello' })
    expect(simple).toBe(toBase64(RawWitness.encode(witnesses![0]!)))
  })

  test('that is wrong is refused before anything is signed', async () => {
    const { wallet, signer, of } = await setup()
    const { address } = of('p2wpkh')
    for (const [parameters, kind] of [
      [{ address: 'bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l', message: 'a' }, RangeError],
      [{ address: undefined, message: 'a' }, RangeError],
      [{ address, message: '\ud800' }, RangeError],
      [{ address, message: 'a'.repeat(65_537) }, RangeError],
      [{ address, message: new Uint8Array(65_537) }, RangeError],
      [{ address, message: 7 }, TypeError],
      [{ address }, TypeError],
      [{ address, message: 'a', format: 'legacy' }, TypeError],
      [{ address: of('p2pkh').address, message: 'a', format: 'simple' }, RangeError],
    ] as const) {
      await expect(signer.signMessage(parameters as never)).rejects.toThrow(kind)
    }
    await expect(signer.signMessage(null as never)).rejects.toThrow(TypeError)
    expect(wallet.requests).toEqual([])
  })

  test('is the one that there was when it was asked for', async () => {
    const { wallet, signer, of } = await setup()
    const message = utf8('hello')
    const signing = signer.signMessage({ address: of('p2tr').address, message })
    message.fill(0)
    await signing
    expect(wallet.requests[0]!.intent).toMatchObject({ data: utf8('hello') })
  })
})
